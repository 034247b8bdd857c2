/* The two variables that put a program on Loam. */
#ifndef LM_CLI_ENVIRONMENT_H
#define LM_CLI_ENVIRONMENT_H

#include "cli/workdir.h"

#include <stdbool.h>

/* Puts the library before what LD_PRELOAD names already. A path with a space or colon in it can't
 * be written there: then a link in the work folder stands for it, which lasts as long as the
 * command runs. On failure says why. */
bool lm_environment_preload(const char *library, const lm_workdir *workdir);

/* Appends one option to LOAM_OPTIONS, after which it counts: the last of a key does. NULL for
 * `value` appends `key` as it stands, as several options. On failure says why. */
bool lm_environment_option(const char *key, const char *value);

#endif
