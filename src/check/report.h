/* The rest of what the file says: who the process is, and how it ends. */
#ifndef LM_CHECK_REPORT_H
#define LM_CHECK_REPORT_H

#include "base/lock.h"

/* `loam-check` and `process`; at start, and in a child of fork. */
void lm_report_start(void);

/* `again` and `summary`, whenever they are wanted. */
void lm_report_counts(void);

/* `end`. */
void lm_report_end(int status);

/* A sentence for the user; told once. */
void lm_report_note(const char *text);

/* In a child of fork, which holds the lock: a file of its own. */
void lm_report_forked(void);

extern lm_lock lm_tale_lock;

#endif
