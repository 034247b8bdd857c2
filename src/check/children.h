/* What programs that this one executes get to know of the checker: by default they have it as well. */
#ifndef LM_CHECK_CHILDREN_H
#define LM_CHECK_CHILDREN_H

/* Takes the checker out of LD_PRELOAD in the environment, so that executed programs run without it. Once, at
 * start, while there is one thread. What /proc tells of the environment stays as it was. */
void lm_children_leave(void);

/* The same for any environment and any name of the library. */
void lm_children_leave_out(char **environment, const char *library);

#endif
