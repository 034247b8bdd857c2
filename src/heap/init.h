/* The first call of the process, and the last. */
#ifndef LM_HEAP_INIT_H
#define LM_HEAP_INIT_H

#include "base/compiler.h"
#include "conf/options.h"

#include <stdbool.h>

/* The options in force; written by lm_init, then only read. */
extern lm_options lm_options_now;

/* A library that watches the heap brings its own protection: it changes the options here, before they take
 * effect. Not there in libloam.so. */
LM_HIDDEN void lm_init_adjust(lm_options *options) __attribute__((weak));

/* Makes the heap ready; cheap when it is. Called by whatever allocates first, in any thread. False
 * when there is no address space for a heap. The C library may allocate on the way: that is served.
 */
bool lm_init(void);

/* Makes all that is written once read-only, for the rest of the process. Called where the heap is the
 * program's own malloc; tests, which set things as they need them, don't. */
void lm_init_seal(void);

#endif
