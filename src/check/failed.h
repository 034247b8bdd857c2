/* Allocations that returned NULL: who dereferences that, meant one of these. */
#ifndef LM_CHECK_FAILED_H
#define LM_CHECK_FAILED_H

#include "check/calls.h"

#include <stdint.h>

typedef struct lm_failed {
    const char *call;
    size_t size;
    uint32_t stack, thread;
    uint64_t time;
    int error;
} lm_failed;

void lm_failed_note(lm_call call, size_t size, int error);

/* The latest one of a thread; 0: of any. False: there is none. Any thread, handlers too. */
bool lm_failed_latest(uint32_t thread, lm_failed *failed);

/* How many there were. */
uint64_t lm_failed_count(void);

#endif
