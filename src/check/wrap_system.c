/* The kernel's own accesses. What is asked for must be there, though less may come. */
#include "check/wrap.h"

#include <errno.h>
#include <limits.h>

/* ---- read and write --------------------------------------------------------------------------- */

ssize_t lm_wrap_read(int fd, void *to, size_t n) {
    lm_wrap_writes("read", to, n);
    lm_wrap_lend(to, n);
    const ssize_t got = LM_REAL(read)(fd, to, n);
    return lm_wrap_back(to, got, got);
}

ssize_t lm_wrap_pread(int fd, void *to, size_t n, off_t at) {
    lm_wrap_writes("pread", to, n);
    lm_wrap_lend(to, n);
    const ssize_t got = LM_REAL(pread)(fd, to, n, at);
    return lm_wrap_back(to, got, got);
}

ssize_t lm_wrap_pread64(int fd, void *to, size_t n, off64_t at) {
    lm_wrap_writes("pread", to, n);
    lm_wrap_lend(to, n);
    const ssize_t got = LM_REAL(pread64)(fd, to, n, at);
    return lm_wrap_back(to, got, got);
}

ssize_t lm_wrap___read_chk(int fd, void *to, size_t n, size_t size) {
    lm_wrap_writes("read", to, n);
    lm_wrap_lend(to, n);
    const ssize_t got = LM_REAL(__read_chk)(fd, to, n, size);
    return lm_wrap_back(to, got, got);
}

ssize_t lm_wrap___pread_chk(int fd, void *to, size_t n, off_t at, size_t size) {
    lm_wrap_writes("pread", to, n);
    lm_wrap_lend(to, n);
    const ssize_t got = LM_REAL(__pread_chk)(fd, to, n, at, size);
    return lm_wrap_back(to, got, got);
}

ssize_t lm_wrap___pread64_chk(int fd, void *to, size_t n, off64_t at, size_t size) {
    lm_wrap_writes("pread", to, n);
    lm_wrap_lend(to, n);
    const ssize_t got = LM_REAL(__pread64_chk)(fd, to, n, at, size);
    return lm_wrap_back(to, got, got);
}

ssize_t lm_wrap_write(int fd, const void *from, size_t n) {
    lm_wrap_reads("write", from, n);
    lm_wrap_lend(from, n);
    const ssize_t got = LM_REAL(write)(fd, from, n);
    return lm_wrap_back(from, 0, got);
}

ssize_t lm_wrap_pwrite(int fd, const void *from, size_t n, off_t at) {
    lm_wrap_reads("pwrite", from, n);
    lm_wrap_lend(from, n);
    const ssize_t got = LM_REAL(pwrite)(fd, from, n, at);
    return lm_wrap_back(from, 0, got);
}

ssize_t lm_wrap_pwrite64(int fd, const void *from, size_t n, off64_t at) {
    lm_wrap_reads("pwrite", from, n);
    lm_wrap_lend(from, n);
    const ssize_t got = LM_REAL(pwrite64)(fd, from, n, at);
    return lm_wrap_back(from, 0, got);
}

/* ---- The same in pieces ----------------------------------------------------------------------- */

/* More than IOV_MAX, or a negative count, the kernel refuses before it looks at any. */
static void pieces(const char *call, const struct iovec *piece, int count, lm_access how) {
    if (!piece || count <= 0 || count > IOV_MAX)
        return;
    if (!lm_wrap_reads(call, piece, (size_t)count * sizeof *piece))
        return;
    for (int i = 0; i < count; i++) {
        if (how == LM_ACCESS_READ)
            lm_wrap_reads(call, piece[i].iov_base, piece[i].iov_len);
        else
            lm_wrap_writes(call, piece[i].iov_base, piece[i].iov_len);
    }
}

ssize_t lm_wrap_readv(int fd, const struct iovec *piece, int count) {
    pieces("readv", piece, count, LM_ACCESS_WRITE);
    return LM_REAL(readv)(fd, piece, count);
}

ssize_t lm_wrap_writev(int fd, const struct iovec *piece, int count) {
    pieces("writev", piece, count, LM_ACCESS_READ);
    return LM_REAL(writev)(fd, piece, count);
}

ssize_t lm_wrap_preadv(int fd, const struct iovec *piece, int count, off_t at) {
    pieces("preadv", piece, count, LM_ACCESS_WRITE);
    return LM_REAL(preadv)(fd, piece, count, at);
}

ssize_t lm_wrap_preadv64(int fd, const struct iovec *piece, int count, off64_t at) {
    pieces("preadv", piece, count, LM_ACCESS_WRITE);
    return LM_REAL(preadv64)(fd, piece, count, at);
}

ssize_t lm_wrap_pwritev(int fd, const struct iovec *piece, int count, off_t at) {
    pieces("pwritev", piece, count, LM_ACCESS_READ);
    return LM_REAL(pwritev)(fd, piece, count, at);
}

ssize_t lm_wrap_pwritev64(int fd, const struct iovec *piece, int count, off64_t at) {
    pieces("pwritev", piece, count, LM_ACCESS_READ);
    return LM_REAL(pwritev64)(fd, piece, count, at);
}

/* ---- Names ------------------------------------------------------------------------------------ */

char *lm_wrap_getcwd(char *to, size_t n) {
    if (to)
        lm_wrap_writes("getcwd", to, n);
    return LM_REAL(getcwd)(to, n);
}

char *lm_wrap___getcwd_chk(char *to, size_t n, size_t size) {
    if (to)
        lm_wrap_writes("getcwd", to, n);
    return LM_REAL(__getcwd_chk)(to, n, size);
}

/* The program may know that the path is short: what is written is found out first, elsewhere. Where that
 * fails, the path as far as it could be followed is written. */
static LM_NOINLINE void resolves(const char *path, char *to) {
    char resolved[PATH_MAX];
    int saved = errno;
    resolved[0] = 0;
    if (LM_REAL(realpath)(path, resolved) || resolved[0])
        lm_wrap_writes("realpath", to, LM_REAL(strlen)(resolved) + 1);
    errno = saved;
}

char *lm_wrap_realpath(const char *path, char *to) {
    if (path)
        lm_wrap_string("realpath", path);
    if (to && LM_UNLIKELY(lm_is_watched(to)))
        resolves(path, to);
    return LM_REAL(realpath)(path, to);
}

char *lm_wrap___realpath_chk(const char *path, char *to, size_t size) {
    if (path)
        lm_wrap_string("realpath", path);
    if (to && LM_UNLIKELY(lm_is_watched(to)))
        resolves(path, to);
    return LM_REAL(__realpath_chk)(path, to, size);
}

ssize_t lm_wrap_readlink(const char *path, char *to, size_t n) {
    lm_wrap_string("readlink", path);
    lm_wrap_writes("readlink", to, n);
    return LM_REAL(readlink)(path, to, n);
}

ssize_t lm_wrap___readlink_chk(const char *path, char *to, size_t n, size_t size) {
    lm_wrap_string("readlink", path);
    lm_wrap_writes("readlink", to, n);
    return LM_REAL(__readlink_chk)(path, to, n, size);
}

ssize_t lm_wrap_readlinkat(int fd, const char *path, char *to, size_t n) {
    lm_wrap_string("readlinkat", path);
    lm_wrap_writes("readlinkat", to, n);
    return LM_REAL(readlinkat)(fd, path, to, n);
}

ssize_t lm_wrap___readlinkat_chk(int fd, const char *path, char *to, size_t n, size_t size) {
    lm_wrap_string("readlinkat", path);
    lm_wrap_writes("readlinkat", to, n);
    return LM_REAL(__readlinkat_chk)(fd, path, to, n, size);
}

int lm_wrap_gethostname(char *to, size_t n) {
    lm_wrap_writes("gethostname", to, n);
    return LM_REAL(gethostname)(to, n);
}

int lm_wrap___gethostname_chk(char *to, size_t n, size_t size) {
    lm_wrap_writes("gethostname", to, n);
    return LM_REAL(__gethostname_chk)(to, n, size);
}

ssize_t lm_wrap_getrandom(void *to, size_t n, unsigned flags) {
    lm_wrap_writes("getrandom", to, n);
    return LM_REAL(getrandom)(to, n, flags);
}
