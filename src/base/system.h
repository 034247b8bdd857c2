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

/* Numbers of this process and of the calling thread. */
int lm_os_process(void);
uint64_t lm_os_thread(void);

/* The arguments of this process's program, each with its NUL, cut to `size` bytes, which then end in NUL.
 * Returns how many bytes they are, `size` when they were cut; 0 where they can't be had. */
size_t lm_os_command_line(char *buffer, size_t size);

/* Ends the process with SIGABRT. */
_Noreturn void lm_os_abort(void);

#endif
