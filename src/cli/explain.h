/* `loam explain`: what each code of a finding means. */
#ifndef LM_CLI_EXPLAIN_H
#define LM_CLI_EXPLAIN_H

#include "base/wire.h"

/* docs/errors/CODE.md, as it is there. */
extern const char *const lm_pages[LM_CODES_COUNT];

/* The rule of dynamic memory that it breaks, and what that rule says. */
int lm_explain_rule(lm_code code);
const char *lm_explain_rule_text(lm_code code);

/* Takes the arguments that follow "explain"; returns the exit status. */
int lm_explain(int argc, char **argv);

#endif
