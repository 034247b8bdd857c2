/* `loam explain`: what each code of a finding means. */
#ifndef LM_CLI_EXPLAIN_H
#define LM_CLI_EXPLAIN_H

#include "base/wire.h"

/* One code's page. Texts are plain; programs have a newline after each line. */
typedef struct lm_page {
    const char *meaning; /* what the program did, and what may come of it */
    const char *wrong;   /* a program that does it */
    const char *right;   /* the same, mended */
    const char *report;  /* what to look for in the report */
} lm_page;

extern const lm_page lm_pages[LM_CODES_COUNT];

/* The rule of dynamic memory that it breaks, and what that rule says. */
int lm_explain_rule(lm_code code);
const char *lm_explain_rule_text(lm_code code);

/* Takes the arguments that follow "explain"; returns the exit status. */
int lm_explain(int argc, char **argv);

#endif
