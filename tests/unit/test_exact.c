// ctest-args:
// ctest-args: protect
#include "support/unit.h"

#include "check/exact.h"
#include "os/os.h"
#include "support/child.h"
#include "support/shared_tales.h"

#include <pthread.h>
#include <string.h>

static const lm_block story = {.allocated_call = "malloc", .allocated = 7, .allocated_time = 11};
static const lm_block end = {.freed_call = "free", .freed = 9, .freed_time = 13};

static bool protect; /* as on kernels without cheap guards */

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    if (protect)
        lm_os.guards_by_advice = false;
    lm_exact_setting.share = 1000000; /* no test depends on the time that it takes */
    lm_exact_start();
    tales_start();
    return 0;
}

static int read_byte(void *at) {
    return *(volatile unsigned char *)at;
}

static void one_side_is_exact(void **state) {
    int before = 0, behind = 0;
    (void)state;
    for (int i = 0; i < 6; i++) {
        unsigned char *p = lm_exact_new(48, 0, &story);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        before += in_child(read_byte, p - 1) == -SIGSEGV;
        behind += in_child(read_byte, p + 48) == -SIGSEGV;
        assert_int_equal(in_child(read_byte, p), 0);
        assert_int_equal(in_child(read_byte, p + 47), 0);
        assert_true(lm_exact_free(p, &end));
        assert_int_equal(in_child(read_byte, p), -SIGSEGV);
    }
    assert_int_equal(before, 2);
    assert_int_equal(behind, 4);
}

static void small_blocks_end_where_they_can(void **state) {
    static const size_t align[] = {16, 1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 16, 16};
    (void)state;
    for (size_t size = 0; size < sizeof align / sizeof align[0]; size++) {
        char *p = lm_exact_new(size, 0, &story);
        assert_int_equal((uintptr_t)p % align[size], 0);
        assert_true(lm_exact_free(p, &end));
    }
    char *p = lm_exact_new(100, 256, &story);
    assert_int_equal((uintptr_t)p % 256, 0);
    assert_true(lm_exact_free(p, &end));
    assert_null(lm_exact_new((size_t)1 << 40, 0, &story));
}

static void is_found_by_its_addresses(void **state) {
    lm_block block;
    (void)state;
    char *p = lm_exact_new(100, 0, &story);
    for (int i = -16; i < 116; i += 4) {
        assert_true(lm_exact_find((uintptr_t)p + (uintptr_t)i, &block));
        assert_int_equal(block.start, (uintptr_t)p);
    }
    assert_true(block.live && block.exact && block.size == 100 && block.allocated == 7);
    assert_false(lm_exact_find((uintptr_t)&block, &block));
    assert_false(lm_exact_free(p + 1, &end));
    assert_true(lm_exact_free(p, &end));
    assert_false(lm_exact_free(p, &end));
    assert_true(lm_exact_find((uintptr_t)p, &block));
    assert_true(!block.live && block.freed == 9 && block.freed_time == 13);
}

static uintptr_t found_at(char *at) {
    lm_block block;
    assert_true(lm_exact_find((uintptr_t)at, &block));
    return block.start;
}

/* One guard lies between two blocks. */
static void of_two_blocks_the_one_that_was_meant(void **state) {
    enum { COUNT = 40 };
    char *blocks[COUNT], *p = NULL, *q = NULL;
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        blocks[i] = lm_exact_new(48, 0, &story);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            if (blocks[j] == blocks[i] + 48 + lm_os.page) {
                p = blocks[i];
                q = blocks[j];
            }
    assert_non_null(p);
    assert_ptr_equal(found_at(p + 48), p);
    assert_ptr_equal(found_at(q - 1), q);
    assert_true(lm_exact_free(p, &end));
    assert_ptr_equal(found_at(p + 56), p); /* freed, but q is far */
    assert_ptr_equal(found_at(q - 1), q);
    assert_true(lm_exact_free(q, &end));
    assert_ptr_equal(found_at(p + 56), p);
    assert_ptr_equal(found_at(q - 8), q);
    for (size_t i = 0; i < COUNT; i++)
        if (blocks[i] != p && blocks[i] != q)
            assert_true(lm_exact_free(blocks[i], &end));
}

static void what_is_beside_is_looked_at(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) { /* whatever side it is on */
        tales_start();
        char *p = lm_exact_new(13, 0, &story);
        p[13] = 0;
        assert_true(lm_exact_free(p, &end));
        assert_int_equal(told->count, 1);
        assert_int_equal(told->of[0].tale.code, LM_CODE_HEAP_OVERFLOW);
        assert_int_equal(told->of[0].tale.certainty, LM_CERTAIN_LATER);
        assert_int_equal(told->of[0].tale.first, 13);
        assert_int_equal(told->of[0].tale.last, 13);
    }
    char *p = lm_exact_new(13, 0, &story);
    p[13] = 0;
    lm_exact_forgive((uintptr_t)p);
    assert_true(lm_exact_free(p, &end));
    assert_int_equal(told->count, 1);
}

static void places_rest(void **state) {
    enum { ROUNDS = 1000 };
    (void)state;
    char *first = lm_exact_new(3000, 0, &story);
    assert_true(lm_exact_free(first, &end));
    for (int i = 0; i < ROUNDS; i++) {
        char *p = lm_exact_new(3000, 0, &story);
        assert_true(p && p != first);
        assert_true(lm_exact_free(p, &end));
    }
}

static void ever_fewer_are_due(void **state) {
    unsigned due[3] = {0};
    (void)state;
    for (int i = 0; i < 8; i++)
        due[0] += lm_exact_due(77);
    for (int i = 0; i < 16; i++)
        due[1] += lm_exact_due(77);
    for (int i = 0; i < 32; i++)
        due[2] += lm_exact_due(77);
    assert_int_equal(due[0], 8);
    assert_int_equal(due[1], 8);
    assert_int_equal(due[2], 8);
    lm_exact_setting.mode = LM_EXACT_MODE_ALL;
    assert_true(lm_exact_due(77));
    lm_exact_setting.mode = LM_EXACT_MODE_OFF;
    assert_false(lm_exact_due(78));
    lm_exact_setting.mode = LM_EXACT_MODE_AUTO;
}

static void memory_is_bounded(void **state) {
    const size_t usual = lm_exact_setting.bytes;
    void *p[8];
    (void)state;
    lm_exact_setting.bytes = 4 * lm_os.page;
    for (int i = 0; i < 4; i++)
        assert_non_null(p[i] = lm_exact_new(8, 0, &story));
    assert_null(lm_exact_new(8, 0, &story));
    for (int i = 0; i < 4; i++)
        assert_true(lm_exact_free(p[i], &end));
    lm_exact_setting.bytes = usual;
}

static void *come_and_go(void *argument) {
    lm_block block;
    for (uintptr_t i = 0; i < 3000; i++) {
        const lm_block mine = {.allocated = (uint32_t)i, .allocated_time = i};
        char *p = lm_exact_new(1 + i % 200, 0, &mine);
        if (!p || !lm_exact_find((uintptr_t)p, &block) || block.allocated != i ||
            block.size != 1 + i % 200)
            return argument;
        memset(p, 1, block.size);
        if (!lm_exact_free(p, &end))
            return argument;
    }
    return NULL;
}

static void threads(void **state) {
    pthread_t thread[4];
    void *failed;
    (void)state;
    tales_start();
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, come_and_go, thread), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(told->count, 0);
}

int main(int argc, char **argv) {
    protect = argc > 1 && strcmp(argv[1], "protect") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_side_is_exact),
        cmocka_unit_test(small_blocks_end_where_they_can),
        cmocka_unit_test(is_found_by_its_addresses),
        cmocka_unit_test(of_two_blocks_the_one_that_was_meant),
        cmocka_unit_test(what_is_beside_is_looked_at),
        cmocka_unit_test(places_rest),
        cmocka_unit_test(ever_fewer_are_due),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
