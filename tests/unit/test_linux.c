#include "support/unit.h"

#include "os/os.h"
#include "support/child.h"
#include "support/pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

static const size_t size = 1 << 20;

static int start(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

/* What a single access does, in a child: 7 when nothing. */
static int reads(void *at) {
    return *(volatile char *)at == 0 ? 7 : 8;
}

static int writes(void *at) {
    *(volatile char *)at = 1;
    return 7;
}

static void facts(void **state) {
    (void)state;
    assert_int_equal(lm_os.page, sysconf(_SC_PAGESIZE));
    assert_false(lm_os.secure);
    assert_true(lm_os_map_limit() >= 1000);
    assert_int_equal(lm_os_process(), getpid());
    assert_string_equal(lm_os_program(), "test_linux");
}

static void knows_where_the_program_lies(void **state) {
    char path[4096];
    (void)state;
    const size_t length = lm_os_program_path(path, sizeof path);
    assert_int_equal(length, strlen(path));
    assert_int_equal(path[0], '/');
    assert_string_equal(path + length - strlen("/test_linux"), "/test_linux");
    assert_int_equal(lm_os_program_path(path, length), 0);
}

static int sees_its_limit(void *argument) {
    const struct rlimit limit = {(rlim_t)1 << 40, (rlim_t)1 << 40};
    (void)argument;
    setrlimit(RLIMIT_AS, &limit);
    lm_os_start();
    return lm_os.address_limit == (size_t)1 << 40 ? 7 : 1;
}

static void address_limit(void **state) {
    (void)state;
    assert_int_equal(in_child(sees_its_limit, NULL), 7);
}

static void from_reserved_to_committed(void **state) {
    (void)state;
    char *at = lm_os_reserve(size, 0);
    assert_non_null(at);
    assert_int_equal(in_child(reads, at), -SIGSEGV);
    assert_true(lm_os_make_readable(at, size));
    assert_true(all_zero(at, size));
    assert_int_equal(in_child(writes, at), -SIGSEGV);
    assert_true(lm_os_commit(at, size));
    pattern_fill(at, size, 1);
    lm_os_purge(at, size / 2);
    assert_true(all_zero(at, size / 2));
    assert_false(all_zero(at, size));
    assert_true(lm_os_renew(at, size));
    assert_true(all_zero(at, size));
    at[size - 1] = 1;
    lm_os_release(at, size);
    assert_int_equal(in_child(reads, at), -SIGSEGV);
}

/* More than any address space has: NULL, and errno as it was. */
static void refusals_leave_errno_alone(void **state) {
    (void)state;
    errno = EXDEV;
    assert_null(lm_os_reserve((size_t)1 << 60, 0));
    assert_false(lm_os_commit((void *)0x1000, size));
    assert_false(lm_os_make_readable((void *)0x1000, size));
    assert_false(lm_os_append("/nowhere/at/all", "x", 1));
    assert_int_equal(errno, EXDEV);
}

static void moves_pages(void **state) {
    (void)state;
    char *at = lm_os_reserve(3 * size, 0);
    assert_true(lm_os_commit(at, 3 * size));
    char *to = at + 2 * size;
    pattern_fill(at, size, 2);
    pattern_fill(to, size, 3);
    assert_true(lm_os_move(to, at, size));
    assert_true(pattern_holds(to, size, size, 2));
    assert_true(all_zero(at, size));
    at[0] = 1; /* still committed */
    lm_os_release(at, 3 * size);
}

/* Of two mappings: refused on some kernels. Whatever it says is so. */
static void moves_all_or_nothing(void **state) {
    (void)state;
    char *at = lm_os_reserve(4 * size, 0);
    assert_true(lm_os_commit(at, size / 2));
    assert_true(lm_os_make_readable(at + size / 2, size / 2));
    assert_true(lm_os_commit(at + 2 * size, size));
    pattern_fill(at, size / 2, 4);
    pattern_fill(at + 2 * size, size, 5);
    if (lm_os_move(at + 2 * size, at, size))
        assert_true(pattern_holds(at + 2 * size, size / 2, size / 2, 4));
    else
        assert_true(pattern_holds(at + 2 * size, size, size, 5) &&
                    pattern_holds(at, size / 2, size / 2, 4));
    lm_os_release(at, 4 * size);
}

static void guards(bool advise) {
    char *at = lm_os_reserve(size, 0);
    assert_true(lm_os_commit(at, size));
    at[lm_os.page] = 1;
    assert_true(lm_os_guard(at + lm_os.page, lm_os.page, advise));
    assert_int_equal(in_child(reads, at + lm_os.page), -SIGSEGV);
    assert_int_equal(in_child(writes, at + 2 * lm_os.page - 1), -SIGSEGV);
    assert_int_equal(in_child(writes, at + lm_os.page - 1), 7);
    assert_int_equal(in_child(writes, at + 2 * lm_os.page), 7);
    assert_true(lm_os_unguard(at + lm_os.page, lm_os.page, advise));
    assert_int_equal(in_child(writes, at + lm_os.page), 7);
    lm_os_release(at, size);
}

static void guards_by_protection(void **state) {
    (void)state;
    guards(false);
}

static void guards_by_advice(void **state) {
    (void)state;
    if (!lm_os.guards_by_advice)
        skip();
    guards(true);
}

static void counts_calls(void **state) {
    (void)state;
    uint64_t maps = atomic_load(&lm_os_count.maps), commits = atomic_load(&lm_os_count.commits);
    uint64_t purges = atomic_load(&lm_os_count.purges), set = atomic_load(&lm_os_count.guards);
    char *at = lm_os_reserve(size, 0);
    lm_os_commit(at, size);
    lm_os_purge(at, size);
    lm_os_guard(at, lm_os.page, false);
    lm_os_unguard(at, lm_os.page, false);
    lm_os_release(at, size);
    assert_int_equal(atomic_load(&lm_os_count.maps) - maps, 2);
    assert_int_equal(atomic_load(&lm_os_count.commits) - commits, 1);
    assert_int_equal(atomic_load(&lm_os_count.purges) - purges, 1);
    assert_int_equal(atomic_load(&lm_os_count.guards) - set, 2);
}

static void appends(void **state) {
    char path[] = "/tmp/loam-test-XXXXXX", content[16] = "";
    (void)state;
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_true(lm_os_append(path, "one\n", 4));
    assert_true(lm_os_append(path, "two\n", 4));
    assert_int_equal(read(file, content, sizeof content - 1), 8);
    assert_string_equal(content, "one\ntwo\n");
    close(file);
    unlink(path);
    assert_true(lm_os_append(path, "three\n", 6)); /* creates it */
    assert_int_equal(unlink(path), 0);
}

static void environment(void **state) {
    (void)state;
    setenv("LOAM_TEST_LINUX", "a b", 1);
    assert_string_equal(lm_os_environment("LOAM_TEST_LINUX"), "a b");
    unsetenv("LOAM_TEST_LINUX");
    assert_null(lm_os_environment("LOAM_TEST_LINUX"));
}

static int aborts(void *argument) {
    (void)argument;
    lm_os_abort();
}

static void messages_and_abort(void **state) {
    int ends[2], saved = dup(STDERR_FILENO);
    char text[16] = "";
    (void)state;
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    lm_os_message("hello", 5);
    dup2(saved, STDERR_FILENO);
    assert_int_equal(read(ends[0], text, sizeof text - 1), 5);
    assert_string_equal(text, "hello");
    close(ends[0]);
    close(ends[1]);
    close(saved);
    assert_int_equal(in_child(aborts, NULL), -SIGABRT);
}

LM_ONCE static struct { int value; } LM_ONCE_ALIGNED once;

static int writes_once(void *argument) {
    (void)argument;
    *(volatile int *)&once.value = 2;
    return once.value == 2 ? 7 : 1;
}

/* What is written once can't be written any more, and then again it can. */
static void seals(void **state) {
    (void)state;
    assert_false(lm_os_seal(true));
    assert_true(lm_os_seal(true));
    assert_int_equal(in_child(writes_once, NULL), -SIGSEGV);
    assert_int_equal(in_child(writes, (char *)&lm_os.page), -SIGSEGV);
    assert_int_equal(once.value, 0); /* it can be read */
    assert_true(lm_os_seal(false));
    assert_int_equal(in_child(writes_once, NULL), 7);
    assert_false(lm_os_seal(false));
}

static void random_bytes(void **state) {
    static unsigned char a[1000], b[1000];
    unsigned differ = 0, set = 0;
    (void)state;
    lm_os_random(a, sizeof a);
    lm_os_random(b, sizeof b);
    for (unsigned i = 0; i < sizeof a; i++) {
        differ += a[i] != b[i];
        set += (unsigned)__builtin_popcount(a[i]);
    }
    assert_in_range(differ, 900, 1000);
    assert_in_range(set, 3500, 4500);
}

/* Where it had best be, it is; where something is already, elsewhere. */
static void reserves_by_hint(void **state) {
    (void)state;
    char *at = lm_os_reserve(size, 0);
    lm_os_release(at, size);
    assert_ptr_equal(lm_os_reserve(size, (uintptr_t)at), at);
    char *other = lm_os_reserve(size, (uintptr_t)at);
    assert_non_null(other);
    assert_ptr_not_equal(other, at);
    lm_os_release(at, size);
    lm_os_release(other, size);
}

static void waits_only_for_the_value(void **state) {
    _Atomic uint32_t word = 3;
    (void)state;
    lm_os_wait(&word, 4); /* returns at once: the word isn't 4 */
    lm_os_wake(&word, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts),
        cmocka_unit_test(knows_where_the_program_lies),
        cmocka_unit_test(address_limit),
        cmocka_unit_test(from_reserved_to_committed),
        cmocka_unit_test(refusals_leave_errno_alone),
        cmocka_unit_test(moves_pages),
        cmocka_unit_test(moves_all_or_nothing),
        cmocka_unit_test(guards_by_protection),
        cmocka_unit_test(guards_by_advice),
        cmocka_unit_test(counts_calls),
        cmocka_unit_test(appends),
        cmocka_unit_test(environment),
        cmocka_unit_test(messages_and_abort),
        cmocka_unit_test(waits_only_for_the_value),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(reserves_by_hint),
        cmocka_unit_test(seals),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
