/* What is said when a program doesn't start, by all commands that run one; and the files that such a command
 * writes beside it. */
#ifndef LM_CLI_SAY_START_H
#define LM_CLI_SAY_START_H

#include "cli/child.h"

#include <stdio.h>

/* Says why lm_find_program didn't find it, or can't use it. Returns the exit status. */
int lm_say_not_found(const char *name, int error);

/* Says why the child didn't become the program. Returns the exit status. */
int lm_say_start_error(const char *name, const lm_child *child);

/* Opens a file for writing, before the program runs, so that it needn't run in vain. Never as one of the
 * three standard files, which may be closed: what this process says would go there. NULL: errno says why. */
FILE *lm_open_apart(const char *path);

#endif
