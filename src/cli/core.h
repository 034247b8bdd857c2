/* `loam core`: what a core dump's fault was, by the table of sampled guards in it (base/samples.h). */
#ifndef LM_CLI_CORE_H
#define LM_CLI_CORE_H

/* `argv` begins behind the command's name. Returns the exit status: 0 when the fault was explained, 1
 * when the file is a core dump but this fault can't be. */
int lm_core(int argc, char **argv);

#endif
