/* A report as a story for a terminal: what was done wrong, where, to which bytes, in which order, how sure
 * that is, and what helps. examples/mistakes/ has each code's. */
#ifndef LM_CLI_STORY_H
#define LM_CLI_STORY_H

#include "cli/paper.h"
#include "cli/report.h"
#include "cli/source.h"

/* What all parts of a story share. */
typedef struct lm_story {
    lm_paper *paper;
    const lm_report *report;
    lm_sources *sources;
    lm_symbols *symbols;
} lm_story;

/* The whole story, with an empty line at its end. */
void lm_story_tell(const lm_story *story);

enum { LM_HEADLINE_SIZE = 512 };

/* The headline's sentence. */
char *lm_story_headline(const lm_report *report, char buffer[LM_HEADLINE_SIZE]);

/* Whether it may be meant so, and is only warned of. */
bool lm_story_is_warning(lm_code code);

/* ---- Its parts, in their order; each prints nothing when it has nothing to say ----------------- */

/* The place to blame and its lines. Returns which of the earlier events stand in the excerpt. */
typedef struct lm_told {
    bool excerpt, allocated, freed;
    bool table; /* the events need a table beside it */
} lm_told;
lm_told lm_story_place(const lm_story *story);

/* The block's bytes with the bad ones marked. */
void lm_story_bytes(const lm_story *story);

/* What else is known: the failed allocation, the pattern in a pointer, who holds a dangling one. */
void lm_story_evidence(const lm_story *story);

/* What happened to the block, in the order of time, but for what was told already. */
void lm_story_events(const lm_story *story, const lm_told *told);

/* Who called the blamed function. */
void lm_story_callers(const lm_story *story);

void lm_story_certainty(const lm_story *story);
void lm_story_help(const lm_story *story);

/* ---- What they have in common ------------------------------------------------------------------ */

/* "reads", "writes", "frees", "executes" and so on: what the access does, in this form. */
typedef enum lm_verb { LM_VERB_PRESENT, LM_VERB_PAST, LM_VERB_NOUN, LM_VERB_LOUD } lm_verb;
const char *lm_story_access(const lm_wire_finding *facts, lm_verb form);

/* The bad bytes: how many, 0 when that isn't known, and the first one. */
uint64_t lm_story_bad_count(const lm_wire_finding *facts);
int64_t lm_story_bad_first(const lm_wire_finding *facts);

/* The block's size; of lost blocks that of all of them, without those that only they led to. */
uint64_t lm_story_size(const lm_wire_finding *facts);

/* Whether both stand at the same place of the source. */
bool lm_story_same_place(const lm_place *one, const lm_place *other);

/* The function that the blamed place called, and that did it; NULL: it did it itself. */
const char *lm_story_call(const lm_report *report);

/* The time that the story counts from: that of its first event. */
uint64_t lm_story_start(const lm_wire_finding *facts);

/* "t=0" or "t=+12 us" */
char *lm_story_time(const lm_wire_finding *facts, uint64_t time, char buffer[96]);

#endif
