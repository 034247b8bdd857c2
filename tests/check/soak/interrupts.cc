#include "churn.h"

#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <memory>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

std::atomic<unsigned long> seen;

/* Everything here is allowed in a handler. */
void count(int) {
    int saved = errno;
    char text[64];
    std::memset(text, 0, sizeof text);
    std::strcpy(text, "written in a handler");
    CHECK(std::strlen(text) == 20);
    seen++;
    errno = saved;
}

void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    CHECK(sigaction(signal, &action, nullptr) == 0);
}

thread_local sigjmp_buf *volatile way_out;
void jump(int) {
    if (way_out)
        siglongjmp(*way_out, 1);
}

/* Out of a handler, which interrupted no call that has a state. */
void jump_out(chance &luck) {
    static const size_t size = 64 * 1024;
    std::unique_ptr<char[]> stack(new char[size]);
    stack_t mine = {}, before = {};
    mine.ss_sp = stack.get();
    mine.ss_size = size;
    CHECK(sigaltstack(&mine, &before) == 0);
    std::unique_ptr<char[]> held(new char[luck.below(5000) + 1]);
    sigjmp_buf place;
    volatile int times = 0;
    if (sigsetjmp(place, 1) == 0 || times < 5) {
        way_out = &place;
        times = times + 1;
        pthread_kill(pthread_self(), SIGUSR2);
        CHECK(!"comes back");
    }
    way_out = nullptr;
    CHECK(times == 5);
    mine.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(before.ss_flags & SS_DISABLE ? &mine : &before, nullptr) == 0);
}

/* An access that faults, by plan. */
thread_local sigjmp_buf *volatile way_out_of_fault;
void fault(int) {
    CHECK(way_out_of_fault);
    siglongjmp(*way_out_of_fault, 1);
}

void fault_by_plan() {
    auto page = static_cast<volatile char *>(
        mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK(page != MAP_FAILED);
    sigjmp_buf place;
    volatile bool came = false;
    if (sigsetjmp(place, 1) == 0) {
        way_out_of_fault = &place;
        page[10] = 1;
    } else {
        came = true;
    }
    way_out_of_fault = nullptr;
    CHECK(came);
    munmap(const_cast<char *>(page), 4096);
}

void free_it(void *block) {
    std::free(block);
}

/* Waits in read until it is cancelled; what it holds is freed by its cleanup handlers. */
void *wait_to_be_cancelled(void *descriptor) {
    chance luck{reinterpret_cast<uintptr_t>(&descriptor)};
    use_blocks(luck);
    auto buffer = static_cast<char *>(std::malloc(100));
    pthread_cleanup_push(free_it, buffer);
    while (read(*static_cast<int *>(descriptor), buffer, 100) < 0)
        CHECK(errno == EINTR);
    pthread_cleanup_pop(1);
    return nullptr;
}

void cancel(chance &luck) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pthread_t thread;
    CHECK(pthread_create(&thread, nullptr, wait_to_be_cancelled, &ends[0]) == 0);
    if (luck.below(2))
        usleep(200);
    CHECK(pthread_cancel(thread) == 0);
    void *result = nullptr;
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    close(ends[0]);
    close(ends[1]);
}

} // namespace

void start_timers() {
    handle(SIGALRM, count, SA_RESTART);
    handle(SIGPROF, count, SA_RESTART | SA_ONSTACK);
    handle(SIGUSR2, jump, SA_ONSTACK);
    handle(SIGSEGV, fault, 0);
    itimerval often = {{0, 3000}, {0, 3000}};
    CHECK(setitimer(ITIMER_REAL, &often, nullptr) == 0);
    CHECK(setitimer(ITIMER_PROF, &often, nullptr) == 0);
}

void stop_timers() {
    itimerval never = {};
    CHECK(setitimer(ITIMER_REAL, &never, nullptr) == 0);
    CHECK(setitimer(ITIMER_PROF, &never, nullptr) == 0);
}

unsigned long interrupts_seen() {
    return seen;
}

void use_interrupts(chance &luck) {
    switch (luck.below(3)) {
    case 0:
        jump_out(luck);
        break;
    case 1:
        fault_by_plan();
        break;
    default:
        cancel(luck);
    }
}
