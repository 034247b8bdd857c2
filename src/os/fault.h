/* Faults: accesses to memory that can't be touched, in the hands of a handler of signals. */
#ifndef LM_OS_FAULT_H
#define LM_OS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lm_os_fault {
    uintptr_t address;
    const char *access; /* "read of", "write to", or "access to" where that isn't known */
} lm_os_fault;

/* From now on each SIGSEGV and SIGBUS that an access brings is shown to `judge` first, on the
 * alternate stack where the thread has one. When it knows the fault and says so by true, the signal
 * has its default action from then on, and the access is repeated. Else the signal goes to who had it
 * before. A handler that the program sets later replaces this one. errno is preserved. */
bool lm_os_catch_faults(bool (*judge)(const lm_os_fault *fault));

#endif
