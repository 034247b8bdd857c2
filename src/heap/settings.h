/* From the options to what the heap goes by (lm_once in layout.h): the levels of protection, and each
 * of its measures by itself. */
#ifndef LM_HEAP_SETTINGS_H
#define LM_HEAP_SETTINGS_H

#include "conf/options.h"

/* Once, before the heap serves anyone. */
void lm_settings_start(const lm_options *options);

#endif
