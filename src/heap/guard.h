/* Guards: pages that nobody may touch. By MADV_GUARD_INSTALL where the kernel has it: such a guard
 * costs no mapping of its own; else by mprotect, within a budget of mappings, since the kernel allows
 * a process a limited number. Any thread; no lock is needed. */
#ifndef LM_HEAP_GUARD_H
#define LM_HEAP_GUARD_H

#include "heap/layout.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether guards cost no mapping, so that there can be many. */
bool lm_guard_is_cheap(void);

/* Makes a guard of whole pages. False: none can be had, the pages stay as they are. */
bool lm_guard_install(char *at, size_t size);

/* Takes a guard away that was installed. */
void lm_guard_remove(char *at, size_t size);

/* Takes all guards away that lie in the range; they are of the cheap kind. */
void lm_guard_remove_all(char *at, size_t size);

/* Takes from the budget what a mapping in the middle of another costs, and gives it back. */
bool lm_guard_afford(void);
void lm_guard_give(void);

/* Counts mappings that came or went for another reason, whatever the budget. */
void lm_guard_count(ptrdiff_t change);

#endif
