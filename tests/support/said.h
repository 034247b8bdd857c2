/* What a function writes to standard error meanwhile: `said()` between said_begin and said_end. Included by one file
 * of a program. */
#ifndef TESTS_SUPPORT_SAID_H
#define TESTS_SUPPORT_SAID_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char said_text[1 << 14];
static FILE *said_file;
static int said_before;

static inline void said_begin(void) {
    fflush(stderr);
    said_file = tmpfile();
    said_before = dup(STDERR_FILENO);
    if (!said_file || said_before < 0 || dup2(fileno(said_file), STDERR_FILENO) < 0)
        abort();
}

/* Returns what was said. */
static inline const char *said_end(void) {
    fflush(stderr);
    dup2(said_before, STDERR_FILENO);
    close(said_before);
    rewind(said_file);
    said_text[fread(said_text, 1, sizeof said_text - 1, said_file)] = '\0';
    fclose(said_file);
    return said_text;
}

#endif
