/* Sockets. What is asked for must be there, though less may come. */
#include "check/wrap.h"

#include <errno.h>

ssize_t lm_wrap_recv(int fd, void *to, size_t n, int flags) {
    lm_wrap_writes("recv", to, n);
    lm_wrap_lend(to, n);
    const ssize_t got = LM_REAL(recv)(fd, to, n, flags);
    return lm_wrap_back(to, got, got);
}

ssize_t lm_wrap___recv_chk(int fd, void *to, size_t n, size_t size, int flags) {
    lm_wrap_writes("recv", to, n);
    lm_wrap_lend(to, n);
    const ssize_t got = LM_REAL(__recv_chk)(fd, to, n, size, flags);
    return lm_wrap_back(to, got, got);
}

LM_INLINE void receives(void *to, size_t n, const struct sockaddr *from, const socklen_t *size) {
    lm_wrap_writes("recvfrom", to, n);
    if (from && size)
        lm_wrap_writes("recvfrom", from, *size);
}

ssize_t lm_wrap_recvfrom(int fd, void *to, size_t n, int flags, struct sockaddr *from,
                         socklen_t *size) {
    receives(to, n, from, size);
    return LM_REAL(recvfrom)(fd, to, n, flags, from, size);
}

ssize_t lm_wrap___recvfrom_chk(int fd, void *to, size_t n, size_t whole, int flags,
                               struct sockaddr *from, socklen_t *size) {
    receives(to, n, from, size);
    return LM_REAL(__recvfrom_chk)(fd, to, n, whole, flags, from, size);
}

ssize_t lm_wrap_send(int fd, const void *from, size_t n, int flags) {
    lm_wrap_reads("send", from, n);
    lm_wrap_lend(from, n);
    const ssize_t got = LM_REAL(send)(fd, from, n, flags);
    return lm_wrap_back(from, 0, got);
}

ssize_t lm_wrap_sendto(int fd, const void *from, size_t n, int flags, const struct sockaddr *to,
                       socklen_t size) {
    lm_wrap_reads("sendto", from, n);
    if (to)
        lm_wrap_takes("sendto", to, size);
    return LM_REAL(sendto)(fd, from, n, flags, to, size);
}

/* ---- Messages --------------------------------------------------------------------------------- */

static bool touches(const char *call, const void *at, size_t bytes, lm_access how) {
    if (!at)
        return true;
    return LM_LIKELY(!lm_is_watched(at)) || bytes == 0 || lm_wrap_touch(call, at, bytes, how);
}

static void message(const char *call, const struct msghdr *header, lm_access how) {
    if (!header || !lm_wrap_takes(call, header, sizeof *header))
        return;
    const lm_access whole = how == LM_ACCESS_READ ? LM_ACCESS_COPY : how; /* there are gaps in it */
    touches(call, header->msg_name, header->msg_namelen, whole);
    touches(call, header->msg_control, header->msg_controllen, whole);
    size_t count = header->msg_iovlen;
    if (!header->msg_iov || count > UIO_MAXIOV ||
        !lm_wrap_reads(call, header->msg_iov, count * sizeof(struct iovec)))
        return;
    for (size_t i = 0; i < count; i++)
        touches(call, header->msg_iov[i].iov_base, header->msg_iov[i].iov_len, how);
}

ssize_t lm_wrap_recvmsg(int fd, struct msghdr *header, int flags) {
    message("recvmsg", header, LM_ACCESS_WRITE);
    return LM_REAL(recvmsg)(fd, header, flags);
}

ssize_t lm_wrap_sendmsg(int fd, const struct msghdr *header, int flags) {
    message("sendmsg", header, LM_ACCESS_READ);
    return LM_REAL(sendmsg)(fd, header, flags);
}

/* ---- Addresses as text ------------------------------------------------------------------------ */

static size_t address_size(int family) {
    return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/* The room may be said to be larger than it is: what is written is found out first, elsewhere. */
const char *lm_wrap_inet_ntop(int family, const void *from, char *to, socklen_t n) {
    if (family == AF_INET || family == AF_INET6) {
        lm_wrap_reads("inet_ntop", from, address_size(family));
        if (LM_UNLIKELY(lm_is_watched(to))) {
            char text[INET6_ADDRSTRLEN];
            int saved = errno;
            LM_REAL(inet_ntop)(family, from, text, sizeof text);
            errno = saved;
            size_t length = LM_REAL(strlen)(text) + 1;
            if (length <= n)
                lm_wrap_writes("inet_ntop", to, length);
        }
    }
    return LM_REAL(inet_ntop)(family, from, to, n);
}

int lm_wrap_inet_pton(int family, const char *text, void *to) {
    lm_wrap_string("inet_pton", text);
    if (family == AF_INET || family == AF_INET6)
        lm_wrap_writes("inet_pton", to, address_size(family));
    return LM_REAL(inet_pton)(family, text, to);
}
