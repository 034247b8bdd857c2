#include "check/remains.h"

#include "base/bits.h"
#include "os/os.h"

#include <stdatomic.h>
#include <string.h>

/* A place of the table belongs to the page in which a block begins; the latest block there counts. */
typedef struct remains {
    uintptr_t start; /* 0: nothing */
    size_t bytes;
    unsigned char held[LM_REMAINS_BYTES];
} remains;

static remains *blocks;
static unsigned char *copies;               /* of pages */
static uintptr_t pages[LM_REMAINS_PAGES];   /* which they are of; 0: none */
static unsigned turn;                       /* the next to be given up */
static _Atomic unsigned kept;               /* count of pages */
static atomic_flag busy = ATOMIC_FLAG_INIT; /* who finds it set does without */

bool lm_remains_start(void) {
    const size_t first = lm_align_up(LM_REMAINS_BLOCKS * sizeof(remains), lm_os.page);
    const size_t size = first + LM_REMAINS_PAGES * lm_os.page;
    unsigned char *at = blocks ? NULL : lm_os_reserve(size, 0);
    if (!at || !lm_os_commit(at, size))
        return blocks != NULL;
    copies = at + first;
    blocks = (remains *)at;
    return true;
}

static bool enter(void) {
    return blocks && !atomic_flag_test_and_set_explicit(&busy, memory_order_acquire);
}

static void leave(void) {
    atomic_flag_clear_explicit(&busy, memory_order_release);
}

static remains *place_of(uintptr_t start) {
    return &blocks[(start / lm_os.page * 0x9e3779b97f4a7c15u >> 32) % LM_REMAINS_BLOCKS];
}

static unsigned char *copy_of(unsigned i) {
    return copies + i * lm_os.page;
}

/* LM_REMAINS_PAGES: it isn't kept. */
static unsigned find(uintptr_t page) {
    unsigned i = 0;
    while (i < LM_REMAINS_PAGES && pages[i] != page)
        i++;
    return i;
}

void lm_remains_keep(uintptr_t start, size_t bytes) {
    if (!enter())
        return;
    remains *r = place_of(start);
    r->start = start;
    r->bytes = lm_min(bytes, (size_t)LM_REMAINS_BYTES);
    memcpy(r->held, (const void *)start, r->bytes);
    leave();
}

/* The part of the block's beginning that lies in the page. */
static void put_block(uintptr_t page, uintptr_t start) {
    const remains *r = place_of(start);
    if (r->start != start)
        return;
    const uintptr_t from = lm_max(start, page), to = lm_min(start + r->bytes, page + lm_os.page);
    if (from < to)
        memcpy((void *)from, r->held + (from - start), to - from);
}

void lm_remains_put(uintptr_t page, uintptr_t start) {
    if (!enter())
        return;
    const unsigned i = find(page);
    if (i < LM_REMAINS_PAGES)
        memcpy((void *)page, copy_of(i), lm_os.page);
    else if (start)
        put_block(page, start);
    leave();
}

static bool is_zeros(const unsigned char *at, size_t bytes) {
    return at[0] == 0 && memcmp(at, at + 1, bytes - 1) == 0;
}

void lm_remains_take(uintptr_t page) {
    if (!enter())
        return;
    unsigned i = find(page);
    if (i == LM_REMAINS_PAGES && !is_zeros((const unsigned char *)page, lm_os.page)) {
        i = turn++ % LM_REMAINS_PAGES;
        if (!pages[i])
            atomic_fetch_add_explicit(&kept, 1, memory_order_relaxed);
        pages[i] = page;
    }
    if (i < LM_REMAINS_PAGES)
        memcpy(copy_of(i), (const void *)page, lm_os.page);
    leave();
}

void lm_remains_drop(uintptr_t from, size_t bytes) {
    if (atomic_load_explicit(&kept, memory_order_relaxed) == 0 || !enter())
        return;
    for (unsigned i = 0; i < LM_REMAINS_PAGES; i++)
        if (pages[i] && pages[i] - from < bytes) {
            pages[i] = 0;
            atomic_fetch_sub_explicit(&kept, 1, memory_order_relaxed);
        }
    leave();
}

void lm_remains_forked(void) {
    leave();
}
