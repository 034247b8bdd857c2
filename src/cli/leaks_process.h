/* A running process that is checked: whether it is one, where it writes, and how it is asked. */
#ifndef LM_CLI_LEAKS_PROCESS_H
#define LM_CLI_LEAKS_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* Whether the checker's library is mapped there. Returns 0 or errno in *error when that can't be seen. */
bool lm_process_is_checked(pid_t pid, int *error);

/* The file that the process writes its findings to, as a path of this process; false: it has none. */
bool lm_process_log(pid_t pid, char path[PATH_MAX]);

/* Sends the signal at which the checker tells leaks. Returns 0 or errno. Only for a process that is checked:
 * any other would be ended by it. */
int lm_process_ask(pid_t pid);

bool lm_process_lives(pid_t pid);

#endif
