#include "support/unit.h"

#include "os/os.h"
#include "os/reserved.h"

enum { PAGE = 4096 };

/* How many listed bytes of the range there are. */
static size_t listed(uintptr_t from, uintptr_t to) {
    size_t sum = 0;
    for (size_t i = 0; i < LM_RESERVED_MAX; i++) {
        uintptr_t start, end;
        if (!lm_reserved_get(i, &start, &end))
            continue;
        start = start < from ? from : start;
        end = end > to ? to : end;
        sum += end > start ? end - start : 0;
    }
    return sum;
}

static void what_is_reserved_is_listed(void **state) {
    (void)state;
    lm_os_start();
    char *at = lm_os_reserve(16 * PAGE, 0);
    const uintptr_t start = (uintptr_t)at, end = start + (size_t)16 * PAGE;
    assert_int_equal(listed(start, end), 16 * PAGE);
    lm_os_release(at, PAGE); /* before */
    assert_int_equal(listed(start, end), 15 * PAGE);
    lm_os_release(at + (size_t)15 * PAGE, PAGE); /* behind */
    assert_int_equal(listed(start, end), 14 * PAGE);
    lm_os_release(at + (size_t)8 * PAGE, PAGE); /* amid */
    assert_int_equal(listed(start, end), 13 * PAGE);
    assert_int_equal(listed(start + (size_t)8 * PAGE, start + (size_t)9 * PAGE), 0);
    lm_os_release(at, 16 * PAGE);
    assert_int_equal(listed(start, end), 0);
}

static void a_full_list_takes_no_more(void **state) {
    (void)state;
    const uintptr_t far_away = (uintptr_t)1 << 60;
    for (uintptr_t i = 0; i < LM_RESERVED_MAX + 10; i++)
        lm_reserved_add(far_away + 2 * i * PAGE, PAGE);
    assert_true(listed(far_away, far_away + far_away) <= (size_t)LM_RESERVED_MAX * PAGE);
    lm_reserved_cut(far_away, far_away);
    assert_int_equal(listed(far_away, far_away + far_away), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_reserved_is_listed),
        cmocka_unit_test(a_full_list_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
