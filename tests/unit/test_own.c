#include "support/unit.h"

#include "check/amounts.h"
#include "check/own.h"
#include "os/os.h"
#include "support/child.h"
#include "support/pattern.h"

#include <pthread.h>

enum { LINE = 64 };

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

/* One after the other, each at a line of its own, and zeros, over the ends of what is opened at once. */
static void pieces(void **state) {
    static const size_t sizes[] = {1,           63,           64, 65, 4096, LM_OWN_STEP - 1,
                                   LM_OWN_STEP, LM_OWN_SMALL, 1};
    char *last = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *p = lm_own_take(sizes[i]);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % LINE, 0);
        assert_true(all_zero(p, sizes[i]));
        memset(p, 0xff, sizes[i]);
        if (last)
            assert_ptr_equal(p, last);
        last = p + (sizes[i] + LINE - 1) / LINE * LINE;
    }
}

/* More than is left of the room: there is another. Hardly any of it is touched. */
static void another_room(void **state) {
    (void)state;
    char *small = lm_own_take(8);
    char *large = lm_own_take(LM_OWN_ROOM);
    assert_true(small && large);
    large[0] = large[LM_OWN_ROOM - 1] = 1;
    small[0] = 1;
    char *next = lm_own_take(8);
    assert_non_null(next);
    assert_true(next < large || next >= large + LM_OWN_ROOM);
    next[0] = 1;
}

static int take_in_little(void *argument) {
    struct rlimit limit = {0, 0};
    (void)argument;
    for (limit.rlim_cur = (rlim_t)1 << 30; limit.rlim_cur > 1 << 20; limit.rlim_cur /= 2) {
        limit.rlim_max = RLIM_INFINITY;
        setrlimit(RLIMIT_AS, &limit);
    }
    return lm_own_take(2 * LM_OWN_ROOM) ? 1 : 0;
}

static void too_little_memory(void **state) {
    (void)state;
    assert_int_equal(in_child(take_in_little, NULL), 0);
    assert_non_null(lm_own_take(1));
}

enum { THREADS = 4, PIECES = 2000 };

static void *take_many(void *argument) {
    for (uintptr_t i = 0; i < PIECES; i++) {
        uintptr_t *p = lm_own_take(24);
        if (!p || p[0] || p[1] || p[2])
            return argument; /* somebody else has it too */
        p[0] = p[1] = p[2] = i + 1;
    }
    return NULL;
}

static void threads(void **state) {
    pthread_t all[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&all[i], NULL, take_many, all), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(all[i], &failed);
        assert_null(failed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),
        cmocka_unit_test(threads),
        cmocka_unit_test(another_room),
        cmocka_unit_test(too_little_memory),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
