/* Where the program and the library are. */
#ifndef LM_CLI_FIND_H
#define LM_CLI_FIND_H

#include <limits.h>
#include <stdbool.h>

/* Finds a program as execvp and the shell do: a name with '/' in it is a path, any other is looked
 * for in PATH. Returns 0 and the path, or the error that execvp would give, ENOENT or EACCES among
 * them: EISDIR stands for a directory, which execvp takes for EACCES. */
int lm_find_program(const char *name, char path[PATH_MAX]);

/* Finds a library of Loam's, such as libloam.so: what the environment's `variable` names if it is set, else beside the command, as in a build folder, else
 * where an installed library lies. The path is absolute. On failure says in one sentence why. */
bool lm_find_library(const char *name, const char *variable, char path[PATH_MAX]);

/* What comes after the last '/', or all of it. */
const char *lm_base_name(const char *path);

#endif
