/* loam run: a program on Loam's heap. */
#ifndef LM_CLI_RUN_H
#define LM_CLI_RUN_H

/* Runs the command with the arguments that follow "run"; returns its exit status: the program's
 * own, 128 + n if signal n killed it, or an LM_STATUS_... */
int lm_run(int argc, char **argv);

#endif
