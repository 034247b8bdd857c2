/* The one exit for what the checker finds: a tale is a finding with its evidence, as base/wire.h writes it. */
#ifndef LM_CHECK_TALE_H
#define LM_CHECK_TALE_H

#include "base/wire.h"
#include "check/blocks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum lm_certainty { LM_CERTAIN_EXACT, LM_CERTAIN_LATER, LM_CERTAIN_INFERRED } lm_certainty;

/* Members that are 0 or NULL aren't told, but for those with a flag. The stack, thread and time of the calling
 * thread are added by lm_tale_tell when `stack` is 0 and `no_stack` is false. */
typedef struct lm_tale {
    lm_code code;
    lm_certainty certainty;
    uint32_t stack;
    bool no_stack;
    const char *call;   /* "strcpy" */
    const char *access; /* "read", "write", "free", "execute" */
    size_t bytes;
    uintptr_t pointer;
    const lm_block *block;
    bool has_range;
    ptrdiff_t first, last; /* the bad bytes, from the block's first */
    const char *where;     /* of `pointer`, when there is no block */
    uintptr_t moved_to;
    uint64_t since;
    const char *was, *now, *quantity;
    size_t was_size, now_size;
    const unsigned char *dump; /* NULL: tell makes one of the block, when it can be read */
    size_t dump_size;
    ptrdiff_t dump_at;
    const unsigned char *valid;
    uint32_t failed;
    size_t failed_size;
    const char *failed_call;
    uint64_t failed_time;
    int failed_error;
    const char *fill;
    const char *register_name;
    uint64_t value;
    int signal;
    bool has_fault;
    uintptr_t fault;
    const char *reaches;
    size_t blocks, indirect_blocks, indirect_bytes, bytes_in_all; /* leaks; told as `size` */
    const char *holders;
    const uint32_t *modules; /* that holders name; told before */
    size_t module_count;
    const char *helper;
} lm_tale;

/* Tells it, or counts it when the same was told before. Allocates nothing, and may be called in handlers of
 * faults; takes a lock of its own only. */
void lm_tale_tell(const lm_tale *tale);

/* For tests: takes every tale in place of the file; NULL is the usual way. */
extern void (*lm_tale_hook)(const lm_tale *tale);

#endif
