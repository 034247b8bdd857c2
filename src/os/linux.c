#include "os/os.h"

#include "os/reserved.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#endif

/* linux/mman.h of an older system doesn't have them (Linux 6.13). */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE  103
#endif

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* What Linux has when nothing was changed; used where /proc isn't mounted. */
enum { USUAL_MAP_LIMIT = 65530 };

LM_ONCE lm_os_facts lm_os;
lm_os_counts lm_os_count;

extern char **environ;

static void count(_Atomic uint64_t *counter) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* The C library's mmap, madvise and so on are wrappers that another preloaded library may have
 * taken; the plain call can't be. */
static long call(long number, long a, long b, long c, long d, long e) {
    int saved = errno;
    long result = syscall(number, a, b, c, d, e, 0L);
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
}

static bool advise(void *at, size_t size, int advice) {
    return call(SYS_madvise, (long)at, (long)size, advice, 0, 0) == 0;
}

static bool protect(void *at, size_t size, int protection) {
    return call(SYS_mprotect, (long)at, (long)size, protection, 0, 0) == 0;
}

static void *map(void *at, size_t size, int protection, int flags) {
    count(&lm_os_count.maps);
    long result =
        call(SYS_mmap, (long)at, (long)size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1);
    return result < 0 && result > -4096 ? NULL : (void *)result;
}

static size_t read_file(const char *path, char *buffer, size_t size) {
    long file = call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0);
    if (file < 0)
        return 0;
    size_t length = 0;
    while (length < size) {
        long got = call(SYS_read, file, (long)(buffer + length), (long)(size - length), 0, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    call(SYS_close, file, 0, 0, 0, 0);
    return length;
}

size_t lm_os_map_limit(void) {
    char digits[24];
    size_t length = read_file("/proc/sys/vm/max_map_count", digits, sizeof digits);
    size_t limit = 0;
    for (size_t i = 0; i < length && digits[i] >= '0' && digits[i] <= '9'; i++)
        limit = limit * 10 + (size_t)(digits[i] - '0');
    return limit ? limit : USUAL_MAP_LIMIT;
}

/* Asked with an empty range: the kernel checks the advice before the length. */
static bool knows_guards(void) {
    return advise(NULL, 0, MADV_GUARD_INSTALL);
}

/* The C library has asked the processor already: in a virtual machine each question takes a microsecond. */
static bool has_wide_vectors(void) {
#ifdef CPU_FEATURE_ACTIVE
    return CPU_FEATURE_ACTIVE(AVX2) && CPU_FEATURE_ACTIVE(BMI1) && CPU_FEATURE_ACTIVE(BMI2);
#else
    return false;
#endif
}

void lm_os_start(void) {
    struct rlimit limit;
    lm_os.page = (size_t)getauxval(AT_PAGESZ);
    if (lm_os.page == 0)
        lm_os.page = (size_t)sysconf(_SC_PAGESIZE);
    lm_os.address_limit = SIZE_MAX;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        lm_os.address_limit = limit.rlim_cur;
    lm_os.secure = getauxval(AT_SECURE) != 0;
    lm_os.guards_by_advice = knows_guards();
    lm_os.wide_vectors = has_wide_vectors();
}

void *lm_os_reserve(size_t size, uintptr_t hint) {
    void *at = map((void *)hint, size, PROT_NONE, 0);
    if (at)
        lm_reserved_add((uintptr_t)at, size);
    return at;
}

void lm_os_release(void *at, size_t size) {
    lm_reserved_cut((uintptr_t)at, size);
    count(&lm_os_count.maps);
    call(SYS_munmap, (long)at, (long)size, 0, 0, 0);
}

bool lm_os_make_readable(void *at, size_t size) {
    return protect(at, size, PROT_READ);
}

bool lm_os_commit(void *at, size_t size) {
    count(&lm_os_count.commits);
    return protect(at, size, PROT_READ | PROT_WRITE);
}

bool lm_os_purge(void *at, size_t size) {
    count(&lm_os_count.purges);
    return advise(at, size, MADV_DONTNEED);
}

bool lm_os_renew(void *at, size_t size) {
    return map(at, size, PROT_READ | PROT_WRITE, MAP_FIXED) != NULL;
}

bool lm_os_move(void *to, void *from, size_t size) {
    /* To a place of the kernel's choice first: only what lies in one mapping can be moved, and with
     * a fixed target some kernels find that out when the target is unmapped already. */
    count(&lm_os_count.remaps);
    long between =
        call(SYS_mremap, (long)from, (long)size, (long)size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    if (between < 0 && between > -4096)
        return false;
    count(&lm_os_count.remaps);
    if (call(SYS_mremap, between, (long)size, (long)size, MREMAP_MAYMOVE | MREMAP_FIXED,
             (long)to) == (long)to)
        return true;
    memcpy(to, (void *)between, size);
    lm_os_release((void *)between, size);
    return true;
}

bool lm_os_guard(void *at, size_t size, bool by_advice) {
    count(&lm_os_count.guards);
    return by_advice ? advise(at, size, MADV_GUARD_INSTALL) : protect(at, size, PROT_NONE);
}

bool lm_os_unguard(void *at, size_t size, bool by_advice) {
    count(&lm_os_count.guards);
    return by_advice ? advise(at, size, MADV_GUARD_REMOVE)
                     : protect(at, size, PROT_READ | PROT_WRITE);
}

void lm_os_huge_pages(void *at, size_t size, int wish) {
    advise(at, size, wish > 0 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

void lm_os_random(void *buffer, size_t size) {
    size_t done = 0;
    while (done < size) {
        long got = call(SYS_getrandom, (long)buffer + (long)done, (long)(size - done),
                        GRND_NONBLOCK, 0, 0);
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    if (done == size)
        return;
    /* Early at boot, or a filter of system calls: the kernel gave each process 16 such bytes. */
    const unsigned char *given = (const unsigned char *)getauxval(AT_RANDOM);
    uint64_t state = (uintptr_t)&state;
    for (size_t i = 0; i < size; i++) {
        state = state * 0x5851f42d4c957f2d + (given ? given[i % 16] : 0) + 0x14057b7ef767814f;
        ((unsigned char *)buffer)[i] ^= (unsigned char)(state >> 56);
    }
}

/* Ends of the section, by the linker. */
extern char section_start[] __asm__("__start_loam_once") __attribute__((visibility("hidden")));
extern char section_stop[] __asm__("__stop_loam_once") __attribute__((visibility("hidden")));

static bool is_sealed;

bool lm_os_seal(bool sealed) {
    bool was = is_sealed;
    if (sealed != was && lm_os.page <= LM_ONCE_PAGE &&
        protect(section_start, (size_t)(section_stop - section_start),
                sealed ? PROT_READ : PROT_READ | PROT_WRITE))
        is_sealed = sealed;
    return was;
}

static bool write_all(long file, const char *text, size_t length) {
    while (length > 0) {
        long written = call(SYS_write, file, (long)text, (long)length, 0, 0);
        if (written == -EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

void lm_os_message(const char *text, size_t length) {
    write_all(STDERR_FILENO, text, length);
}

bool lm_os_append(const char *path, const char *text, size_t length) {
    long file =
        call(SYS_openat, AT_FDCWD, (long)path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666, 0);
    if (file < 0)
        return false;
    bool done = write_all(file, text, length);
    call(SYS_close, file, 0, 0, 0, 0);
    return done;
}

const char *lm_os_environment(const char *name) {
    return environ ? getenv(name) : NULL;
}

/* The object file's own dynamic section, from link.h; a statically linked program has none. */
#pragma weak _DYNAMIC

bool lm_os_unloadable(void) {
    const ElfW(Dyn) *entry = _DYNAMIC;
    if (!entry)
        return false;
    for (; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_DEBUG || /* only a program has it */
            (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NODELETE)))
            return false;
    return true;
}

int lm_os_process(void) {
    return (int)call(SYS_getpid, 0, 0, 0, 0, 0);
}

uint64_t lm_os_thread(void) {
    return (uint64_t)call(SYS_gettid, 0, 0, 0, 0, 0);
}

size_t lm_os_command_line(char *buffer, size_t size) {
    size_t length = read_file("/proc/self/cmdline", buffer, size);
    if (length)
        buffer[length - 1] = '\0';
    return length;
}

size_t lm_os_program_path(char *buffer, size_t size) {
    static const char deleted[] = " (deleted)"; /* what the kernel appends then */
    const long length =
        call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)buffer, (long)size, 0);
    if (length <= 0 || (size_t)length >= size || buffer[0] != '/')
        return 0;
    buffer[length] = '\0';
    const long start = length - (long)(sizeof deleted - 1);
    return start > 0 && strcmp(buffer + start, deleted) == 0 ? 0 : (size_t)length;
}

const char *lm_os_program(void) {
    return program_invocation_short_name ? program_invocation_short_name : "";
}

void lm_os_abort(void) {
    abort();
}

void lm_os_wait(_Atomic uint32_t *word, uint32_t value) {
    call(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, (long)value, 0, 0);
}

void lm_os_nap(void) {
    static _Atomic uint32_t nobody_wakes;
    const struct timespec moment = {0, 100000};
    call(SYS_futex, (long)&nobody_wakes, FUTEX_WAIT_PRIVATE, 0, (long)&moment, 0);
}

void lm_os_wake(_Atomic uint32_t *word, int sleepers) {
    call(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, sleepers, 0, 0);
}
