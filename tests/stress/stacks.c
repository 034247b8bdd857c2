/* Call stacks while everything moves: threads come and go, modules are loaded and unloaded, coroutines
 * switch, signals interrupt whatever is done. The number of a stack is always that of what a walk finds.
 *
 *   stacks SECONDS */
// ctest-args: 2
// ctest-processors: 2
#include "base/compiler.h"
#include "heap/limits.h"
#include "os/os.h"
#include "stack/depot.h"
#include "stack/modules.h"
#include "stack/stack.h"
#include "support/loaded.h"
#include "support/trees.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

enum { THREADS = 3, SIGNAL_STACK = 256 << 10, COROUTINE_STACK = 256 << 10, PAUSE_NS = 200000 };

static atomic_bool stop;
static atomic_ulong checks, interrupts, loads, threads_run;

/* No stdio: it may be a handler that finds it. */
static void wrong(const char *what) {
    const ssize_t written = write(STDERR_FILENO, what, strlen(what));
    _exit(written > 0 ? 1 : 2);
}

static NOINLINE void check(void *argument) {
    uintptr_t walked[LM_DEPOT_FRAMES], got[LM_DEPOT_FRAMES];
    uint32_t modules[LM_DEPOT_FRAMES];
    (void)argument;
    const uint32_t id = lm_depot_here();
    const size_t count = lm_stack_capture(walked, LM_DEPOT_FRAMES);
    if (id == 0 && LM_DEPOT_BYTES <= LM_MIB(16))
        return; /* it is full, as it should be in the test mode */
    if (id == 0)
        wrong("a stack has no number\n");
    if (lm_depot_get(id, got, LM_DEPOT_FRAMES, NULL) != count)
        wrong("a stack has another length than a walk finds\n");
    if (memcmp(&got[1], &walked[1], (count - 1) * sizeof got[0]) != 0)
        wrong("a stack isn't what a walk finds\n");
    if (lm_depot_modules(id, modules, LM_DEPOT_FRAMES) != count ||
        (modules[0] == 0 && lm_object_known()))
        wrong("a stack lacks its modules\n");
    atomic_fetch_add_explicit(&checks, 1, memory_order_relaxed);
}

/* The last two instructions of a function that realigns its stack, as gcc makes them (lea -8(%r10),%rsp; ret): its
 * tables still go by the frame pointer there, which is the caller's again. */
static bool tables_are_wrong(const void *context) {
#ifdef __x86_64__
    static const unsigned char end[] = {0x49, 0x8d, 0x62, 0xf8, 0xc3};
    const ucontext_t *at = context;
    const unsigned char *pc = (const unsigned char *)at->uc_mcontext.gregs[REG_RIP];
    return *pc == 0xc3 || memcmp(pc, end, sizeof end) == 0;
#else
    (void)context;
    return false;
#endif
}

static void interrupted(int number, siginfo_t *info, void *context) {
    uintptr_t frames[LM_DEPOT_FRAMES];
    (void)number;
    (void)info;
    if (tables_are_wrong(context))
        return;
    check(NULL);
    const size_t count = lm_stack_capture_from(context, frames, LM_DEPOT_FRAMES);
    if (count == 0 || (lm_depot_put(frames, count, true) == 0 && LM_DEPOT_BYTES > LM_MIB(16)))
        wrong("what was interrupted has no stack\n");
    atomic_fetch_add_explicit(&interrupts, 1, memory_order_relaxed);
}

/* ---- Threads --------------------------------------------------------------------------------- */

static void *short_life(void *argument) {
    tree_run((uint64_t)(uintptr_t)argument, 6, check, NULL);
    atomic_fetch_add(&threads_run, 1);
    return NULL;
}

static _Thread_local ucontext_t outside, coroutine;

static void in_coroutine(void) {
    tree_run(7, 6, check, NULL);
    swapcontext(&coroutine, &outside);
}

static void run_coroutine(char *stack) {
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = COROUTINE_STACK;
    coroutine.uc_link = &outside;
    makecontext(&coroutine, in_coroutine, 0);
    if (swapcontext(&outside, &coroutine) != 0)
        wrong("swapcontext\n");
}

static void *work(void *argument) {
    const uint64_t first = (uint64_t)(uintptr_t)argument;
    stack_t other = {.ss_sp = malloc(SIGNAL_STACK), .ss_size = SIGNAL_STACK};
    char *stack = malloc(COROUTINE_STACK);
    sigaltstack(&other, NULL);
    for (uint64_t i = 0; !atomic_load(&stop); i++) {
        tree_run(first + i % 50, (int)(5 + i % 12), check, NULL);
        if (i % 10 == 0 && !LM_THREAD_SANITIZER) /* which must be told of coroutines */
            run_coroutine(stack);
        if (i % 20 == 0) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, short_life, argument) == 0)
                pthread_join(thread, NULL);
        }
    }
    void *at = other.ss_sp;
    other.ss_flags = SS_DISABLE;
    sigaltstack(&other, NULL);
    free(at);
    free(stack);
    return NULL;
}

/* ---- Modules --------------------------------------------------------------------------------- */

static void in_module(void *argument) {
    tree_run(*(const uint64_t *)argument, 4, check, NULL);
}

static void *load_and_unload(void *argument) {
    uint64_t i = 0;
    for (; !atomic_load(&stop); i++) {
        loaded l = load(i % 2 ? "second" : "first");
        uint64_t seed = i % 5;
        if (!l.call) {
            printf("the modules aren't there: they aren't loaded\n");
            return argument;
        }
        l.call(in_module, &seed);
        dlclose(l.handle);
        atomic_fetch_add(&loads, 1);
    }
    return argument;
}

int main(int count, char **arguments) {
    const unsigned seconds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 2;
    const struct sigaction action = {.sa_sigaction = interrupted,
                                     .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    const struct timespec pause_between = {0, PAUSE_NS};
    const time_t end = time(NULL) + (time_t)seconds;
    pthread_t threads[THREADS + 1];
    lm_os_start();
    sigaction(SIGUSR1, &action, NULL);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i * 1000 + 1)) != 0)
            wrong("pthread_create\n");
    if (pthread_create(&threads[THREADS], NULL, load_and_unload, NULL) != 0)
        wrong("pthread_create\n");
    for (size_t i = 0; time(NULL) < end; i++) {
        pthread_kill(threads[i % (THREADS + 1)], SIGUSR1);
        nanosleep(&pause_between, NULL);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i <= THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%lu stacks, %lu of them in handlers; %lu modules loaded, %lu threads\n",
           atomic_load(&checks), atomic_load(&interrupts), atomic_load(&loads),
           atomic_load(&threads_run));
    return 0;
}
