/* What was told already, so that the same again is only counted; and of which stacks and modules the file has
 * a line. All under lm_tale_lock. */
#ifndef LM_CHECK_KNOWN_H
#define LM_CHECK_KNOWN_H

#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_known {
    uint32_t code; /* lm_code + 1 */
    uint32_t stack, allocated;
    uint32_t id;
    uint64_t place;   /* what tells findings apart whose stack isn't known */
    uint64_t count;   /* how often */
    uint64_t written; /* the count that the file has */
} lm_known;

/* The entry for a finding; new when its id is 0. NULL: there are too many. */
lm_known *lm_known_find(lm_code code, uint32_t stack, uint32_t allocated, uint64_t place);

/* Each entry, until NULL. */
lm_known *lm_known_next(size_t *at);

enum { LM_KNOWN_STACKS, LM_KNOWN_MODULES, LM_KNOWN_KINDS };

/* Notes a number. False: it was noted before. */
bool lm_known_number(int kind, uint32_t number);

/* Forgets all of it. */
void lm_known_forget(void);

#endif
