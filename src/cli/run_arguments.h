/* The command line of loam run. */
#ifndef LM_CLI_RUN_ARGUMENTS_H
#define LM_CLI_RUN_ARGUMENTS_H

#include <stdbool.h>

typedef struct lm_run_arguments {
    bool help;        /* only help is wanted */
    bool stats;       /* print statistics at the end */
    char *options;    /* for LOAM_OPTIONS, allocated; NULL for none */
    const char *json; /* the file for statistics as JSON; NULL for none */
    char **program;   /* the program and its arguments, NULL at the end */
} lm_run_arguments;

/* Reads the arguments that follow "run". Returns false after having said what is wrong with them.
 */
bool lm_run_arguments_read(int argc, char **argv, lm_run_arguments *arguments);

#endif
