/* Tells which blocks nobody can free any more, in groups by the stack of their allocation: at the end of the
 * process, and whenever somebody asks.
 *
 * On demand: SIGUSR1, as long as the program has no handler of its own for it, and LM_WORLD_CALL from
 * another process (`loam leaks PID`). The work is done in the handler. When the interrupted thread holds one of
 * the library's locks that can't be; it is then done at the thread's next way through lm_leaks_poll. */
#ifndef LM_CHECK_LEAKS_H
#define LM_CHECK_LEAKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What this needs of the rest of the checker. Each may be NULL. */
typedef struct lm_leaks_needs {
    /* Holds, and gives, all locks that lm_blocks_each, lm_blocks_find and lm_tale_tell may take; threads are
     * stopped in between, so that none is stopped with such a lock. False: the calling thread may hold one
     * itself. */
    bool (*lock)(void);
    void (*unlock)(void);
    void (*note)(const char *text);
    void (*told)(void);    /* all was told that was asked for; not at the process's end */
    uint64_t (*now)(void); /* ns since the program began */
    bool enabled, dangling;
} lm_leaks_needs;

/* Once, at start. Takes SIGUSR1 when its disposition is the default. */
void lm_leaks_start(const lm_leaks_needs *needs);

/* Tells them, at the end of the process: in its last handler of exit, or before _exit. Not from handlers of
 * signals that may have interrupted the library. */
void lm_leaks_tell(void);

/* In a forked child: it tells only of what is allocated from now on. */
void lm_leaks_forked(void);

/* Whether it is worth telling when the process leaves by _exit. Not in a child that was made by fork: there
 * _exit is how one leaves after a failed exec. */
bool lm_leaks_due_at_quick_exit(void);

extern _Atomic bool lm_leaks_asked;

/* Does what was asked for and couldn't be done; no lock of the library is held. */
void lm_leaks_answer(void);

static inline void lm_leaks_poll(void) {
    if (__builtin_expect(atomic_load_explicit(&lm_leaks_asked, memory_order_relaxed), 0))
        lm_leaks_answer();
}

#endif
