/* A finding with everything that is known of it, ready to be told: what each format is made from. */
#ifndef LM_CLI_REPORT_H
#define LM_CLI_REPORT_H

#include "cli/route.h"

typedef struct lm_report {
    const lm_wire_finding *facts;
    lm_route used; /* the faulty access or call; of leaks and dangling pointers it may be empty */
    lm_route allocated;       /* the block's allocation */
    lm_route freed;           /* its free */
    lm_route failed;          /* the allocation that gave NULL */
    const lm_route *to_blame; /* one of these: where the user looks first; NULL: none is known */
    const lm_wire_finding *
        *same; /* findings of other processes, or programs, that are this one again */
    size_t same_count;
    uint64_t key;  /* the same for equal reports */
    pid_t process; /* shown where there are several; 0: not */
} lm_report;

void lm_report_make(lm_report *report, const lm_wire_finding *facts, lm_router *router);
void lm_report_free(lm_report *report);

/* Whether it is only a leak; then the status is another. */
bool lm_report_is_leak(const lm_report *report);

/* Whether both tell of the same mistake at the same place. */
bool lm_report_equal(const lm_report *one, const lm_report *other);

/* Takes note that a finding is this one again. Returns false when there is no memory. */
bool lm_report_join(lm_report *report, const lm_wire_finding *facts);

/* How often it came in all. */
uint64_t lm_report_count(const lm_report *report);

/* What matters more comes first: negative when `one` does. */
int lm_report_compare(const lm_report *one, const lm_report *other);

#endif
