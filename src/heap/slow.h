/* What the fast path falls back to, and the rest of the interface. Any thread; no lock is held.
 * Where no block can be had, the result is NULL and errno is ENOMEM. */
#ifndef LM_HEAP_SLOW_H
#define LM_HEAP_SLOW_H

#include "heap/protect.h"
#include "heap/visit.h"

#include <errno.h>

/* malloc for any size, any thread, at any time. */
void *lm_malloc_slow(size_t size, lm_family family);

/* free of any pointer; names what is no live block, and what is wrong with one. `size` and
 * `alignment` are what the caller says of the block, LM_ANY_SIZE and LM_ANY_ALIGNMENT where it says
 * nothing. */
void lm_free_slow(void *p, const lm_way *way, size_t size, size_t alignment);

/* free of a live slot of the calling thread's own slab, whose block isn't protected by the fast path's inlined
 * form. */
void lm_free_other(void *p, const lm_way *way, size_t size);

/* The slab's countdown has reached 0. */
void lm_free_counted(lm_slab *slab);

/* calloc of a size that is already multiplied. */
void *lm_calloc(size_t size);

/* `p` is not NULL. */
void *lm_realloc(void *p, size_t size);

/* `alignment` is a power of two. */
void *lm_aligned(size_t alignment, size_t size, lm_family family);

/* Usable bytes of a live block; anything else is named on behalf of `call`, and 0. */
size_t lm_usable(const void *p, const char *call);

/* The usable size that a request would get, 0 when it could never be met. */
size_t lm_good(size_t size);

/* Gives what free memory there is back to the system, but for about `keep` bytes. */
bool lm_trim(size_t keep);

/* ---- What the parts of it share ---------------------------------------------------------------- */

LM_INLINE void *lm_or_enomem(void *p) {
    if (LM_UNLIKELY(!p))
        errno = ENOMEM;
    return p;
}

/* Whether a block of so many bytes has a slot: what the settings say of it is known only when the
 * heap has started. */
bool lm_has_slot(size_t size);

/* Names the misuse of a pointer that is no live block's first byte. */
void lm_report_pointer(const char *call, const void *p);

/* Frees a slot whose block is the caller's alone by now, and ends the visit. False: it was free already. */
bool lm_release_slot(lm_slab *slab, size_t slot, char *p, lm_visit *visit);

#endif
