/* What base itself needs from the system. os/ provides it (os/os.h has the rest and its rules). */
#ifndef LM_BASE_SYSTEM_H
#define LM_BASE_SYSTEM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Sleeps while *word is `value`; may return early. */
void lm_os_wait(_Atomic uint32_t *word, uint32_t value);

/* Wakes at most `sleepers` threads that wait on the word. */
void lm_os_wake(_Atomic uint32_t *word, int sleepers);

/* Writes all of it to standard error. */
void lm_os_message(const char *text, size_t length);

/* Ends the process with SIGABRT. */
_Noreturn void lm_os_abort(void);

#endif
