#include "check/patience.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SPINS = 100, TRIES = 300 };

bool lm_patience_wait(unsigned *tries) {
    const struct timespec moment = {0, 1000 * 1000};
    if (++*tries > TRIES)
        return false;
    if (*tries > SPINS)
        syscall(SYS_nanosleep, &moment, NULL);
    else
        lm_pause();
    return true;
}

bool lm_patience_take(lm_lock *lock) {
    unsigned tries = 0;
    while (!lm_lock_try(lock))
        if (!lm_patience_wait(&tries))
            return false;
    return true;
}
