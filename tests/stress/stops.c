/* A thread is stopped before each instruction of a call in turn, and while it stands there, others free the same
 * block, release its slab and use the memory for something else. Then it goes on.
 *
 * A race that needs a thread to lose its processor between two certain instructions comes once in a billion calls
 * by chance; here it comes for sure. The processor itself does it: with the trap flag set, it raises SIGTRAP after
 * every instruction, and the handler counts them.
 *
 * In most scenarios the block is freed once too often. So there must be one finding, of that, no crash, and the
 * heap must be whole. When the stopped thread has said that it visits the slab, the others wait for it to end that;
 * so it goes on by itself after a while.
 *
 * Long calls are stopped before every instruction at their start only, farther on before one of some; with --all
 * before each.
 *
 * With --owner only what the block's owner does is stopped: without tails, others that come to a block at once
 * with its free may read what is no block any more. */

// ctest-args:
// ctest-builds: release clang debug test-mode
// ctest-args: --owner
// ctest-options: harden=1
// ctest-builds: release debug
// ctest-args:
// ctest-options: harden=3
// ctest-label: soak
// ctest-timeout: 900
// ctest-args: --all
// ctest-label: soak
// ctest-timeout: 900

#include "base/finding.h"
#include "heap/note.h"
#include "heap/verify.h"
#include "loam/loam.h"
#include "support/child.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#if !defined(__x86_64__)
int main(void) {
    puts("single steps are x86-64's");
    return 77;
}
#else

enum {
    STEPS_MOST = 20000, /* instructions of a call: more, and it never ends */
    EACH = 250,         /* from here on only one instruction in STRIDE, without --all */
    STRIDE = 31,
    STANDS_MS = 1,  /* so long a thread that is waited for stands */
    PATIENCE = 300, /* seconds for all stops of a scenario, then it hangs */
    LARGE = 300000, /* bytes: larger than a slab, so that what is hidden covers it */
    OTHERS = 3,     /* large blocks that come to lie where the slab was */
    TRAP_FLAG = 0x100,
};

typedef struct scenario {
    const char *name;
    size_t size;
    void (*call)(void *block); /* that is stopped */
    bool by_owner;             /* else by a thread that only frees */
    void (*meanwhile)(void *block);
    size_t least, most; /* count: frees that must be refused */
    bool overflow;      /* a byte behind the block is overwritten: that may be found, too */
} scenario;

/* ---- Stopping ------------------------------------------------------------------------------- */

static size_t steps, stop_at;
static bool stops_all;
static _Atomic bool stands, may_go;

/* What the parent is told about a child that crashed. */
static struct { size_t stop; } * shared;

static void nap(void) {
    nanosleep(&(struct timespec){0, 200000}, NULL);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_step(int signal, siginfo_t *info, void *context) {
    ucontext_t *at = context;
    (void)signal, (void)info;
    if (++steps < stop_at)
        return;
    at->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    atomic_store(&stands, true);
    double until = now() + STANDS_MS / 1e3;
    while (!atomic_load(&may_go) && now() < until)
        nap();
}

/* The red zone is left alone. */
#define TRAP_FLAG_SET                                                                              \
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"        \
                     "lea 128(%%rsp), %%rsp" ::                                                    \
                         : "memory", "cc")
#define TRAP_FLAG_CLEAR                                                                            \
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\t"      \
                     "lea 128(%%rsp), %%rsp" ::                                                    \
                         : "memory", "cc")

/* Makes the call, and stops before its instruction number `stop`. Returns whether it had that many. */
static bool call_and_stop(void (*call)(void *), void *block, size_t stop) {
    steps = 0;
    stop_at = stop;
    TRAP_FLAG_SET;
    call(block);
    TRAP_FLAG_CLEAR;
    return steps >= stop;
}

/* ---- One stop ------------------------------------------------------------------------------- */

static const scenario *now_on;
static void *block;
static _Atomic size_t found, found_others;

static void note_finding(const lm_finding *finding) {
    bool is_right = finding->kind == LM_DOUBLE_FREE || finding->kind == LM_INVALID_FREE ||
                    finding->kind == LM_FOREIGN_FREE;
    atomic_fetch_add(is_right ? &found : &found_others, 1);
    if (!is_right && !now_on->overflow)
        fprintf(stderr, "stop %zu: %s, at %p\n", shared->stop, lm_kind_code(finding->kind),
                finding->pointer);
}

static void *stopped_thread(void *argument) {
    bool *reached = argument;
    *reached = call_and_stop(now_on->call, block, shared->stop);
    atomic_store(&stands, true); /* it has come to its end */
    return NULL;
}

static void *meanwhile_thread(void *argument) {
    while (!atomic_load(&stands))
        nap();
    now_on->meanwhile(block);
    atomic_store(&may_go, true);
    return argument;
}

static void start(pthread_t *thread, void *(*function)(void *), void *argument) {
    if (pthread_create(thread, NULL, function, argument) != 0)
        abort();
}

/* The block is the main thread's. Returns whether the call has so many instructions. */
static bool stop_once(void) {
    pthread_t other;
    bool reached = false;
    atomic_store(&stands, false);
    atomic_store(&may_go, false);
    atomic_store(&found, 0);
    atomic_store(&found_others, 0);
    block = loam_malloc(now_on->size);
    if (now_on->overflow)
        ((char *)block)[now_on->size]++;
    if (now_on->by_owner) {
        start(&other, meanwhile_thread, NULL);
        stopped_thread(&reached);
    } else {
        start(&other, stopped_thread, &reached);
        meanwhile_thread(NULL);
    }
    pthread_join(other, NULL);
    loam_trim(SIZE_MAX / 2);
    size_t refused = atomic_load(&found);
    bool others_are_right = now_on->overflow || atomic_load(&found_others) == 0;
    if (refused < now_on->least || refused > now_on->most || !others_are_right) {
        fprintf(stderr, "stop %zu: %zu frees refused, %zu other findings\n", shared->stop, refused,
                atomic_load(&found_others));
        _exit(EXIT_FAILURE);
    }
    if (lm_verify() != 0) {
        fprintf(stderr, "stop %zu: invariant %d doesn't hold\n", shared->stop, lm_verify());
        _exit(EXIT_FAILURE);
    }
    loam_trim(0);
    return reached;
}

static int stop_everywhere(void *argument) {
    now_on = argument;
    alarm(PATIENCE);
    sigaction(SIGTRAP, &(struct sigaction){.sa_sigaction = on_step, .sa_flags = SA_SIGINFO}, NULL);
    lm_finding_hook = note_finding;
    loam_trim(0);
    for (shared->stop = 1; shared->stop < STEPS_MOST && stop_once();)
        shared->stop += stops_all || shared->stop < EACH ? 1 : STRIDE;
    return shared->stop < STEPS_MOST ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- Calls that are stopped, and what happens meanwhile --------------------------------------- */

static void free_it(void *p) {
    loam_free(p);
}

static void free_it_sized(void *p) {
    loam_free_sized(p, now_on->size);
}

static void resize_it(void *p) {
    loam_free(loam_realloc(p, 2 * now_on->size));
}

static void resize_it_in_place(void *p) {
    loam_free(loam_realloc(p, now_on->size - 1));
}

/* The memory lies under large blocks afterwards, that can't be touched. */
static void use_for_others(void) {
    void *others[OTHERS];
    loam_trim(0);
    for (int i = 0; i < OTHERS; i++)
        others[i] = loam_malloc(LARGE);
    for (int i = 0; i < OTHERS; i++)
        loam_free(others[i]);
}

static void free_and_use_for_others(void *p) {
    loam_free(p);
    use_for_others();
}

static void free_and_trim(void *p) {
    loam_free(p);
    loam_trim(0);
}

static void resize_and_use_for_others(void *p) {
    loam_free(loam_realloc(p, 3 * now_on->size));
    use_for_others();
}

static void free_it_twice(void *p) {
    loam_free(p);
    loam_free(p);
}

static void ask_for_size(void *p) {
    loam_usable_size(p);
}

/* As a thread does that has found it out at a check. */
static void say_damage(void *p) {
    lm_note_damage(p);
    lm_note_say();
}

static void use(void *p) {
    (void)p;
    use_for_others();
}

static const scenario scenarios[] = {
    {"free, then others' memory", 40, free_it, false, free_and_use_for_others, 1, 1, false},
    {"free, then others' memory", 700, free_it, false, free_and_use_for_others, 1, 1, false},
    {"free, then others' memory", 5000, free_it, false, free_and_use_for_others, 1, 1, false},
    {"free, then others' memory", 100000, free_it, false, free_and_use_for_others, 1, 1, false},
    {"sized free, then others' memory", 700, free_it_sized, false, free_and_use_for_others, 1, 1,
     false},
    {"free, then free memory", 700, free_it, false, free_and_trim, 1, 1, false},
    {"two frees, then others' memory", 700, free_it_twice, false, use, 1, 1, false},
    {"two frees, then others' memory", 100000, free_it_twice, false, use, 1, 1, false},
    {"a question, then others' memory", 700, ask_for_size, false, free_and_use_for_others, 0, 1,
     false},
    {"a question, then others' memory", 100000, ask_for_size, false, free_and_use_for_others, 0, 1,
     false},
    {"saying of damage, then others' memory", 700, say_damage, false, free_and_use_for_others, 0, 0,
     true},
    {"realloc, then others' memory", 700, resize_it, false, free_and_use_for_others, 1, 1, false},
    {"realloc, then others' memory", 5000, resize_it, false, free_and_use_for_others, 1, 1, false},
    {"realloc in place, then others' memory", 700, resize_it_in_place, false,
     free_and_use_for_others, 1, 1, false},
    {"free, while it is resized", 700, free_it, false, resize_and_use_for_others, 1, 1, false},
    {"the owner's free, while another frees", 40, free_it, true, free_it, 1, 1, false},
    {"the owner's free, while another frees", 200, free_it, true, free_it, 1, 1, false},
    {"the owner's free, while another frees", 700, free_it, true, free_it, 1, 1, false},
    {"the owner's free, while another frees", 5000, free_it, true, free_it, 1, 1, false},
    {"the owner's realloc, while another frees", 40, resize_it, true, free_it, 1, 1, false},
    {"the owner's realloc, while another frees", 700, resize_it, true, free_it, 1, 1, false},
    {"the owner's realloc, while another frees", 5000, resize_it, true, free_it, 1, 1, false},
};

int main(int count, char **arguments) {
    int failures = 0;
    bool owner_only = count > 1 && strcmp(arguments[1], "--owner") == 0;
    stops_all = count > 1 && strcmp(arguments[1], "--all") == 0;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        scenario s = scenarios[i];
        if (owner_only && !s.by_owner)
            continue;
        int status = in_child(stop_everywhere, &s);
        printf("%s, %zu bytes: %zu stops, status %d (minus: a signal)\n", s.name, s.size,
               shared->stop, status);
        failures += status != EXIT_SUCCESS;
    }
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
#endif
