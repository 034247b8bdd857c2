/* What the command lines of run and check have in common: options with values, and options for the library. */
#ifndef LM_CLI_ARGUMENTS_H
#define LM_CLI_ARGUMENTS_H

#include <stdbool.h>

/* The arguments that are still to be read. */
typedef struct lm_rest {
    int count;
    char **next;
} lm_rest;

/* The value of `name`, as in "--name VALUE" or "--name=VALUE"; NULL when the next argument is another. When
 * the value is missing, says so, names the command's help, and sets *wrong. */
const char *lm_rest_value(lm_rest *rest, const char *name, const char *command, bool *wrong);

/* Whether the next argument is `name`, which is then taken. */
bool lm_rest_flag(lm_rest *rest, const char *name);

/* Checks options for the library, where a mistake can still be put right, and adds them to *joined, which may be NULL.
 * `origin` is what a complaint names. */
bool lm_options_join(char **joined, const char *options, const char *origin);

#endif
