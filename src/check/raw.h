/* System calls by instructions of this library's own, for what runs in handlers of signals: while blocks are
 * tracked, a call from anywhere else is taken (dispatch.h). Returns what the kernel says: -errno when it
 * failed. */
#ifndef LM_CHECK_RAW_H
#define LM_CHECK_RAW_H

#include "base/compiler.h"

#include <errno.h>
#include <unistd.h>

LM_INLINE long lm_raw_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#else
    const int saved = errno;
    long result = syscall(number, a, b, c, d, e, f);
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
#endif
}

#endif
