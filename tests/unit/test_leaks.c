// ctest-timeout: 120
// ctest-builds: release clang debug test-mode

/* Not under the sanitizers: what they keep of stacks and of freed memory holds pointers. */

#include "support/unit.h"

#include "check/dangling.h"
#include "check/leaks.h"
#include "check/stand.h"
#include "check/tale.h"
#include "os/os.h"
#include "os/reserved.h"
#include "stack/depot.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- A heap of the test's own: what the checker says of its blocks is what this table holds ----- */

enum { HEAP = 512 << 20, BLOCKS = 2200000 };

static char *heap;
static size_t heap_used;
static lm_block *table;
static size_t block_count;

bool lm_blocks_find(uintptr_t at, lm_block *block) {
    for (size_t i = 0; i < block_count; i++)
        if (at >= (uintptr_t)heap && at < (uintptr_t)heap + heap_used && table[i].start == at) {
            *block = table[i];
            return true;
        }
    return false;
}

void lm_blocks_each(bool (*visit)(const lm_block *block, void *context), void *context) {
    for (size_t i = 0; i < block_count; i++)
        if (table[i].live && !visit(&table[i], context))
            return;
}

/* None of the test's variables holds a block's address but those that shall: all this is no root. */
enum { TALES = 64, TALES_BYTES = 64 << 10 };
static struct told {
    lm_tale tale;
    lm_block block;
    char holders[256];
} * tales;
static size_t tale_count;

void lm_tale_tell(const lm_tale *tale) {
    assert_true(tale_count < TALES);
    tales[tale_count].tale = *tale;
    if (tale->block)
        tales[tale_count].block = *tale->block;
    if (tale->holders)
        snprintf(tales[tale_count].holders, sizeof tales[0].holders, "%s", tale->holders);
    tale_count++;
}

static size_t note_count;

static void note(const char *text) {
    print_message("note: %s\n", text);
    note_count++;
}

/* `stack` is what tells groups apart. */
static __attribute__((noinline)) void *make(size_t size, uint32_t stack) {
    void *p = heap + heap_used;
    heap_used += (size + 15) / 16 * 16 + 16;
    assert_true(heap_used < HEAP && block_count < BLOCKS);
    table[block_count++] = (lm_block){.start = (uintptr_t)p,
                                      .size = size,
                                      .live = true,
                                      .allocated = stack,
                                      .allocated_call = "malloc",
                                      .allocated_time = 1};
    return p;
}

static int start(void **state) {
    static const lm_leaks_needs needs = {.note = note, .enabled = true};
    (void)state;
    lm_os_start();
    heap = lm_os_reserve(HEAP, 0);
    table = lm_os_reserve(BLOCKS * sizeof *table, 0);
    assert_true(lm_os_commit(heap, HEAP) &&
                lm_os_commit(table, BLOCKS * sizeof *table / 4096 * 4096));
    tales = lm_os_reserve(TALES_BYTES, 0);
    assert_true(lm_os_commit(tales, TALES_BYTES));
    lm_leaks_start(&needs);
    return 0;
}

static const lm_leaks_needs with_dangling = {.enabled = true, .dangling = true};
static const lm_leaks_needs without = {.note = note, .enabled = true};

/* The block with the lowest address, which the marker itself keeps. */
static void *volatile lowest;

static int clean(void **state) {
    (void)state;
    memset(heap, 0, heap_used);
    heap_used = block_count = tale_count = note_count = 0;
    lowest = make(16, 1);
    lm_leaks_start(&without);
    return 0;
}

/* What functions that have returned left on the stack. */
static __attribute__((noinline)) void wipe(void) {
    char junk[16384];
    memset(junk, 0, sizeof junk);
    __asm__ volatile("" : : "r"(junk) : "memory");
}

static const lm_tale *told(uint32_t stack) {
    for (size_t i = 0; i < tale_count; i++)
        if (tales[i].tale.block && tales[i].block.allocated == stack)
            return &tales[i].tale;
    return NULL;
}

static void look(void) {
    wipe();
    tale_count = 0;
    lm_leaks_tell();
}

#define assert_leak(its_stack, its_blocks, its_indirect)                                           \
    do {                                                                                           \
        const lm_tale *t = told(its_stack);                                                        \
        assert_non_null(t);                                                                        \
        assert_int_equal(t->code, LM_CODE_LEAK);                                                   \
        assert_int_equal(t->blocks, its_blocks);                                                   \
        assert_int_equal(t->indirect_blocks, its_indirect);                                        \
    } while (0)

/* ---- Shapes ------------------------------------------------------------------------------------ */

typedef struct node {
    struct node *next, *other;
} node;

static node *volatile global;

static __attribute__((noinline)) node *list(size_t length, uint32_t stack) {
    node *first = NULL;
    for (size_t i = 0; i < length; i++) {
        node *n = make(sizeof *n, i + 1 == length ? stack : stack + 1);
        n->next = first;
        first = n;
    }
    return first;
}

static node *tree(unsigned depth, uint32_t stack) {
    node *n = make(sizeof *n, stack);
    if (depth > 1) {
        n->next = tree(depth - 1, stack + 1);
        n->other = tree(depth - 1, stack + 1);
    }
    return n;
}

static void held_is_not_told(void **state) {
    (void)state;
    global = list(100, 10);
    look();
    assert_int_equal(tale_count, 0);
    global = NULL;
}

static void list_is_one_group(void **state) {
    (void)state;
    list(100, 10);
    look();
    assert_int_equal(tale_count, 1);
    assert_leak(10, 1, 99);
    assert_int_equal(told(10)->indirect_bytes, 99 * sizeof(node));
    assert_int_equal(told(10)->bytes_in_all, 100 * sizeof(node));
}

static __attribute__((noinline)) void make_shapes(void) {
    tree(8, 20);
    node *ring = list(10, 30);
    node *last = ring;
    while (last->next)
        last = last->next;
    last->next = ring;
    for (int i = 0; i < 7; i++)
        make(24, 40);
    node *shared = make(16, 50); /* two direct ones lead to it: it is indirect, once */
    ((node *)make(16, 51))->next = shared;
    ((node *)make(16, 52))->next = shared;
    node *self = make(16, 60);
    self->next = self;
}

static void shapes(void **state) {
    (void)state;
    make_shapes();
    look();
    assert_leak(20, 1, 254);
    assert_true(told(30) || told(31)); /* any of a ring may be the direct one */
    const lm_tale *ring = told(30) ? told(30) : told(31);
    assert_int_equal(ring->blocks + ring->indirect_blocks, 10);
    assert_leak(40, 7, 0);
    assert_null(told(50));
    assert_int_equal(told(51)->indirect_blocks + told(52)->indirect_blocks, 1);
    assert_leak(60, 1, 0);
    assert_int_equal(tale_count, 6);
    for (size_t i = 1; i < tale_count; i++)
        assert_true(tales[i - 1].tale.bytes_in_all >= tales[i].tale.bytes_in_all);
}

static char *volatile inner;

static __attribute__((noinline)) void hold_inside(size_t offset, uint32_t stack) {
    char *p = make(64, stack);
    *(void **)(void *)p = make(32, stack + 1);
    inner = p + offset;
}

/* Held by the address `by` bytes inside, as many as they are; each has a stack whose caller is the same. */
static __attribute__((noinline)) void keep_inside(char *volatile *kept, int count, size_t by) {
    for (int i = 0; i < count; i++) {
        const uintptr_t frames[] = {0x1000, 0x2000 + (uintptr_t)i};
        kept[i] = (char *)make(200, lm_depot_put(frames, 2, false)) + by;
    }
}

static void drop(char *volatile *kept, size_t count) {
    for (size_t i = 0; i < count; i++)
        kept[i] = NULL;
}

static void a_habit_is_no_leak(void **state) {
    static char *volatile kept[21];
    (void)state;
    keep_inside(kept, 20, 3);
    keep_inside(kept + 20, 1, 5); /* a longer header */
    char *own = make(40, 10);
    memcpy(kept[20] + 3, &own, sizeof own);
    look();
    assert_int_equal(tale_count, 0);
    drop(kept, sizeof kept / sizeof kept[0]);
}

/* Lists whose links lead behind a header: they are followed to their ends at once. */
static void lists_by_habit(void **state) {
    enum { LISTS = 8, LENGTH = 100000 };
    static char *volatile kept[LISTS];
    static const uintptr_t frames[] = {0x1000, 0x2000};
    const uint32_t stack = lm_depot_put(frames, 2, false);
    (void)state;
    for (size_t i = 0; i < LISTS; i++)
        for (size_t j = 0; j < LENGTH; j++) {
            char *p = make(24, stack);
            *(char **)(void *)(p + 8) = kept[i];
            kept[i] = p + 3;
        }
    look();
    assert_int_equal(tale_count, 0);
    drop(kept, LISTS);
}

/* Far from their start each distance is a habit of its own. */
static void a_far_habit(void **state) {
    static char *volatile kept[21];
    (void)state;
    keep_inside(kept, 20, 120);
    look();
    assert_int_equal(tale_count, 0);
    keep_inside(kept + 20, 1, 130);
    look();
    assert_int_equal(tale_count, 1);
    drop(kept, sizeof kept / sizeof kept[0]);
}

static void few_are_no_habit(void **state) {
    static char *volatile kept[4];
    (void)state;
    keep_inside(kept, 4, 3);
    look();
    assert_int_equal(tale_count, 4);
    drop(kept, sizeof kept / sizeof kept[0]);
}

static char *volatile held_inside;

static __attribute__((noinline)) void keep_with_start(void) {
    char *p = make(200, 10);
    memcpy(p + 168, &p, sizeof p);
    held_inside = p + 160;
}

static void start_in_the_block_is_no_leak(void **state) {
    (void)state;
    keep_with_start();
    look();
    assert_int_equal(tale_count, 0);
    held_inside = NULL;
}

typedef struct list_link {
    struct list_link *next, *previous;
} list_link;

static list_link links;

static __attribute__((noinline)) void keep_links(void) {
    links.next = links.previous = &links;
    for (int i = 0; i < 3; i++) {
        list_link *here = (void *)((char *)make(40, 10) + 24);
        *here = (list_link){&links, links.previous};
        links.previous->next = here;
        links.previous = here;
    }
}

static void links_are_no_leak(void **state) {
    (void)state;
    keep_links();
    look();
    assert_int_equal(tale_count, 0);
    links.next = NULL; /* the others still lead to it, but not it to them */
    links.previous = NULL;
    look();
    assert_int_equal(told(10)->blocks + told(10)->indirect_blocks, 3);
}

static void inside_is_possible(void **state) {
    (void)state;
    hold_inside(20, 10);
    look();
    assert_int_equal(tale_count, 1);
    assert_int_equal(told(10)->code, LM_CODE_POSSIBLE_LEAK);
    assert_int_equal(told(10)->certainty, LM_CERTAIN_INFERRED);
    assert_int_equal(told(10)->indirect_blocks, 1);
    hold_inside(64, 20); /* one past the end: the next block begins 16 bytes later */
    look();
    assert_leak(20, 1, 1);
    inner = NULL;
}

static __attribute__((noinline)) void hold_string(size_t capacity) {
    size_t *p = make(3 * sizeof *p + 100 + 1, 10);
    p[0] = 7;
    p[1] = capacity;
    inner = (char *)&p[3];
}

static __attribute__((noinline)) void hold_array(size_t count, const char *call) {
    size_t *p = make(sizeof *p + (size_t)10 * 24, 10);
    table[block_count - 1].allocated_call = call;
    p[0] = count;
    inner = (char *)&p[1];
}

typedef struct object {
    const void *first_table;
    long member;
    const void *second_table;
} object;

static void (*const functions[])(void **) = {held_is_not_told, list_is_one_group};

static __attribute__((noinline)) void hold_base(const void *of_second) {
    object *p = make(sizeof *p, 10);
    p->first_table = &functions[0];
    p->second_table = of_second;
    inner = (char *)&p->second_table;
}

/* new T[1], and a pointer to the second base of what is in it. */
static void base_in_array(void) {
    size_t *p = make(sizeof *p + sizeof(object), 10);
    table[block_count - 1].allocated_call = "operator new[]";
    object *in = (void *)&p[1];
    p[0] = 1;
    in->first_table = &functions[0];
    in->second_table = &functions[1];
    inner = (char *)&in->second_table;
}

static size_t tales_of(void (*hold)(void)) {
    hold();
    look();
    const size_t count = tale_count;
    clean(NULL);
    return count;
}

static void good_string(void) {
    hold_string(100);
}
static void no_string(void) {
    hold_string(99);
}
static void good_array(void) {
    hold_array(10, "operator new[]");
}
static void wrong_count(void) {
    hold_array(11, "operator new[]");
}
static void no_array(void) {
    hold_array(10, "malloc");
}
static void good_base(void) {
    hold_base(&functions[1]);
}
static void no_base(void) {
    hold_base(heap);
}

static void well_known_insides(void **state) {
    (void)state;
    assert_int_equal(tales_of(good_string), 0);
    assert_int_equal(tales_of(no_string), 1);
    assert_int_equal(tales_of(good_array), 0);
    assert_int_equal(tales_of(wrong_count), 1);
    assert_int_equal(tales_of(no_array), 1);
    assert_int_equal(tales_of(good_base), 0);
    assert_int_equal(tales_of(no_base), 1);
    assert_int_equal(tales_of(base_in_array), 0);
    inner = NULL;
}

/* ---- Places ------------------------------------------------------------------------------------ */

static __thread void *volatile in_tls;

static __attribute__((noinline)) void put(void *volatile *to, uint32_t stack) {
    *to = make(40, stack);
}

static void tls(void **state) {
    (void)state;
    put(&in_tls, 10);
    look();
    assert_int_equal(tale_count, 0);
    in_tls = NULL;
    look();
    assert_int_equal(tale_count, 1);
}

static void own_stack(void **state) {
    void *volatile here;
    (void)state;
    put(&here, 10);
    look();
    assert_int_equal(tale_count, 0);
    here = NULL;
    look();
    assert_int_equal(tale_count, 1);
}

static void mapped(int flags) {
    const size_t size = (size_t)1 << 40; /* hardly any of it is touched */
    char *map =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
    if (map == MAP_FAILED)
        return;
    put((void *volatile *)(void *)(map + size / 2 + 8), 10);
    look();
    assert_int_equal(tale_count, 0);
    munmap(map, size);
    look();
    assert_int_equal(tale_count, 1);
    clean(NULL);
}

static void in_mappings(void **state) {
    (void)state;
    mapped(MAP_PRIVATE);
}

static void in_shared_memory(void **state) {
    (void)state;
    char *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
    assert_true(map != MAP_FAILED);
    put((void *volatile *)(void *)(map + 4096), 10);
    look();
    assert_int_equal(tale_count, 0);
    const pid_t child = fork(); /* it hasn't touched it */
    if (child == 0) {
        look();
        _exit(tale_count == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    munmap(map, 1 << 20);
}

/* Pages that can't be read amid others that can. */
static void guards_are_passed_over(void **state) {
    (void)state;
    const size_t page = lm_os.page;
    char *map = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    memset(map, 1, 16 * page);
    assert_true(lm_os_guard(map + 3 * page, page, lm_os.guards_by_advice));
    mprotect(map + 7 * page, page, PROT_NONE);
    put((void *volatile *)(void *)(map + 4 * page), 10);
    put((void *volatile *)(void *)(map + 9 * page - 8), 11);
    look();
    assert_int_equal(tale_count, 0);
    munmap(map, 16 * page);
}

static __attribute__((noinline)) void make_large(void) {
    char *large = make(64 << 20, 10);
    global = (void *)large;
    put((void *volatile *)(void *)(large + (40 << 20)), 11);
    char *middle = make(40000, 12);
    put((void *volatile *)(void *)(middle + 39984), 13);
    *(void **)(void *)(large + 16) = middle;
}

static __attribute__((noinline)) void protect_in_large(int protection) {
    mprotect(heap + (20 << 20), lm_os.page, protection);
}

/* Blocks of many pages, some of which can't be read or were never touched. */
static void large_blocks(void **state) {
    (void)state;
    make_large();
    protect_in_large(PROT_NONE);
    look();
    assert_int_equal(tale_count, 0);
    protect_in_large(PROT_READ | PROT_WRITE);
    global = NULL;
    look();
    assert_leak(10, 1, 3);
}

/* ---- Threads ----------------------------------------------------------------------------------- */

static _Atomic bool ready, leave;
static _Atomic uintptr_t given; /* inverted, so that it is no pointer */

/* Only a register holds it. */
static void *hold_in_register(void *argument) {
    (void)argument;
    uintptr_t value = ~atomic_load(&given);
    atomic_store(&ready, true);
    while (!atomic_load(&leave))
        __asm__ volatile("" : "+r"(value));
    return NULL;
}

static void *hold_in_vectors(void *argument) {
    (void)argument;
#if defined(__x86_64__)
    uintptr_t inverted = atomic_load(&given);
    __asm__ volatile("movq %0, %%xmm9\n\tpcmpeqd %%xmm8, %%xmm8\n\tpxor %%xmm8, %%xmm9"
                     :
                     : "r"(inverted)
                     : "xmm8", "xmm9");
    ready = true;
    while (!leave)
        __asm__ volatile("" ::: "memory");
#else
    hold_in_register(NULL);
#endif
    return NULL;
}

static void *hold_on_stack(void *argument) {
    void *volatile here;
    (void)argument;
    put(&here, 10);
    wipe();
    ready = true;
    while (!leave)
        usleep(1000);
    here = NULL;
    return NULL;
}

static void *hold_in_tls(void *argument) {
    (void)argument;
    put(&in_tls, 10);
    wipe();
    ready = true;
    while (!leave)
        usleep(1000);
    return NULL;
}

static void *hold_with_signals_blocked(void *argument) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    return hold_in_register(argument);
}

static __attribute__((noinline)) void give(void) {
    atomic_store(&given, ~(uintptr_t)make(40, 10));
}

static void thread_holds(void *(*function)(void *)) {
    pthread_t thread;
    ready = leave = false;
    give();
    if (function == hold_on_stack || function == hold_in_tls)
        clean(NULL);
    assert_int_equal(pthread_create(&thread, NULL, function, NULL), 0);
    while (!ready)
        usleep(100);
    for (int i = 0; i < 3; i++) {
        look();
        assert_int_equal(tale_count, 0);
    }
    leave = true;
    pthread_join(thread, NULL);
    look();
    assert_int_equal(tale_count, 1); /* its stack is kept, but doesn't count */
    assert_int_equal(note_count, 0);
    clean(NULL);
}

static void threads(void **state) {
    (void)state;
    thread_holds(hold_in_register);
    thread_holds(hold_in_vectors);
    thread_holds(hold_on_stack);
    thread_holds(hold_in_tls);
    thread_holds(hold_with_signals_blocked);
}

static void *give_result(void *argument) {
    (void)argument;
    return make(40, 10);
}

/* What a thread returned is in its control block, until somebody fetches it. */
static void results(void **state) {
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, give_result, NULL), 0);
    usleep(100000);
    look();
    assert_int_equal(tale_count, 0);
    pthread_join(thread, NULL);
    look();
    assert_int_equal(tale_count, 1);
}

static _Atomic bool storm;

static void *nothing(void *argument) {
    return argument;
}

static void *make_threads(void *argument) {
    while (storm) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, nothing, argument) == 0)
            pthread_join(thread, NULL);
    }
    return NULL;
}

/* Threads come and go all the time. */
static void a_storm_of_threads(void **state) {
    pthread_t makers[4];
    (void)state;
    storm = true;
    for (int i = 0; i < 4; i++)
        pthread_create(&makers[i], NULL, make_threads, NULL);
    global = list(10, 10);
    for (int i = 0; i < 50; i++) {
        look();
        assert_int_equal(tale_count, 0);
    }
    storm = false;
    for (int i = 0; i < 4; i++)
        pthread_join(makers[i], NULL);
    assert_int_equal(note_count, 0);
    global = NULL;
}

static void *wait_for_cancel(void *argument) {
    ready = true;
    for (;;)
        pause();
    return argument;
}

/* The signal is the C library's own; it still does what it did. */
static void cancelling_works(void **state) {
    pthread_t thread;
    void *result;
    (void)state;
    for (int i = 0; i < 3; i++) {
        ready = false;
        pthread_create(&thread, NULL, wait_for_cancel, NULL);
        while (!ready)
            usleep(100);
        look();
        pthread_cancel(thread);
        look();
        pthread_join(thread, &result);
        assert_ptr_equal(result, PTHREAD_CANCELED);
    }
}

/* ---- On demand --------------------------------------------------------------------------------- */

static _Atomic bool locked;
static bool try_lock(void) {
    return !locked;
}

static void on_demand(void **state) {
    static const lm_leaks_needs needs = {.note = note, .lock = try_lock, .enabled = true};
    (void)state;
    signal(SIGUSR1, SIG_DFL);
    lm_leaks_start(&needs);
    list(5, 10);
    wipe();
    raise(SIGUSR1);
    assert_leak(10, 1, 4);
    tale_count = 0;
    locked = true;
    raise(SIGUSR1);
    lm_leaks_poll();
    assert_int_equal(tale_count, 0);
    locked = false;
    wipe();
    lm_leaks_poll();
    assert_leak(10, 1, 4);
    tale_count = 0;
    lm_leaks_poll();
    assert_int_equal(tale_count, 0);
    signal(SIGUSR1, SIG_IGN);
    lm_leaks_start(&needs);
    raise(SIGUSR1);
    assert_int_equal(tale_count, 0);
    lm_leaks_start(&without);
}

static void on_call_of_another_process(void **state) {
    (void)state;
    list(5, 10);
    wipe();
    const pid_t self = getpid(), child = fork();
    if (child == 0) {
        const union sigval value = {.sival_int = 0x6c6f616d};
        siginfo_t info = {.si_signo = 32, .si_code = SI_QUEUE, .si_value = value};
        info.si_pid = getpid();
        _exit(syscall(129 /* rt_sigqueueinfo */, self, 32, &info) == 0 ? 0 : 1);
    }
    int status;
    while (waitpid(child, &status, 0) != child)
        ;
    assert_int_equal(status, 0);
    for (int i = 0; i < 1000 && tale_count == 0; i++)
        usleep(1000);
    assert_leak(10, 1, 4);
}

static uint64_t now(void) {
    return 5;
}

static void children(void **state) {
    static const lm_leaks_needs needs = {.note = note, .now = now, .enabled = true};
    (void)state;
    lm_leaks_start(&needs);
    list(5, 10);
    assert_true(lm_leaks_due_at_quick_exit());
    const pid_t child = fork();
    if (child == 0) {
        lm_leaks_forked();
        list(3, 20);
        table[block_count - 1].allocated_time = 9;
        look();
        _exit(tale_count == 1 && told(20) && !lm_leaks_due_at_quick_exit() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    lm_leaks_start(&without);
}

/* ---- Dangling pointers ------------------------------------------------------------------------- */

static __attribute__((noinline)) void release(size_t number) {
    table[number].live = false;
    table[number].freed = table[number].allocated + 1000;
    lm_dangling_at_free(&table[number], (uintptr_t)__builtin_frame_address(0));
}

static __attribute__((noinline)) void hold_freed(bool clear) {
    global = list(1, 10);
    node *owner = make(sizeof *owner, 20);
    inner = (char *)owner;
    owner->other = list(1, 30);
    release(1);
    release(3);
    if (clear) {
        global = NULL;
        owner->other = NULL;
    }
}

static void dangling(void **state) {
    (void)state;
    lm_leaks_start(&with_dangling);
    hold_freed(false);
    look();
    assert_int_equal(tale_count, 2);
    assert_int_equal(told(10)->code, LM_CODE_DANGLING_POINTER);
    char expected[64];
    snprintf(expected, sizeof expected, "static:0x%zx:", (size_t)&global);
    assert_int_equal(strncmp(tales[0].holders, expected, strlen(expected)), 0);
    snprintf(expected, sizeof expected, "block:0x%zx:0x%zx+8", (size_t)inner + 8, (size_t)inner);
    assert_string_equal(tales[1].holders, expected);
    clean(NULL);
    hold_freed(true);
    look();
    assert_int_equal(tale_count, 0);
    global = NULL;
    inner = NULL;
    lm_leaks_start(&without);
}

static __attribute__((noinline)) void free_others(void) {
    for (int i = 0; i < 200; i++) {
        make(16, 99);
        release(block_count - 1);
    }
}

static __attribute__((noinline)) void free_on_stack(bool clear) {
    void *volatile here;
    put(&here, 10);
    const size_t number = block_count - 1;
    release(number);
    if (clear)
        here = NULL;
    wipe();
    free_others();
    free_others();
    __asm__ volatile("" ::"r"(&here) : "memory");
}

static void dangling_on_stack(void **state) {
    (void)state;
    lm_leaks_start(&with_dangling);
    free_on_stack(false);
    look();
    assert_non_null(told(10));
    assert_int_equal(tale_count, 1);
    assert_int_equal(strncmp(tales[0].holders, "stack:", 6), 0);
    clean(NULL);
    free_on_stack(true);
    look();
    assert_int_equal(tale_count, 0);
    lm_leaks_start(&without);
}

/* ---- Time -------------------------------------------------------------------------------------- */

static void many_blocks(void **state) {
    (void)state;
    node *first = NULL;
    for (size_t i = 0; i < 2000000; i++) {
        node *n = make(48, (uint32_t)(i % 100) + 1);
        n->next = first;
        n->other = i > 1000 ? (node *)table[1 + (i * 7919) % i].start : NULL;
        first = n;
    }
    global = first;
    first = NULL;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    look();
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("2 million blocks: %.2f s\n", (double)(end.tv_sec - begin.tv_sec) +
                                                    (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    assert_int_equal(tale_count, 0);
    global = NULL;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    wipe();
    lm_leaks_tell();
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("all lost: %.2f s\n", (double)(end.tv_sec - begin.tv_sec) +
                                            (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    assert_int_equal(tale_count, 1);
    assert_int_equal(tales[0].tale.indirect_blocks, 1999999);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(held_is_not_told, clean),
        cmocka_unit_test_setup(list_is_one_group, clean),
        cmocka_unit_test_setup(shapes, clean),
        cmocka_unit_test_setup(a_habit_is_no_leak, clean),
        cmocka_unit_test_setup(lists_by_habit, clean),
        cmocka_unit_test_setup(a_far_habit, clean),
        cmocka_unit_test_setup(few_are_no_habit, clean),
        cmocka_unit_test_setup(start_in_the_block_is_no_leak, clean),
        cmocka_unit_test_setup(links_are_no_leak, clean),
        cmocka_unit_test_setup(inside_is_possible, clean),
        cmocka_unit_test_setup(well_known_insides, clean),
        cmocka_unit_test_setup(tls, clean),
        cmocka_unit_test_setup(own_stack, clean),
        cmocka_unit_test_setup(in_mappings, clean),
        cmocka_unit_test_setup(in_shared_memory, clean),
        cmocka_unit_test_setup(guards_are_passed_over, clean),
        cmocka_unit_test_setup(large_blocks, clean),
        cmocka_unit_test_setup(threads, clean),
        cmocka_unit_test_setup(results, clean),
        cmocka_unit_test_setup(a_storm_of_threads, clean),
        cmocka_unit_test_setup(cancelling_works, clean),
        cmocka_unit_test_setup(on_demand, clean),
        cmocka_unit_test_setup(on_call_of_another_process, clean),
        cmocka_unit_test_setup(children, clean),
        cmocka_unit_test_setup(dangling, clean),
        cmocka_unit_test_setup(dangling_on_stack, clean),
        cmocka_unit_test_setup(many_blocks, clean),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
