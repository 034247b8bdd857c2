/* What `loam help` shows. */
#ifndef LM_CLI_HELP_H
#define LM_CLI_HELP_H

#include <stdio.h>

/* The commands. */
void lm_help_commands(FILE *out);

/* How to use loam run. */
void lm_help_run(FILE *out);

/* How to use loam check. */
void lm_help_check(FILE *out);

/* How to use loam leaks. */
void lm_help_leaks(FILE *out);

/* The same for loam selftest and loam core. */
void lm_help_selftest(FILE *out);
void lm_help_core(FILE *out);

/* Every option of the library, with its values and what it does. */
void lm_help_options(FILE *out);

#endif
