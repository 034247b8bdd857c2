/* A table of deeds with names, one of which an argument asks for. */
#ifndef TESTS_CHECK_LINES_FLAW_H
#define TESTS_CHECK_LINES_FLAW_H

#include <stdio.h>
#include <string.h>

typedef struct flaw {
    const char *name;
    void (*run)(void);
} flaw;

/* Does what `name` asks for; the exit status. */
static inline int run_flaw(const flaw *flaws, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(flaws[i].name, name) == 0) {
            flaws[i].run();
            return 0;
        }
    }
    fprintf(stderr, "no such name: %s\n", name);
    return 2;
}

#endif
