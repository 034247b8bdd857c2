/* The one exit for findings: whatever part of Loam is certain that the program did something wrong
 * says so here. Nothing is allocated, no lock is held. */
#ifndef LM_BASE_FINDING_H
#define LM_BASE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum lm_kind {
    LM_DOUBLE_FREE,  /* the block was already free */
    LM_INVALID_FREE, /* an address inside the heap that is no block's first byte */
    LM_FOREIGN_FREE, /* an address that never was this heap's: stack, static, another heap */
} lm_kind;

typedef enum lm_policy {
    LM_POLICY_ABORT,  /* say it, then end the process by SIGABRT */
    LM_POLICY_REPORT, /* say it and go on: the faulty call does nothing */
    LM_POLICY_IGNORE, /* the faulty call does nothing */
} lm_policy;

typedef struct lm_finding {
    lm_kind kind;
    const char *call;    /* what the program called: "free" */
    const void *pointer; /* what it passed */
    const void
        *block; /* first byte of the block that the pointer lies in; NULL when there is none */
    size_t block_size; /* its usable bytes */
    size_t class_size; /* bytes of its size class's slots; 0 for a large block */
} lm_finding;

/* Set once at start, before there are threads. */
extern lm_policy lm_finding_policy;

/* For tests: takes the finding in place of the message and the policy; NULL is the usual way. */
extern void (*lm_finding_hook)(const lm_finding *finding);

/* Says it and does as the policy says. Returns when the policy lets the program go on. */
void lm_finding_report(const lm_finding *finding);

/* The stable code of a kind: "double-free". */
const char *lm_kind_code(lm_kind kind);

#endif
