/* How the command speaks: sentences on standard error, prefixed "loam: ", and its own exit
 * statuses. */
#ifndef LM_CLI_SAY_H
#define LM_CLI_SAY_H

#include <stdio.h>

/* The statuses of the command itself; any other is the program's, 128 + n for one that signal n
 * killed. */
enum {
    LM_STATUS_WRONG_USE = 2,        /* of the command line */
    LM_STATUS_LEAKS = 98,           /* loam check: the program leaks, and does nothing else wrong */
    LM_STATUS_MISTAKES = 99,        /* loam check: the program makes mistakes */
    LM_STATUS_FAILED = 125,         /* Loam can't serve the program, or failed itself */
    LM_STATUS_NOT_EXECUTABLE = 126, /* the program is there, but can't be executed */
    LM_STATUS_NOT_FOUND = 127       /* there is no such program */
};

/* Prints one sentence; the newline is added. */
void lm_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a text of ASCII in lines of at most `width` columns, each of them indented by `indent`. */
void lm_print_wrapped(FILE *out, const char *text, int indent, int width);

#endif
