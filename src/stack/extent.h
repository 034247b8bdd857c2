/* What of the stack may be read.
 *
 *     first thread's stack                another thread's mapping
 *     | ... sp >>>>>>>>>>>> strings|      |guard| ... sp >>>>>>>>>> TLS, control block|
 *              +-- sure, end -----+                    +-- end ------+
 *
 * Of any other stack (a coroutine's, one for signals) nothing is known but its page at sp. Unwind
 * tables tell where a frame ends, so they may lead on by a sensible step (`end`). Frame pointers may
 * be anything, so they only lead where memory is mapped for sure (`sure`). */
#ifndef LM_STACK_EXTENT_H
#define LM_STACK_EXTENT_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct lm_extent {
    uintptr_t low;  /* nothing below is read */
    uintptr_t end;  /* nothing from here on is read */
    uintptr_t sure; /* what lies below is mapped, whatever it is */
} lm_extent;

/* The extent for a stack pointer of the calling thread. */
lm_extent lm_extent_of(uintptr_t sp);

/* The words of a stack belong to functions: whatever the sanitizers think of one, looking is fine. */
#define LM_UNWATCHED __attribute__((no_sanitize("address"), no_sanitize("thread"), unused))

typedef uintptr_t __attribute__((may_alias)) lm_extent_word;

/* Reads the word at an address; false where there may be none. */
LM_UNWATCHED static inline bool lm_extent_read(const lm_extent *extent, uintptr_t at,
                                               uintptr_t *value) {
    if (LM_UNLIKELY(at < extent->low || at >= extent->end || extent->end - at < sizeof *value ||
                    at % sizeof *value != 0))
        return false;
    *value = *(const lm_extent_word *)at;
    return true;
}

#endif
