/* Faults for which the program has a handler. Collectors, virtual machines and tests fault by plan, and go on: that
 * is no mistake. So what isn't sure is told only when the program ends in the handler. */
#ifndef LM_CHECK_WITHHELD_H
#define LM_CHECK_WITHHELD_H

#include <signal.h>
#include <ucontext.h>

/* In the handler of faults, before the program's is called. Both must stay as long as that runs. */
void lm_withheld_keep(int number, const siginfo_t *info, ucontext_t *context);

/* The program's handler came back. It may have sent itself the signal once more, to end by it. */
void lm_withheld_returned(int number);

/* The calling thread ends the process: tells of the fault in whose handler it does so, if it does. */
void lm_withheld_tell(void);

#endif
