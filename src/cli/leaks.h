/* `loam leaks`: asks a running process that is checked for its leaks. */
#ifndef LM_CLI_LEAKS_H
#define LM_CLI_LEAKS_H

/* Takes the arguments that follow "leaks"; returns the exit status. */
int lm_leaks(int argc, char **argv);

#endif
