/* Why a program can't run on Loam, as far as that can be told before it starts. */
#ifndef LM_CLI_OBSTACLE_H
#define LM_CLI_OBSTACLE_H

#include <stdbool.h>

typedef struct lm_obstacle {
    int status;          /* what the command exits with: an LM_STATUS_... */
    char sentence[4096]; /* in one line, without a newline */
} lm_obstacle;

/* Looks for a reason why the library, preloaded, would have no effect in the program at `path`,
 * which the user called `name`, or why it can't be executed at all. Scripts are followed to the
 * program that runs them. Returns whether there is one. What can't be read is given the benefit of
 * the doubt: whether the library took effect is verified in the end. */
bool lm_obstacle_find(const char *path, const char *name, const char *library,
                      lm_obstacle *obstacle);

#endif
