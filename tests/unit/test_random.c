#include "support/unit.h"

#include "base/bits.h"
#include "base/random.h"

/* The first numbers of splitmix64 from 0, as its authors' code gives them. */
static void as_published(void **state) {
    static const uint64_t expected[] = {0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f};
    uint64_t at = 0;
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_true(lm_random_next(&at) == expected[i]);
}

/* Every bit is set about half of the time. */
static void even(void **state) {
    enum { ROUNDS = 10000 };
    unsigned set[64] = {0};
    uint64_t at = 5;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t x = lm_random_next(&at);
        for (unsigned bit = 0; bit < 64; bit++)
            set[bit] += x >> bit & 1;
    }
    for (unsigned bit = 0; bit < 64; bit++)
        assert_in_range(set[bit], ROUNDS * 47 / 100, ROUNDS * 53 / 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_published), cmocka_unit_test(even)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
