/* `loam selftest`: plants mistakes in a process of its own, and sees whether the sampled guards catch
 * them here, with this kernel and these limits. */
#ifndef LM_CLI_SELFTEST_H
#define LM_CLI_SELFTEST_H

/* `argv` begins behind the command's name. Returns the exit status: 0 all caught, 1 not. */
int lm_selftest(int argc, char **argv);

#endif
