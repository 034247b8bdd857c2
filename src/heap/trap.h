/* What stopped the program: an access that faulted at a guard, or in a block that can't be touched, is
 * named as a finding (option guard_handler). */
#ifndef LM_HEAP_TRAP_H
#define LM_HEAP_TRAP_H

#include "base/samples.h"

#include <stdint.h>

/* Sets kind, block and what else is known of it; false when the address is none of ours. Takes no
 * lock and allocates nothing: records are read as they are. */
bool lm_trap_judge(uintptr_t address, lm_finding *finding, lm_sample_story *story);

/* Installs the handler. */
void lm_trap_start(void);

#endif
