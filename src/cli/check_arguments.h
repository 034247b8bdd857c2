/* The command line of loam check. */
#ifndef LM_CLI_CHECK_ARGUMENTS_H
#define LM_CLI_CHECK_ARGUMENTS_H

#include "cli/document.h"

#include <stdbool.h>

typedef enum lm_when { LM_WHEN_AUTO, LM_WHEN_ALWAYS, LM_WHEN_NEVER } lm_when;

typedef struct lm_check_arguments {
    bool help;          /* only help is wanted */
    bool quiet;         /* nothing is said when nothing was found */
    bool children;      /* programs that the program starts are checked, too */
    int error_exitcode; /* the status when there are findings; -1: the usual one */
    lm_when colour;
    char *options; /* for LOAM_OPTIONS, allocated; NULL for none */
    lm_format format;
    const char **suppressions; /* files, allocated as a list */
    size_t suppression_count;
    bool gen_suppressions; /* each report has one */
    const char *log_file;  /* where reports go; NULL: standard error */
    const char *read;      /* a file or folder that was recorded before; NULL: run the program */
    char **program;        /* the program and its arguments, NULL at the end */
} lm_check_arguments;

/* Reads the arguments that follow "check". Returns false after having said what is wrong with them. */
bool lm_check_arguments_read(int argc, char **argv, lm_check_arguments *arguments);
void lm_check_arguments_free(lm_check_arguments *arguments);

#endif
