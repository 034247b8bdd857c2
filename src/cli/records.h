/* The statistics that processes on Loam leave when they exit: one JSON object in a line each. */
#ifndef LM_CLI_RECORDS_H
#define LM_CLI_RECORDS_H

#include <loam/loam.h>

#include <stddef.h>
#include <sys/types.h>

typedef struct lm_record {
    pid_t pid;
    char program[64]; /* its name as the process knew it, cut; no control characters */
    loam_stats stats; /* members that the line doesn't have are 0 */
} lm_record;

typedef struct lm_records {
    lm_record *items; /* in the order of the lines, so in that in which the processes ended */
    size_t count;
    size_t damaged; /* count: lines that couldn't be read */
} lm_records;

/* Reads a file of such lines; a file that isn't there has none. Returns false when memory runs out.
 */
bool lm_records_read(const char *path, lm_records *records);

void lm_records_free(lm_records *records);

/* The last record of a process, NULL if it left none: one that executes one program after the other
 * leaves a record for each that exits. */
const lm_record *lm_records_of(const lm_records *records, pid_t pid);

#endif
