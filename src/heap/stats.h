/* Statistics: counted when somebody asks, not while the program runs. */
#ifndef LM_HEAP_STATS_H
#define LM_HEAP_STATS_H

#include "base/text.h"
#include "loam/loam.h"

/* Fills *out; takes the heap's locks one at a time. */
void lm_stats_get(loam_stats *out);

/* Appends one JSON object, without a newline: the members of loam_stats, classes without any
 * allocation left out; with `process` also "pid" and "program". */
void lm_stats_json(lm_text *text, const loam_stats *stats, bool process);

/* Appends a short table for people. */
void lm_stats_table(lm_text *text, const loam_stats *stats);

/* What the options stats and stats_file ask for. */
void lm_stats_at_exit(void);

#endif
