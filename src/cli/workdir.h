/* The command's private folder, in which the library leaves its files for it. */
#ifndef LM_CLI_WORKDIR_H
#define LM_CLI_WORKDIR_H

#include <stdbool.h>

/* Paths short enough, and of characters harmless enough, for LOAM_OPTIONS and LD_PRELOAD. */
typedef struct lm_workdir {
    char folder[160];
    char loaded[200]; /* the library writes here when it starts */
    char stats[200];  /* and here when the program exits */
    char check[200];  /* a folder in which each process that is checked writes a file */
    char
        library[200]; /* a link to the library, where its own path can't be written in LD_PRELOAD */
} lm_workdir;

/* Makes the folder, in TMPDIR or /tmp, for this user only. On failure says why. */
bool lm_workdir_make(lm_workdir *workdir);

/* Makes the folder for what is checked. On failure says why. */
bool lm_workdir_make_check(const lm_workdir *workdir);

/* Removes the folder and all that is in it. */
void lm_workdir_remove(const lm_workdir *workdir);

#endif
