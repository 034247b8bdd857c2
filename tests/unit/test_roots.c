// ctest-builds: release clang debug test-mode asan ubsan
/* What is shown is asked by its place: whether a word that lies there was among those copied from there. Not under
 * the thread sanitizer, whose shadows take a while to be read. */
#include "support/unit.h"

#include "check/grow.h"
#include "check/roots.h"
#include "check/world.h"
#include "os/os.h"
#include "stack/machine.h"
#include "support/child.h"
#include "support/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { WORD = sizeof(uintptr_t), PLACES = 16 };

/* ---- Asking -------------------------------------------------------------------------------------- */

typedef struct places {
    size_t count;
    uintptr_t at[PLACES];
    unsigned shown[PLACES];
    bool differs; /* what was shown isn't what lies there */
    size_t words;
} places;

static places asked;

static void note(const uintptr_t *words, size_t count, uintptr_t from, void *context) {
    places *p = context;
    p->words += count;
    for (size_t i = 0; from != 0 && i < p->count; i++) {
        if (p->at[i] - from >= count * WORD)
            continue;
        p->shown[i]++;
        p->differs = p->differs || (p->at[i] - from) % WORD ||
                     memcmp(&words[(p->at[i] - from) / WORD], (const void *)p->at[i], WORD) != 0;
    }
}

static void ask(const void *at) {
    asked.at[asked.count++] = (uintptr_t)at & ~(uintptr_t)(WORD - 1);
}

static void expect(size_t place, unsigned shown) {
    if (asked.shown[place] != shown)
        fail_msg("place %zu was shown %u times", place, asked.shown[place]);
    assert_false(asked.differs);
}

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    memset(&asked, 0, sizeof asked);
    return 0;
}

/* As if the caller called whoever looks. */
static void show_all(uintptr_t sp) {
    static lm_stand stand;
    stand.count = 0;
    stand.sp = sp;
    assert_true(lm_roots_start(&stand));
    lm_roots_each(note, &asked);
    lm_roots_end();
}

static char *map(size_t size, int protection, int flags) {
    char *at = mmap(NULL, size, protection, MAP_ANONYMOUS | flags, -1, 0);
    assert_true(at != MAP_FAILED);
    return at;
}

/* ---- What counts --------------------------------------------------------------------------------- */

static uintptr_t data = 5;
static uintptr_t zeros;
static uintptr_t many_zeros[100000];
static __thread uintptr_t local_to_thread = 7;
static const uintptr_t constants[64] = {1, 2, 3};

static void variables(void **state) {
    uintptr_t *allocated = malloc(4096), *large = malloc(1 << 20);
    (void)state;
    many_zeros[99999] = 3; /* pages that nobody touched aren't shown */
    zeros = *allocated = *large = 4;
    ask(&data);
    ask(&zeros);
    ask(&many_zeros[99999]);
    ask(&local_to_thread);
    ask(allocated); /* of another heap: it counts as any memory does */
    ask(large);
    ask(constants);
    ask((void *)(uintptr_t)set_up);
    show_all((uintptr_t)__builtin_frame_address(0) - 4096);
    for (size_t i = 0; i < 6; i++)
        expect(i, 1);
    expect(6, 0); /* can't be written */
    expect(7, 0);
    free(allocated);
    free(large);
}

static void what_is_mapped(void **state) {
    const size_t page = lm_os.page, size = 64 * page;
    (void)state;
    char *own = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    char *shared = map(size, PROT_READ | PROT_WRITE, MAP_SHARED);
    own[5 * page + 16] = own[63 * page] = shared[9 * page] = 1;
    own[7 * page] = 1;
    assert_int_equal(mprotect(own + 7 * page, page, PROT_READ), 0);
    own[9 * page] = 1;
    assert_int_equal(mprotect(own + 9 * page, page, PROT_NONE), 0);
    ask(own + 5 * page);
    ask(own + 6 * page - WORD);
    ask(own + 64 * page - WORD);
    ask(shared + 9 * page + 8);
    ask(own + 4 * page); /* never touched */
    ask(own + 7 * page); /* can't be written */
    asked.differs = false;
    show_all((uintptr_t)__builtin_frame_address(0) - 4096);
    for (size_t i = 0; i < 4; i++)
        expect(i, 1);
    expect(4, 0);
    expect(5, 0);
    munmap(own, size);
    munmap(shared, size);
}

/* What the library reserved doesn't count, wherever it lies and in whatever order it came. */
static void reserved_memory(void **state) {
    enum { REGIONS = 5 };
    static const unsigned char order[REGIONS] = {3, 0, 4, 1, 2};
    char *regions[REGIONS], *all;
    const size_t size = 4 * lm_os.page;
    (void)state;
    all = map(3 * REGIONS * size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(all, 1, 3 * REGIONS * size);
    for (size_t i = 0; i < REGIONS; i++) { /* each amid what is the program's */
        const size_t at = (3 * (size_t)order[i] + 1) * size;
        munmap(all + at, size);
        regions[order[i]] = lm_os_reserve(size, (uintptr_t)all + at);
        assert_ptr_equal(regions[order[i]], all + at);
        assert_true(lm_os_commit(regions[order[i]], size));
        memset(regions[order[i]], 1, size);
    }
    for (size_t i = 0; i < REGIONS; i++) {
        ask(regions[i]);
        ask(regions[i] + size - WORD);
    }
    ask(regions[0] - WORD);
    ask(regions[0] + size);
    ask(regions[4] - WORD);
    ask(regions[4] + size);
    ask(regions[2] + size);
    show_all((uintptr_t)__builtin_frame_address(0) - 4096);
    for (size_t i = 0; i < 2 * REGIONS; i++)
        expect(i, 0);
    for (size_t i = 2 * REGIONS; i < asked.count; i++)
        expect(i, 1);
    for (size_t i = 0; i < REGIONS; i++)
        lm_os_release(regions[i], size);
    munmap(all, 3 * REGIONS * size);
}

static void the_stack_from_where_one_stands(void **state) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    const uintptr_t sp = (here - 2048) & ~(uintptr_t)15;
    (void)state;
    ask((void *)sp);
    ask((void *)here);
    ask((void *)(sp - WORD));
    ask((void *)(sp - 1024));
    show_all(sp);
    assert_int_equal(asked.shown[0], 1);
    assert_int_equal(asked.shown[1], 1);
    assert_int_equal(asked.shown[2], 0);
    assert_int_equal(asked.shown[3], 0);
}

static bool met;
static void look_for(const uintptr_t *words, size_t count, uintptr_t from, void *context) {
    for (size_t i = 0; from == 0 && i < count; i++)
        met = met || words[i] == *(uintptr_t *)context;
}

static void registers(void **state) {
    static lm_stand stand;
    uintptr_t word = 0x5432;
    (void)state;
    stand.count = 3;
    stand.words[2] = word;
    stand.words[3] = 0x9876; /* one too many */
    stand.sp = (uintptr_t)__builtin_frame_address(0) - 4096;
    assert_true(lm_roots_start(&stand));
    met = false;
    lm_roots_each(look_for, &word);
    assert_true(met);
    met = false;
    word = 0x9876;
    lm_roots_each(look_for, &word);
    assert_false(met);
    lm_roots_end();
}

/* ---- Other threads ------------------------------------------------------------------------------- */

static _Atomic uintptr_t on_stack, below, in_tls;
static _Atomic bool leave;

static void *stand_about(void *argument) {
    uintptr_t *frame = __builtin_frame_address(0);
    local_to_thread = 9;
    in_tls = (uintptr_t)&local_to_thread;
    below = (uintptr_t)frame - (64 << 10);
    *(volatile char *)below = 1;
    on_stack = (uintptr_t)frame;
    while (!leave)
        usleep(1000);
    return argument;
}

static void show_world(void) {
    assert_true(lm_world_stop());
    show_all((uintptr_t)__builtin_frame_address(0) - 4096);
    lm_world_go();
}

static void stacks_of_others(void **state) {
    pthread_t thread;
    (void)state;
    leave = false;
    on_stack = 0;
    assert_int_equal(pthread_create(&thread, NULL, stand_about, NULL), 0);
    while (!on_stack)
        usleep(1000);
    ask((void *)on_stack);
    ask((void *)in_tls);
    ask((void *)below);
    show_world();
    assert_int_equal(asked.shown[0], 1);
    assert_int_equal(asked.shown[1], 1);
    assert_int_equal(asked.shown[2], 0);
    leave = true;
    pthread_join(thread, NULL);
    memset(asked.shown, 0, sizeof asked.shown);
    show_world(); /* the C library keeps the stack for others */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(asked.shown[i], 0);
}

/* ---- What an address is -------------------------------------------------------------------------- */

static void kinds_of_data(void **state) {
    static lm_stand stand;
    uintptr_t *allocated = malloc(64);
    char *shared = map(lm_os.page, PROT_READ | PROT_WRITE, MAP_SHARED);
    char *sealed = map(lm_os.page, PROT_READ, MAP_PRIVATE);
    char *shown = map(lm_os.page, PROT_READ, MAP_SHARED);
    (void)state;
    stand.sp = (uintptr_t)__builtin_frame_address(0) - 4096;
    assert_true(lm_roots_start(&stand));
    assert_true(lm_roots_is_constant((uintptr_t)constants));
    assert_true(lm_roots_is_constant((uintptr_t)set_up));
    assert_false(lm_roots_is_constant((uintptr_t)&data));
    assert_false(lm_roots_is_constant((uintptr_t)allocated));
    assert_false(lm_roots_is_constant((uintptr_t)sealed)); /* of no file */
    assert_false(lm_roots_is_constant((uintptr_t)shown));  /* others may change it */
    assert_false(lm_roots_is_constant(0));
    assert_false(lm_roots_is_constant(UINTPTR_MAX));
    assert_true(lm_roots_is_static((uintptr_t)&data));
    assert_true(lm_roots_is_static((uintptr_t)&zeros));
    assert_true(lm_roots_is_static((uintptr_t)&many_zeros[99999]));
    assert_false(lm_roots_is_static((uintptr_t)constants));
    assert_false(lm_roots_is_static(stand.sp));
    assert_false(lm_roots_is_static((uintptr_t)shared));
    assert_false(lm_roots_is_static(0));
    lm_roots_end();
    munmap(shared, lm_os.page);
    munmap(sealed, lm_os.page);
    munmap(shown, lm_os.page);
    free(allocated);
}

/* ---- Memory -------------------------------------------------------------------------------------- */

static uintptr_t first_from;

static void count_words(const uintptr_t *words, size_t count, uintptr_t from, void *context) {
    if (*(size_t *)context == 0)
        first_from = from;
    *(size_t *)context += count;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(words[i], from + i * WORD); /* as they were filled */
}

static size_t words_of(uintptr_t start, size_t size) {
    size_t count = 0;
    first_from = 0;
    lm_roots_memory(start, size, count_words, &count);
    return count;
}

static char *filled(size_t size) {
    char *at = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    for (uintptr_t i = 0; i < size; i += WORD)
        *(uintptr_t *)(void *)(at + i) = (uintptr_t)at + i;
    return at;
}

static void whole_words_only(void **state) {
    static lm_stand stand;
    const uintptr_t at = (uintptr_t)filled(lm_os.page);
    (void)state;
    stand.sp = (uintptr_t)__builtin_frame_address(0) - 4096;
    for (int round = 0; round < 2;
         round++) { /* first read in place, then, since nothing is known, copied */
        if (round == 0)
            assert_true(lm_roots_start(&stand));
        else
            assert_int_equal(mprotect((void *)at, lm_os.page, PROT_READ), 0);
        for (uintptr_t start = at; start < at + WORD; start++)
            for (size_t size = 0; size < (size_t)4 * WORD; size++) {
                const uintptr_t first = (start + WORD - 1) & ~(uintptr_t)(WORD - 1);
                const size_t words = start + size < first ? 0 : (start + size - first) / WORD;
                assert_int_equal(words_of(start, size), words);
                assert_int_equal(first_from, words ? first : 0);
            }
        assert_int_equal(words_of(at, lm_os.page), lm_os.page / WORD);
        assert_int_equal(words_of(at + 8, lm_os.page - 8), lm_os.page / WORD - 1);
    }
    lm_roots_end();
    munmap((void *)at, lm_os.page);
}

/* Small ones, those that are copied at once, and those of which only what was touched is. */
static void pages_that_are_closed(void **state) {
    static const size_t counts[] = {4, 16, 17, 100};
    static lm_stand stand;
    const size_t page = lm_os.page, words = page / WORD;
    (void)state;
    stand.sp = (uintptr_t)__builtin_frame_address(0) - 4096;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const size_t pages = counts[i];
        char *at = filled(pages * page);
        assert_true(lm_roots_start(&stand));
        assert_int_equal(words_of((uintptr_t)at, pages * page), pages * words);
        assert_true(lm_os_guard(at + page, page, lm_os.guards_by_advice));
        assert_int_equal(munmap(at + (pages - 1) * page, page), 0);
        assert_int_equal(words_of((uintptr_t)at, pages * page), (pages - 2) * words);
        assert_int_equal(words_of((uintptr_t)at + 8, page), words - 1);
        assert_int_equal(words_of((uintptr_t)at + page, page), 0);
        assert_int_equal(words_of((uintptr_t)at + page + 8, page), 1);
        assert_int_equal(words_of((uintptr_t)at + 5, pages * page - 5), (pages - 2) * words - 1);
        lm_roots_end();
        munmap(at, pages * page);
    }
}

static void untouched_pages(void **state) {
    enum { PAGES = 1000 };
    static lm_stand stand;
    const size_t page = lm_os.page;
    uintptr_t *at = (void *)map(PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    (void)state;
    stand.sp = (uintptr_t)__builtin_frame_address(0) - 4096;
    const size_t word = 700 * page / WORD;
    for (size_t i = word; i < word + page / WORD; i++)
        at[i] = (uintptr_t)&at[i];
    assert_true(lm_roots_start(&stand));
    assert_int_equal(words_of((uintptr_t)at, PAGES * page), page / WORD);
    assert_int_equal(first_from, (uintptr_t)&at[word]);
    assert_int_equal(words_of((uintptr_t)&at[word + 1], 100 * page), page / WORD - 1);
    assert_int_equal(words_of((uintptr_t)&at[word] - 100 * page, 100 * page + 24), 3);
    lm_roots_end();
    munmap(at, PAGES * page);
}

/* What wasn't mapped when roots were looked for is never read in place. */
static void small_ones_that_are_gone(void **state) {
    static lm_stand stand;
    char *at = filled(2 * lm_os.page);
    (void)state;
    munmap(at + lm_os.page, lm_os.page);
    stand.sp = (uintptr_t)__builtin_frame_address(0) - 4096;
    assert_true(lm_roots_start(&stand));
    assert_int_equal(words_of((uintptr_t)at + lm_os.page, 64), 0);
    assert_int_equal(words_of((uintptr_t)at + lm_os.page - 32, 64), 4);
    assert_int_equal(words_of((uintptr_t)at + lm_os.page - 64, 64), 8);
    lm_roots_end();
    munmap(at, lm_os.page);
}

static void single_words(void **state) {
    char *at = filled(2 * lm_os.page);
    uintptr_t word;
    (void)state;
    assert_true(lm_roots_word((uintptr_t)at + 16, &word));
    assert_int_equal(word, (uintptr_t)at + 16);
    munmap(at + lm_os.page, lm_os.page);
    assert_true(lm_roots_word((uintptr_t)at + lm_os.page - WORD, &word));
    assert_false(lm_roots_word((uintptr_t)at + lm_os.page - WORD + 1, &word));
    assert_false(lm_roots_word(0, &word));
    assert_false(lm_roots_word(UINTPTR_MAX, &word));
    munmap(at, lm_os.page);
}

/* ---- Without memory ------------------------------------------------------------------------------ */

static int start_in_little(void *argument) {
    const struct rlimit little = {1 << 20, 1 << 20};
    static lm_stand stand;
    (void)argument;
    stand.sp = (uintptr_t)__builtin_frame_address(0) - 4096;
    if (setrlimit(RLIMIT_AS, &little) != 0 || lm_roots_start(&stand))
        return 1;
    lm_roots_end();
    return 0;
}

static void too_little_memory(void **state) {
    (void)state;
    assert_int_equal(in_child(start_in_little, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(variables, set_up),
        cmocka_unit_test_setup(what_is_mapped, set_up),
        cmocka_unit_test_setup(reserved_memory, set_up),
        cmocka_unit_test_setup(the_stack_from_where_one_stands, set_up),
        cmocka_unit_test_setup(registers, set_up),
        cmocka_unit_test_setup(stacks_of_others, set_up),
        cmocka_unit_test_setup(kinds_of_data, set_up),
        cmocka_unit_test_setup(whole_words_only, set_up),
        cmocka_unit_test_setup(pages_that_are_closed, set_up),
        cmocka_unit_test_setup(untouched_pages, set_up),
        cmocka_unit_test_setup(small_ones_that_are_gone, set_up),
        cmocka_unit_test_setup(single_words, set_up),
        cmocka_unit_test_setup(too_little_memory, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
