/* The blocks that are marked: a sorted array, and an index by pages, so that an address is found in it in
 * a few steps. */
#ifndef LM_CHECK_MARK_TABLE_H
#define LM_CHECK_MARK_TABLE_H

#include "base/compiler.h"
#include "check/mark.h"

enum {
    LM_MARK_PAGE_SHIFT = 12,
    LM_MARK_CHUNK_SHIFT = 21,
    LM_MARK_CHUNK_PAGES = 1 << (LM_MARK_CHUNK_SHIFT - LM_MARK_PAGE_SHIFT),
};

/* An address range of 2 MiB in which blocks begin. pages[i] is the number of the first block that begins in
 * page i or behind it; the last entry that of the first behind the chunk. */
typedef struct lm_mark_chunk {
    uintptr_t number; /* address >> LM_MARK_CHUNK_SHIFT */
    uint32_t pages[LM_MARK_CHUNK_PAGES + 1];
} lm_mark_chunk;

typedef struct lm_mark_table {
    lm_marked *blocks;
    size_t count;
    uintptr_t least, span; /* all blocks lie within `span` bytes from `least` on */
    lm_mark_chunk *chunks;
    size_t chunk_count;
} lm_mark_table;

extern lm_mark_table lm_marks;

/* Takes all live blocks; those allocated before `since` are old. False: there is no memory, or there are too many. */
bool lm_mark_table_fill(uint64_t since);
void lm_mark_table_end(void);

/* Out of line: for addresses within the span. */
lm_marked *lm_mark_table_search(uintptr_t at);

/* The block that the address lies in, or NULL. Most words are no addresses of the heap at all. */
LM_INLINE lm_marked *lm_mark_table_find(uintptr_t at) {
    return at - lm_marks.least >= lm_marks.span ? NULL : lm_mark_table_search(at);
}

#endif
