/* `loam check`: runs a program with the checker in it, and tells what it does wrong. */
#ifndef LM_CLI_CHECK_H
#define LM_CLI_CHECK_H

/* Takes the arguments that follow "check"; returns the exit status. */
int lm_check(int argc, char **argv);

#endif
