#include "support/unit.h"

#include "check/remains.h"
#include "os/os.h"

#include <string.h>
#include <sys/mman.h>

static unsigned char *memory; /* of pages that hold what the kernel gives: zeros */
enum { PAGES = 2 * LM_REMAINS_PAGES };

static unsigned char *page_at(unsigned i) {
    return memory + i * lm_os.page;
}

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    memory =
        mmap(NULL, PAGES * lm_os.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED || !lm_remains_start();
}

static void wipe(unsigned i) {
    memset(page_at(i), 0, lm_os.page);
}

static void a_freed_block_is_put_back(void **state) {
    unsigned char *p = page_at(1) - 8; /* over the end of a page */
    (void)state;
    memcpy(p, "sixteen bytes...", 16);
    lm_remains_keep((uintptr_t)p, 16);
    wipe(0);
    wipe(1);
    lm_remains_put((uintptr_t)page_at(0), (uintptr_t)p);
    assert_memory_equal(p, "sixteen \0\0\0\0\0\0\0\0", 16);
    lm_remains_put((uintptr_t)page_at(1), (uintptr_t)p);
    assert_memory_equal(p, "sixteen bytes...", 16);
    wipe(0);
    wipe(1);
    lm_remains_put((uintptr_t)page_at(0), (uintptr_t)p + 1); /* another block there */
    assert_int_equal(p[0], 0);
}

static void of_a_large_one_the_beginning(void **state) {
    unsigned char *p = page_at(0);
    (void)state;
    memset(p, 7, 1000);
    lm_remains_keep((uintptr_t)p, 1000);
    wipe(0);
    lm_remains_put((uintptr_t)p, (uintptr_t)p);
    assert_int_equal(p[LM_REMAINS_BYTES - 1], 7);
    assert_int_equal(p[LM_REMAINS_BYTES], 0);
    wipe(0);
}

static void what_was_written_in_a_guard_is_put_back(void **state) {
    (void)state;
    page_at(3)[100] = 9;
    lm_remains_take((uintptr_t)page_at(3));
    wipe(3);
    lm_remains_put((uintptr_t)page_at(3), 0);
    assert_int_equal(page_at(3)[100], 9);
    page_at(3)[100] = 0; /* and zeros that follow it */
    lm_remains_take((uintptr_t)page_at(3));
    page_at(3)[100] = 1;
    lm_remains_put((uintptr_t)page_at(3), 0);
    assert_int_equal(page_at(3)[100], 0);
}

static void it_is_forgotten_with_the_block(void **state) {
    (void)state;
    page_at(4)[5] = 5;
    lm_remains_take((uintptr_t)page_at(4));
    wipe(4);
    lm_remains_drop((uintptr_t)page_at(4), lm_os.page);
    lm_remains_put((uintptr_t)page_at(4), 0);
    assert_int_equal(page_at(4)[5], 0);
}

static void the_oldest_page_goes(void **state) {
    (void)state;
    for (unsigned i = 0; i < LM_REMAINS_PAGES + 1; i++) {
        page_at(i)[1] = 1;
        lm_remains_take((uintptr_t)page_at(i));
        wipe(i);
    }
    unsigned found = 0;
    for (unsigned i = 0; i < LM_REMAINS_PAGES + 1; i++) {
        lm_remains_put((uintptr_t)page_at(i), 0);
        found += page_at(i)[1];
    }
    assert_int_equal(found, LM_REMAINS_PAGES);
    assert_int_equal(page_at(LM_REMAINS_PAGES)[1], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_freed_block_is_put_back),
        cmocka_unit_test(of_a_large_one_the_beginning),
        cmocka_unit_test(what_was_written_in_a_guard_is_put_back),
        cmocka_unit_test(it_is_forgotten_with_the_block),
        cmocka_unit_test(the_oldest_page_goes),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
