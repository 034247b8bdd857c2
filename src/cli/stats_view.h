/* Statistics as tables of at most 80 columns. */
#ifndef LM_CLI_STATS_VIEW_H
#define LM_CLI_STATS_VIEW_H

#include "cli/records.h"

#include <stdio.h>

/* Prints what one process did with its heap. `version` is the library's. */
void lm_stats_view_one(FILE *out, const lm_record *record, const char *version);

/* Prints a line for each of the other processes, the last ten that ended if there are more. `shown`
 * is the record that lm_stats_view_one printed, or NULL. */
void lm_stats_view_others(FILE *out, const lm_records *records, const lm_record *shown);

#endif
