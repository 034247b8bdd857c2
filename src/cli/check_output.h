/* Where reports go, and in which form: what loam check and loam leaks have in common. */
#ifndef LM_CLI_CHECK_OUTPUT_H
#define LM_CLI_CHECK_OUTPUT_H

#include "cli/check_arguments.h"
#include "cli/check_session.h"

/* Returns 0, or the exit status after having said what is wrong. */
int lm_check_open(lm_session *session, const lm_check_arguments *arguments);

/* Writes what it all comes to: the document, or the list at the end. */
void lm_check_conclude(lm_session *session, const lm_check_arguments *arguments);

/* Says so when not all could be written. */
void lm_check_close(lm_session *session, const lm_check_arguments *arguments);

#endif
