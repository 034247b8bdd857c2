// ctest-args:
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/arena.h"
#include "heap/guard.h"
#include "heap/large.h"
#include "heap/slab.h"
#include "heap/slow.h"
#include "heap/trap.h"
#include "os/os.h"
#include "support/child.h"
#include "support/heap.h"
#include "support/trap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE = 300000 };

static bool judge(const void *address, lm_finding *finding) {
    lm_sample_story story;
    *finding = (lm_finding){.kind = LM_KINDS_COUNT};
    return lm_trap_judge((uintptr_t)address, finding, &story);
}

static void other_addresses_are_none_of_ours(void **state) {
    lm_finding finding;
    char *mapping = mmap(NULL, LARGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)state;
    loam_free(loam_malloc(1));
    assert_ptr_not_equal(mapping, MAP_FAILED);
    assert_false(judge(NULL, &finding));
    assert_false(judge(&finding, &finding));
    assert_false(judge(mapping + LARGE / 2, &finding));
    assert_int_equal(finding.kind, LM_KINDS_COUNT);
    munmap(mapping, LARGE);
}

/* A fault there has another reason: its page was made inaccessible by the program, for one. */
static void a_slot_itself_is_no_trap(void **state) {
    lm_finding finding;
    char *p = loam_malloc(700);
    (void)state;
    assert_false(judge(p, &finding));
    assert_false(judge(p + 699, &finding));
    loam_free(p);
}

static void around_a_large_block(void **state) {
    lm_finding finding;
    char *p = loam_malloc(LARGE);
    (void)state;
    const lm_span *span = span_of(p);
    assert_true(judge(p - 1, &finding));
    assert_int_equal(finding.kind, LM_HEAP_UNDERFLOW);
    assert_ptr_equal(finding.block, p);
    assert_int_equal(finding.block_size, lm_large_size(span));
    assert_true(judge(p + span->bytes, &finding));
    assert_int_equal(finding.kind, LM_HEAP_OVERFLOW);
    assert_ptr_equal(finding.block, p);
    loam_free(p);
    if (lm_once.protection.hide_large) { /* else it may be gone */
        assert_true(judge(p + 5, &finding));
        assert_int_equal(finding.kind, LM_USE_AFTER_FREE);
        assert_ptr_equal(finding.block, p);
    }
}

static void blocks_of_no_bytes(void **state) {
    lm_finding finding;
    char *p = loam_malloc(0);
    (void)state;
    if (!lm_once.protection.zero_traps) {
        assert_false(judge(p, &finding));
        loam_free(p);
        skip();
    }
    assert_true(judge(p, &finding));
    assert_int_equal(finding.kind, LM_HEAP_OVERFLOW);
    assert_ptr_equal(finding.block, p);
    assert_int_equal(finding.block_size, 0);
    assert_false(finding.size_at_most);
    loam_free(p);
    assert_true(judge(p, &finding));
    assert_int_equal(finding.kind, LM_USE_AFTER_FREE);
}

/* Guards at the ends of slots, where a level has them. */
static void behind_a_slots_room(void **state) {
    lm_finding finding;
    (void)state;
    for (unsigned class = 0; class < LM_CLASS_ZERO; class ++) {
        if (lm_classes[class].room == lm_classes[class].size || !serves(class))
            continue;
        char *p = loam_malloc(most_of(class));
        assert_true(judge(p + lm_classes[class].room, &finding));
        assert_int_equal(finding.kind, LM_HEAP_OVERFLOW);
        assert_ptr_equal(finding.block, p);
        assert_int_equal(finding.block_size, most_of(class));
        assert_int_equal(finding.class_size, lm_classes[class].room);
        assert_false(judge(p + lm_classes[class].room - 1, &finding));
        loam_free(p);
        assert_true(judge(p + lm_classes[class].room, &finding) || !slab_of(p));
        return;
    }
    skip();
}

/* Some slabs have a guard at their end: it says the nearer of the blocks beside it. */
static void at_the_end_of_a_slab(void **state) {
    enum { MANY = 3000, SIZE = 1000 };
    char *blocks[MANY];
    lm_finding finding;
    size_t guarded = 0;
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = loam_malloc(SIZE);
        lm_slab *slab = slab_of(blocks[i]);
        if (!slab->guarded)
            continue;
        char *end = lm_slab_address(slab) + lm_slab_bytes(slab);
        assert_true(judge(end - lm_os.page, &finding));
        assert_ptr_equal(finding.block,
                         lm_slab_address(slab) + (slab->slots - 1u) * lm_slab_size(slab));
        assert_true(finding.kind == LM_HEAP_OVERFLOW || finding.kind == LM_USE_AFTER_FREE);
        lm_slab *next = lm_find(end).slab;
        assert_true(judge(end - 1, &finding));
        if (next) {
            assert_ptr_equal(finding.block, end);
            assert_true(finding.kind == LM_HEAP_UNDERFLOW || finding.kind == LM_USE_AFTER_FREE);
        }
        guarded++;
    }
    for (size_t i = 0; i < MANY; i++)
        loam_free(blocks[i]);
    if (guarded == 0)
        skip();
}

/* ---- The handler ----------------------------------------------------------------------------- */

static int fault_behind_a_block(void *pipe_end) {
    dup2(*(int *)pipe_end, STDERR_FILENO);
    lm_finding_hook = NULL;
    lm_trap_start();
    char *p = loam_malloc(LARGE);
    volatile char *behind = p + span_of(p)->bytes;
    *behind = 1;
    return EXIT_SUCCESS;
}

/* It says what it was, and then the process ends as it would have without it. */
static void faults_are_named(void **state) {
    int ends[2];
    char text[LM_REPORT_MAX] = "";
    (void)state;
    if (!lm_guard_is_cheap())
        skip();
    assert_int_equal(pipe(ends), 0);
    int status = in_child(fault_behind_a_block, &ends[1]);
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof text - 1) >= 0);
    close(ends[0]);
    assert_true(status == -SIGSEGV || status == -SIGABRT);
    assert_non_null(strstr(text, "heap-overflow"));
    assert_non_null(strstr(text, "write to"));
}

static int fault_elsewhere(void *argument) {
    volatile char *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    lm_trap_start();
    *nowhere = *(char *)argument;
    return EXIT_SUCCESS;
}

static void other_faults_stay_the_programs(void **state) {
    char anything = 1;
    (void)state;
    assert_int_equal(in_child(fault_elsewhere, &anything), -SIGSEGV);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_addresses_are_none_of_ours),
        cmocka_unit_test(a_slot_itself_is_no_trap),
        cmocka_unit_test(around_a_large_block),
        cmocka_unit_test(blocks_of_no_bytes),
        cmocka_unit_test(behind_a_slots_room),
        cmocka_unit_test(at_the_end_of_a_slab),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(other_faults_stay_the_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
