#include "check/world.h"

#include "base/system.h"
#include "check/dispatch.h"
#include "check/grow.h"
#include "check/process.h"
#include "check/shadow.h"
#include "os/os.h"
#include "stack/machine.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

enum {
    THREADS_MAX = 1 << 16,
    ROUNDS_MAX = 64,       /* of listing, until no thread is new */
    WAIT_NS = 50 * 1000,   /* between two looks at who has come */
    WAITS_MAX = 10 * 1000, /* looks: half a second without anybody coming, and more */
    FXSAVE_BYTES = 512,
};

static struct {
    lm_world_thread *threads;
    _Atomic size_t count;
    _Atomic uint32_t
        turn; /* odd while the world is stopped; threads that came wait for its change */
    int self, process;
} world;

static lm_grow memory; /* of world.threads */

/* The kernel's form of a disposition: the C library's sigaction refuses its own signals. */
typedef struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
} kernel_action;

static kernel_action before;

/* ---- In the threads that are stopped ----------------------------------------------------------- */

static void save_registers(lm_world_thread *thread, const ucontext_t *context) {
#if defined(__x86_64__)
    const greg_t *from = context->uc_mcontext.gregs;
    thread->count = REG_RIP;
    for (size_t i = 0; i < thread->count; i++)
        thread->registers[i] = (uintptr_t)from[i];
    thread->sp = (uintptr_t)from[REG_RSP];
    thread->vectors = (uintptr_t)context->uc_mcontext.fpregs;
    thread->vectors_size = thread->vectors ? FXSAVE_BYTES : 0;
#elif defined(__aarch64__)
    thread->count = 31;
    memcpy(thread->registers, context->uc_mcontext.regs, thread->count * sizeof(uintptr_t));
    thread->sp = context->uc_mcontext.sp;
    thread->vectors = (uintptr_t)context->uc_mcontext.__reserved;
    thread->vectors_size = FXSAVE_BYTES;
#else
    thread->sp = (uintptr_t)context;
#endif
    thread->control = lm_machine_thread();
}

static void stand_still(uint32_t turn) {
    while (atomic_load(&world.turn) == turn)
        lm_os_wait(&world.turn, turn);
}

/* Whether the signal is from lm_world_stop; then *thread is whose it is, NULL when it comes too late. */
static bool is_ours(const siginfo_t *info, lm_world_thread **thread) {
    const uint64_t value = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
    const uint32_t turn = (uint32_t)(value >> 32), place = (uint32_t)value;
    *thread = NULL;
    if (info->si_code != SI_QUEUE || info->si_pid != lm_os_process() || !(turn & 1))
        return false;
    if (turn == atomic_load(&world.turn) && place < atomic_load(&world.count))
        *thread = &world.threads[place];
    return true;
}

static void (*answer)(const void *context);

static bool is_call(const siginfo_t *info) {
    return info->si_code == SI_QUEUE && info->si_pid != lm_os_process() &&
           (uint32_t)info->si_value.sival_int == LM_WORLD_CALL;
}

static void serve(int number, siginfo_t *info, void *context) {
    lm_world_thread *thread;
    uint32_t expected = LM_WORLD_ASKED;
    if (is_call(info)) {
        if (answer)
            answer(context);
    } else if (!is_ours(info, &thread)) {
        if ((uintptr_t)before.handler > (uintptr_t)SIG_IGN)
            before.handler(number, info, context);
    } else if (thread &&
               atomic_compare_exchange_strong(&thread->state, &expected, LM_WORLD_COMING)) {
        save_registers(thread, context);
        atomic_store(&thread->state, LM_WORLD_HERE);
        stand_still((uint32_t)((uint64_t)(uintptr_t)info->si_value.sival_ptr >> 32));
    }
}

/* Every signal waits here, that of a system call which is taken (dispatch.h) as well: it would end the process. */
static void on_signal(int number, siginfo_t *info, void *context) {
    const int saved = errno;
    const bool dispatched = lm_dispatch_set(false);
    serve(number, info, context);
    lm_dispatch_set(dispatched && lm_shadow_tracks());
    errno = saved;
}

/* ---- In the thread that stops them ------------------------------------------------------------- */

#if defined(__x86_64__)
/* The kernel returns from a handler through this. A thread that is cancelled is unwound through it: unwinders
 * know these very bytes, if no function's table covers the byte before them. */
void lm_world_return(void);
__asm__(".text\n\t.balign 16\n\tnop\n.type lm_world_return, @function\n.hidden lm_world_return\n"
        "lm_world_return:\n\tmovq $15, %rax\n\tsyscall\n"
        ".size lm_world_return, .-lm_world_return\n\t.balign 16\n\tnop\n");
enum { WITH_RETURN = 0x04000000 };
#else
static void lm_world_return(void) {}
enum { WITH_RETURN = 0 };
#endif

/* Puts the handler in, whoever has the signal now. It stays: a thread that blocks the signal may get it
 * late, and without a handler that would end the process. */
static void install(void) {
    kernel_action now, ours = {0};
    ours.handler = on_signal;
    ours.flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK | WITH_RETURN;
    ours.restorer = WITH_RETURN ? lm_world_return : NULL;
    ours.mask = ~(uint64_t)0;
    if (lm_process_call(SYS_rt_sigaction, LM_WORLD_SIGNAL, 0, (long)&now, sizeof now.mask, 0, 0) ==
            0 &&
        now.handler == on_signal)
        return;
    before = now;
    lm_process_call(SYS_rt_sigaction, LM_WORLD_SIGNAL, (long)&ours, 0, sizeof ours.mask, 0, 0);
}

void lm_world_answer(void (*called)(const void *context)) {
    answer = called;
    install();
}

static bool room_for(size_t count) {
    const size_t each = sizeof(lm_world_thread);
    if (count > THREADS_MAX || !lm_grow_to(&memory, count * each, THREADS_MAX * each))
        return false;
    world.threads = (void *)memory.at;
    return true;
}

static void give_up(lm_world_thread *thread) {
    uint32_t expected = LM_WORLD_ASKED;
    if (atomic_compare_exchange_strong(&thread->state, &expected, LM_WORLD_MISSING))
        thread->sp = lm_process_waiting_sp(thread->id);
}

static void ask(size_t place) {
    lm_world_thread *thread = &world.threads[place];
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = LM_WORLD_SIGNAL;
    info.si_code = SI_QUEUE;
    info.si_pid = world.process;
    info.si_value.sival_ptr =
        (void *)(uintptr_t)((uint64_t)atomic_load(&world.turn) << 32 | (uint64_t)place);
    const long result = lm_process_call(SYS_rt_tgsigqueueinfo, world.process, thread->id,
                                        LM_WORLD_SIGNAL, (long)&info, 0, 0);
    if (result == -ESRCH)
        atomic_store(&thread->state, LM_WORLD_GONE);
    else if (result < 0)
        give_up(thread);
}

/* A number may be used again by a thread that is new: only one that isn't gone is known. */
static bool known(int id, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (world.threads[i].id == id && atomic_load(&world.threads[i].state) != LM_WORLD_GONE)
            return true;
    return false;
}

typedef struct listing {
    size_t before; /* how many were known */
    bool full;
} listing;

static bool note_thread(int id, void *context) {
    listing *list = context;
    const size_t count = atomic_load(&world.count);
    if (id == world.self || known(id, list->before))
        return true;
    if (!room_for(count + 1)) {
        list->full = true;
        return false;
    }
    memset(&world.threads[count], 0, sizeof world.threads[count]);
    world.threads[count].id = id;
    atomic_store(&world.threads[count].state, LM_WORLD_ASKED);
    atomic_store(&world.count, count + 1);
    ask(count);
    return true;
}

static bool waits_for(lm_world_thread *thread) {
    const uint32_t state = atomic_load(&thread->state);
    if (state == LM_WORLD_ASKED && lm_process_ended(thread->id)) {
        atomic_store(&thread->state, LM_WORLD_GONE);
        return false;
    }
    return state == LM_WORLD_ASKED || state == LM_WORLD_COMING;
}

static void wait_for_all(size_t count) {
    const struct timespec pause = {0, WAIT_NS};
    size_t at = 0;
    for (unsigned waits = 0; at < count;) {
        if (!waits_for(&world.threads[at])) {
            at++;
        } else if (waits++ < WAITS_MAX) {
            lm_process_call(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
        } else {
            give_up(&world.threads[at++]);
        }
    }
}

void lm_world_go(void) {
    atomic_fetch_add(&world.turn, 1);
    lm_os_wake(&world.turn, INT32_MAX);
}

bool lm_world_stop(void) {
    world.self = (int)lm_os_thread();
    world.process = lm_os_process();
    atomic_store(&world.count, 0);
    atomic_fetch_add(&world.turn, 1);
    install();
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        listing list = {atomic_load(&world.count), false};
        if (!lm_process_threads(note_thread, &list) || list.full) {
            lm_world_go();
            return false;
        }
        if (atomic_load(&world.count) == list.before)
            break;
        wait_for_all(atomic_load(&world.count));
    }
    return true;
}

const lm_world_thread *lm_world_threads(size_t *count) {
    *count = atomic_load(&world.count);
    return world.threads;
}

size_t lm_world_missing(void) {
    size_t missing = 0, count = atomic_load(&world.count);
    for (size_t i = 0; i < count; i++)
        missing += atomic_load(&world.threads[i].state) == LM_WORLD_MISSING;
    return missing;
}
