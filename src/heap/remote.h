/* Frees by threads that don't own the slab. The protocol is drawn in layout.h. */
#ifndef LM_HEAP_REMOTE_H
#define LM_HEAP_REMOTE_H

#include "heap/layout.h"
#include "heap/visit.h"

/* Frees slot `slot` of a slab that the calling thread visits, and ends the visit. Returns false, and changes
 * nothing, when the slot is already free. */
bool lm_remote_free(lm_slab *slab, size_t slot, lm_visit *visit);

/* Takes the words in the heap's inbox over: by the heap's thread, or under lm_threads_lock for a
 * heap that no thread uses. */
void lm_remote_drain(lm_heap *heap);

/* Bits that were borrowed from the word come back: as if their slots were freed again. */
void lm_remote_give_back(lm_remote *remote, uint64_t bits);

/* From FULL, WAITING or PURGED to QUEUED; by the owner. */
void lm_remote_reopen(lm_slab *slab);

#endif
