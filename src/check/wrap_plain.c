/* The compiler must not recognise these loops: it would make calls of them. CMake passes
 * -fno-builtin and -fno-tree-loop-distribute-patterns to the files wrap*.c. */
#include "check/wrap_plain.h"

#include "check/wrap.h"

#include <fcntl.h>
#include <sys/syscall.h>

/* ---- Loops ------------------------------------------------------------------------------------ */

static void *loop_memmove(void *to, const void *from, size_t n) {
    char *t = to;
    const char *f = from;
    if ((uintptr_t)t - (uintptr_t)f >= n) {
        for (size_t i = 0; i < n; i++)
            t[i] = f[i];
    } else {
        while (n--)
            t[n] = f[n];
    }
    return to;
}

static void *loop_memset(void *at, int byte, size_t n) {
    char *p = at;
    for (size_t i = 0; i < n; i++)
        p[i] = (char)byte;
    return at;
}

static int loop_memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

static size_t loop_strnlen(const char *string, size_t max) {
    size_t n = 0;
    while (n < max && string[n])
        n++;
    return n;
}

static size_t loop_strlen(const char *string) {
    return loop_strnlen(string, SIZE_MAX);
}

static int loop_strncmp(const char *a, const char *b, size_t n) {
    size_t i = 0;
    while (i < n && a[i] == b[i] && a[i])
        i++;
    return i == n ? 0 : (unsigned char)a[i] - (unsigned char)b[i];
}

static int loop_strcmp(const char *a, const char *b) {
    return loop_strncmp(a, b, SIZE_MAX);
}

/* The headers' declarations take a const away, so do these. */
static void *without_const(const void *p) {
    return (void *)(uintptr_t)p;
}

static void *loop_memchr(const void *at, int byte, size_t n) {
    const char *p = at;
    for (size_t i = 0; i < n; i++)
        if (p[i] == (char)byte)
            return without_const(p + i);
    return NULL;
}

static char *loop_strchr(const char *string, int c) {
    return loop_memchr(string, c, loop_strlen(string) + 1);
}

static char *loop_strrchr(const char *string, int c) {
    for (size_t n = loop_strlen(string) + 1; n--;)
        if (string[n] == (char)c)
            return without_const(string + n);
    return NULL;
}

static char *loop_strcpy(char *to, const char *from) {
    return loop_memmove(to, from, loop_strlen(from) + 1);
}

/* An address is computed here, not loaded: it is right before relocation too. */
#define STAND_IN(name)                                                                             \
    do {                                                                                           \
        if (!__atomic_load_n(&lm_real.name, __ATOMIC_RELAXED))                                     \
            __atomic_store_n(&lm_real.name, loop_##name, __ATOMIC_RELAXED);                        \
    } while (0)

void lm_plain_stand_in(void) {
    STAND_IN(memmove);
    STAND_IN(memset);
    STAND_IN(memcmp);
    STAND_IN(memchr);
    STAND_IN(strlen);
    STAND_IN(strnlen);
    STAND_IN(strcmp);
    STAND_IN(strncmp);
    STAND_IN(strchr);
    STAND_IN(strrchr);
    STAND_IN(strcpy);
}

/* ---- What the library's own code calls -------------------------------------------------------- */

#define REAL_OR_LOOP(name)                                                                         \
    (LM_LIKELY(__atomic_load_n(&lm_real.name, __ATOMIC_RELAXED) != NULL) ? lm_real.name            \
                                                                         : loop_##name)

void *lm_plain_memcpy(void *to, const void *from, size_t n) {
    return REAL_OR_LOOP(memmove)(to, from, n);
}

void *lm_plain_memmove(void *to, const void *from, size_t n) {
    return REAL_OR_LOOP(memmove)(to, from, n);
}

void *lm_plain_memset(void *at, int byte, size_t n) {
    return REAL_OR_LOOP(memset)(at, byte, n);
}

int lm_plain_memcmp(const void *a, const void *b, size_t n) {
    return REAL_OR_LOOP(memcmp)(a, b, n);
}

int lm_plain_bcmp(const void *a, const void *b, size_t n) {
    return REAL_OR_LOOP(memcmp)(a, b, n);
}

void *lm_plain_memchr(const void *at, int byte, size_t n) {
    return REAL_OR_LOOP(memchr)(at, byte, n);
}

size_t lm_plain_strlen(const char *string) {
    return REAL_OR_LOOP(strlen)(string);
}

size_t lm_plain_strnlen(const char *string, size_t max) {
    return REAL_OR_LOOP(strnlen)(string, max);
}

int lm_plain_strcmp(const char *a, const char *b) {
    return REAL_OR_LOOP(strcmp)(a, b);
}

int lm_plain_strncmp(const char *a, const char *b, size_t n) {
    return REAL_OR_LOOP(strncmp)(a, b, n);
}

char *lm_plain_strchr(const char *string, int c) {
    return REAL_OR_LOOP(strchr)(string, c);
}

char *lm_plain_strrchr(const char *string, int c) {
    return REAL_OR_LOOP(strrchr)(string, c);
}

char *lm_plain_strcpy(char *to, const char *from) {
    return REAL_OR_LOOP(strcpy)(to, from);
}

/* Not the C library's functions: those are cancellation points, and the checker has no business to end a thread
 * of the program's. */
ssize_t lm_plain_read(int fd, void *buffer, size_t n) {
    return syscall(SYS_read, fd, buffer, n);
}

ssize_t lm_plain_pread(int fd, void *buffer, size_t n, off_t at) {
    return syscall(SYS_pread64, fd, buffer, n, at);
}

ssize_t lm_plain_write(int fd, const void *buffer, size_t n) {
    return syscall(SYS_write, fd, buffer, n);
}

ssize_t lm_plain_readlink(const char *path, char *buffer, size_t n) {
    return syscall(SYS_readlinkat, AT_FDCWD, path, buffer, n);
}

/* For malloc_info, where the program has a file. */
int lm_plain_fputs(const char *string, FILE *file) {
    return LM_REAL(fputs)(string, file);
}
