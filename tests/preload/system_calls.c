/* After start the heap makes a few system calls only: mmap, munmap, mremap, mprotect, madvise and
 * futex. A filter that ends the process at any other one is put over four threads in the middle of
 * their work. */
#include "check.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { THREADS = 4, HELD = 200, ROUNDS = 30000 };

/* What the test itself needs to end is among them: exit, exit_group, write, rt_sigreturn. */
static const uint32_t allowed[] = {SYS_mmap,    SYS_munmap,      SYS_mremap, SYS_mprotect,
                                   SYS_madvise, SYS_futex,       SYS_exit,   SYS_exit_group,
                                   SYS_write,   SYS_rt_sigreturn};
enum { ALLOWED = sizeof allowed / sizeof allowed[0] };

static pthread_barrier_t begun;
static atomic_bool filtered;
static atomic_int ended;
static _Atomic(char *) shelf[HELD];

static void install_filter(void) {
    struct sock_filter filter[ALLOWED + 3];
    size_t n = 0;
    filter[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < ALLOWED; i++)
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i],
                                                   (uint8_t)(ALLOWED - i), 0);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(unsigned short)n, filter};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
        puts("skipped: this system has no seccomp filters");
        fflush(stdout);
        _exit(77);
    }
}

static size_t some_size(unsigned *seed) {
    unsigned n = next_random(seed);
    return n % 500 == 0 ? n % 40000000 : n % 20 == 0 ? n % 500000 : n % 3000;
}

static void use_every_function(unsigned *seed) {
    void *p = NULL;
    CHECK(posix_memalign(&p, 64, some_size(seed)) == 0);
    free(p);
    free(aligned_alloc(4096, some_size(seed)));
    free(memalign(1 << 20, some_size(seed)));
    free(calloc(some_size(seed) % 1000, 100));
    free(valloc(100));
    p = reallocarray(NULL, 10, 10);
    CHECK(malloc_usable_size(p) >= 100);
    free(p);
    malloc_trim(0);
    mallinfo2();
}

static void work(unsigned seed) {
    char *held[HELD] = {0};
    for (int i = 0; i < ROUNDS; i++) {
        size_t n = next_random(&seed) % HELD, size = some_size(&seed) + 1;
        switch (next_random(&seed) % 4) {
        case 0:
            free(held[n]);
            held[n] = malloc(size);
            break;
        case 1:
            held[n] = realloc(held[n], size);
            break;
        case 2:
            free(held[n]);
            held[n] = calloc(1, size);
            break;
        default:
            held[n] = atomic_exchange(&shelf[n], held[n]);
        }
        if (held[n])
            held[n][0] = 'x';
        if (i % 1000 == 0)
            use_every_function(&seed);
    }
    for (size_t i = 0; i < HELD; i++)
        free(held[i]);
}

/* Not ended by returning: what the C library calls at a thread's end isn't the heap's doing. */
static void *work_in_thread(void *argument) {
    unsigned seed = (unsigned)(uintptr_t)argument;
    free(malloc(100));
    pthread_barrier_wait(&begun);
    while (!atomic_load(&filtered))
        free(malloc(next_random(&seed) % 1000));
    work(seed);
    atomic_fetch_add(&ended, 1);
    for (;;)
        free(malloc(next_random(&seed) % 1000));
    return NULL;
}

int main(void) {
    pthread_t thread;
    CHECK(pthread_barrier_init(&begun, NULL, THREADS + 1) == 0);
    for (uintptr_t i = 1; i <= THREADS; i++)
        CHECK(pthread_create(&thread, NULL, work_in_thread, (void *)i) == 0);
    pthread_barrier_wait(&begun);
    install_filter();
    atomic_store(&filtered, true);
    work(99);
    while (atomic_load(&ended) < THREADS)
        free(malloc(100));
    _exit(EXIT_SUCCESS);
}
