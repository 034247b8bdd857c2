/* What the lines of the source around a place say: evidence for the help. They are read as text, so each
 * question is one that text alone can answer. */
#ifndef LM_CLI_STORY_LINES_H
#define LM_CLI_STORY_LINES_H

#include "cli/story.h"

enum { LM_LINE_SIZE = 512, LM_NAME_SIZE = 64, LM_LOOP_LINES = 6 };

/* A copy of the line `before` lines above the place (below it, when negative); "" when it isn't there. */
void lm_lines_at(const lm_story *story, const lm_place *place, int before, char text[LM_LINE_SIZE]);

/* The part of the line from the place's column on, where it has one. */
const char *lm_lines_from_column(const char *line, const lm_place *place);

/* The name in front of " = " before `at`: the variable that is assigned to. */
bool lm_lines_assigned(const char *line, const char *at, char name[LM_NAME_SIZE]);

/* Whether `text` begins with "sizeof(name)" or "sizeof name". */
bool lm_lines_sizeof(const char *text, const char *name);

/* The condition of the for or while loop in the line, as "i <= count"; NULL: none. *end is behind it. */
const char *lm_lines_condition(const char *line, const char **end);

/* The number N of "i < N" or "i <= N" in the condition, as that of the first turn that isn't made; 0: not so. */
uint64_t lm_lines_bound(const char *condition, const char *end);

/* The pointer that the line counts down: `p--`, `--p`, `*p--`. */
bool lm_lines_counted_down(const char *line, char name[LM_NAME_SIZE]);

/* When the line uses a pointer that is declared without a value above it, and doesn't occur in between: its name and the
 * line of its declaration. */
unsigned lm_lines_never_set(const lm_story *story, const lm_place *place, char name[LM_NAME_SIZE]);

#endif
