#include "check/scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

/* Against loops that are too simple to be wrong, with bounds before, at and behind the end. */
static size_t slow_char(const char *s, char c, size_t bound) {
    for (size_t i = 0; i < bound; i++)
        if (s[i] == c || s[i] == 0)
            return i;
    return bound;
}

static void finds_what_simple_loops_find(void **state) {
    (void)state;
    for (int round = 0; round < 50000; round++) {
        char a[80], b[80], set[4] = "";
        wchar_t wide_a[80], wide_b[80], wide_set[4] = L"";
        size_t n = (size_t)(rand() % 70);
        for (size_t i = 0; i < n; i++) {
            a[i] = "aAbBz\x80\xff"[rand() % 7];
            b[i] = rand() % 20 ? a[i] : 'b';
        }
        a[n] = b[n] = 0;
        for (int i = 0; i < rand() % 4; i++)
            set[i] = "abz"[rand() % 3];
        for (size_t i = 0; i <= n; i++) {
            wide_a[i] = a[i];
            wide_b[i] = b[i];
        }
        for (int i = 0; i < 4; i++)
            wide_set[i] = set[i];
        size_t bound = (size_t)rand() % (n + 2);
        size_t differ = bound, in = bound, out = bound, lower = bound;
        for (size_t i = bound; i-- > 0;) {
            differ = a[i] != b[i] || !a[i] ? i : differ;
            lower =
                tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]) || !a[i] ? i : lower;
            in = strchr(set, a[i]) ? i : in;
            out = !strchr(set, a[i]) || !a[i] ? i : out;
        }
        assert_int_equal(lm_scan_char(a, 'z', bound), slow_char(a, 'z', bound));
        assert_int_equal(lm_scan_char(a, '\xff', bound), slow_char(a, '\xff', bound));
        assert_int_equal(lm_scan_wide_char(wide_a, 'z', bound), slow_char(a, 'z', bound));
        assert_int_equal(lm_scan_differ(a, b, bound), differ);
        assert_int_equal(lm_scan_differ_case(a, b, bound, NULL), lower);
        assert_int_equal(lm_scan_wide_differ(wide_a, wide_b, bound, false), differ);
        assert_int_equal(lm_scan_set(a, set, true, bound), in);
        assert_int_equal(lm_scan_set(a, set, false, bound), out);
        assert_int_equal(lm_scan_wide_set(wide_a, wide_set, true, bound), in);
        assert_int_equal(lm_scan_wide_set(wide_a, wide_set, false, bound), out);
    }
}

static void finds_pieces(void **state) {
    (void)state;
    static char text[5000];
    memset(text, 'x', sizeof text - 1);
    memcpy(text + 254, "needle", 6); /* across two steps */
    memcpy(text + 4000, "needles", 7);
    assert_int_equal(lm_scan_match(text, "needle", 6, sizeof text), 259);
    assert_int_equal(lm_scan_match(text, "needles", 7, sizeof text), 4006);
    assert_int_equal(lm_scan_match(text, "needles", 7, 4006), 4006);
    assert_int_equal(lm_scan_match(text, "nothing", 7, sizeof text), sizeof text - 1);
    assert_int_equal(lm_scan_match(text, "nothing", 7, 1000), 1000);
    assert_int_equal(lm_scan_match(text, "", 0, 1000), 0);
    assert_int_equal(lm_scan_match("abc", "abcd", 4, 3), 3);
    assert_int_equal(lm_scan_match("", "a", 1, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_what_simple_loops_find),
                                       cmocka_unit_test(finds_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
