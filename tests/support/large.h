/* What tests of large blocks have in common. Included by one file of a program. */
#ifndef TESTS_SUPPORT_LARGE_H
#define TESTS_SUPPORT_LARGE_H

#include "heap/large.h"
#include "support/child.h"
#include "support/heap.h"
#include "support/pattern.h"
#include "support/trap.h"

static const size_t mib = 1 << 20;
static lm_guards usual_guards;

static inline int large_set_up(void **state) {
    (void)state;
    trap_set();
    loam_trim(0);
    return 0;
}

static inline int large_tear_down(void **state) {
    (void)state;
    loam_trim(0); /* what rests still has guards of the test's kind */
    lm_once.guard.kind = usual_guards;
    return trap_take() == 0 && lm_verify() == 0 ? 0 : -1;
}

static inline int touch(void *at) {
    *(volatile char *)at = 1;
    return 7;
}

/* Every byte of the block can be written, none just before or behind it. */
static __attribute__((noinline, unused)) void expect_guarded(char *p) {
    size_t size = span_of(p)->bytes;
    assert_int_equal(in_child(touch, p), 7);
    assert_int_equal(in_child(touch, p + size - 1), 7);
    assert_int_equal(in_child(touch, p + size), -SIGSEGV);
    assert_int_equal(in_child(touch, p - 1), -SIGSEGV);
}

static inline char *filled(size_t size, uint64_t id) {
    char *p = loam_malloc(size);
    assert_non_null(p);
    pattern_fill(p, size, id);
    return p;
}

#endif
