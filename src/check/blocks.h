/* What the checker knows of the program's blocks. */
#ifndef LM_CHECK_BLOCKS_H
#define LM_CHECK_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A copy of what is known of one block. */
typedef struct lm_block {
    uintptr_t start;                         /* what the program got */
    size_t size;                             /* bytes that it asked for */
    bool live;                               /* else it was freed, and rests in the quarantine */
    bool exact;                              /* it lies against guard pages */
    const char *allocated_call, *freed_call; /* "malloc", "operator new[]" */
    uint32_t allocated, freed;               /* stacks in the depot; 0: not known */
    uint32_t allocated_thread, freed_thread;
    uint64_t allocated_time, freed_time; /* ns since the program began */
    size_t alignment;                    /* asked for; 0: none beyond the usual */
} lm_block;

/* The block that an address is about: the one that it lies in, or the nearest whose red zone or guard it
 * lies in. False: none. Any thread; in handlers of faults too; takes no lock that an interrupted thread
 * could hold. */
bool lm_blocks_find(uintptr_t at, lm_block *block);

/* Every live block, one after the other, until `visit` returns false. Blocks that come and go meanwhile may
 * be visited or not. `visit` must not allocate from or free to the checked heap. */
void lm_blocks_each(bool (*visit)(const lm_block *block, void *context), void *context);

#endif
