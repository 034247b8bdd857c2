/* The first line of a script: which program runs it. */
#ifndef LM_CLI_SCRIPT_H
#define LM_CLI_SCRIPT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct lm_script {
    char interpreter[PATH_MAX]; /* as the line names it */
    char command[PATH_MAX];     /* with #!/usr/bin/env: the command that env is to run; else "" */
} lm_script;

/* Reads the line "#!INTERPRETER ARGUMENT" at the start of a file. Returns false when there is none.
 */
bool lm_script_read(const char *text, size_t size, lm_script *script);

#endif
