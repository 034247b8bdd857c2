/* Stands in for src/check/access.c in the tests of the wrappers: blocks in a piece of memory of the test's own,
 * and a list of what was said to be touched. Behind every block lies memory that may be touched without harm,
 * zeros at first. Included by one file of a program. */
#ifndef LOAM_TEST_TOUCHED_H
#define LOAM_TEST_TOUCHED_H

#include "check/access.h"
#include "check/wrap.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { TOUCHED_ROOM = 1 << 20, TOUCHED_SLACK = 4096, TOUCHED_BLOCKS = 64, TOUCHED_MOST = 256 };

typedef struct touched {
    const char *call;
    const void *at;
    size_t bytes;
    lm_access how;
    bool fits;
} touched;

static _Alignas(64) char touched_room[TOUCHED_ROOM];
static size_t touched_used;
static struct {
    char *start;
    size_t size;
} touched_blocks[TOUCHED_BLOCKS];
static size_t touched_block_count;
static touched touched_list[TOUCHED_MOST];
static size_t touched_count;

static inline void forget(void) {
    touched_count = 0;
}

/* Gives all blocks back. */
static inline void forget_blocks(void) {
    forget();
    memset(touched_room, 0, touched_used);
    touched_used = touched_block_count = 0;
    lm_watched_bytes = true; /* tells reads too that are right */
    lm_watched = (lm_watched_range){(uintptr_t)touched_room, sizeof touched_room};
}

static inline void *block(size_t size) {
    char *start = touched_room + touched_used + TOUCHED_SLACK;
    touched_used += (size + 2 * TOUCHED_SLACK) & ~(size_t)63;
    assert_true(touched_used < TOUCHED_ROOM && touched_block_count < TOUCHED_BLOCKS);
    touched_blocks[touched_block_count].start = start;
    touched_blocks[touched_block_count++].size = size;
    return start;
}

/* A block that has room for the string and nothing else; `text_without_end` lacks the NUL. */
static inline char *text(const char *string) {
    return memcpy(block(strlen(string) + 1), string, strlen(string) + 1);
}

static inline char *text_without_end(const char *string) {
    return memcpy(block(strlen(string)), string, strlen(string));
}

static inline wchar_t *wide(const wchar_t *string) {
    return wmemcpy(block((wcslen(string) + 1) * sizeof *string), string, wcslen(string) + 1);
}

static inline wchar_t *wide_without_end(const wchar_t *string) {
    return wmemcpy(block(wcslen(string) * sizeof *string), string, wcslen(string));
}

size_t lm_access_extent(const void *at) {
    size_t place = (size_t)((const char *)at - touched_room);
    for (size_t i = 0; i < touched_block_count; i++) {
        size_t inside = (size_t)((const char *)at - touched_blocks[i].start);
        if (inside < touched_blocks[i].size)
            return touched_blocks[i].size - inside;
    }
    return place < sizeof touched_room ? 0 : SIZE_MAX;
}

bool lm_access_move(void *to, const void *from, size_t bytes) {
    (void)to, (void)from, (void)bytes;
    return false;
}

void lm_access_given(const void *at, size_t bytes) {
    (void)at, (void)bytes;
}

const void *lm_access_content(const void *at) {
    return at;
}

void lm_access_lend(const void *at, size_t bytes) {
    (void)at, (void)bytes;
}

void lm_access_back(const void *at, size_t written) {
    (void)at, (void)written;
}

bool lm_access_check(const char *call, const void *at, size_t bytes, lm_access how) {
    bool fits = bytes <= lm_access_extent(at);
    errno = ENOTUNIQ; /* the wrapper keeps its caller's */
    if (touched_count < TOUCHED_MOST)
        touched_list[touched_count++] = (touched){call, at, bytes, how, fits};
    return fits;
}

static inline const touched *first_misfit(void) {
    for (size_t i = 0; i < touched_count; i++)
        if (!touched_list[i].fits)
            return &touched_list[i];
    return NULL;
}

static inline bool was_touched(const char *call, const void *at, size_t bytes, lm_access how) {
    for (size_t i = 0; i < touched_count; i++) {
        const touched *t = &touched_list[i];
        if (strcmp(t->call, call) == 0 && t->at == at && t->bytes == bytes && t->how == how)
            return true;
    }
    return false;
}

#define RANGES_FIT()                                                                               \
    do {                                                                                           \
        const touched *bad_ = first_misfit();                                                      \
        if (bad_)                                                                                  \
            fail_msg("%s: %zu bytes don't fit", bad_->call, bad_->bytes);                          \
    } while (0)

/* The call is right: something was checked, among it this range, and all of it fits. */
#define GOOD(expression, call, at, bytes, how)                                                     \
    do {                                                                                           \
        forget();                                                                                  \
        errno = 0;                                                                                 \
        (void)(expression);                                                                        \
        assert_int_not_equal(errno, ENOTUNIQ);                                                     \
        RANGES_FIT();                                                                              \
        if (!was_touched(call, at, bytes, LM_ACCESS_##how))                                        \
            fail_msg("%s isn't told", #expression);                                                \
    } while (0)

/* The call is wrong: the first range that doesn't fit is this one. */
#define BAD(expression, name, place, size, access)                                                 \
    do {                                                                                           \
        forget();                                                                                  \
        errno = 0;                                                                                 \
        (void)(expression);                                                                        \
        assert_int_not_equal(errno, ENOTUNIQ);                                                     \
        const touched *bad_ = first_misfit();                                                      \
        if (!bad_)                                                                                 \
            fail_msg("%s: nothing was told", #expression);                                         \
        assert_string_equal(bad_->call, name);                                                     \
        assert_ptr_equal(bad_->at, place);                                                         \
        assert_int_equal(bad_->bytes, size);                                                       \
        assert_int_equal(bad_->how, LM_ACCESS_##access);                                           \
    } while (0)

#endif
