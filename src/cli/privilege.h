/* Whether executing a file gives privileges, so that the system ignores preloaded libraries in it.
 */
#ifndef LM_CLI_PRIVILEGE_H
#define LM_CLI_PRIVILEGE_H

#include <sys/stat.h>

/* What makes the kernel set AT_SECURE for the program in the open file `fd` when this process
 * executes it, as the end of "... is ..."; NULL when nothing does. */
const char *lm_privilege_gained(int fd, const struct stat *status);

#endif
