/* The one exit for findings: whatever part of Loam is certain that the program did something wrong
 * says so here. Nothing is allocated, no lock is held. */
#ifndef LM_BASE_FINDING_H
#define LM_BASE_FINDING_H

#include "base/once.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* KIND(enumerator, code, sentence) */
#define LM_KINDS(KIND)                                                                             \
    KIND(LM_DOUBLE_FREE, "double-free", "the block is already free")                               \
    KIND(LM_INVALID_FREE, "invalid-free", "not the first byte of a block")                         \
    KIND(LM_FOREIGN_FREE, "foreign-free", "no block of this heap, and never was")                  \
    KIND(LM_MISMATCHED_FREE, "mismatched-free", "the block was allocated in another way")          \
    KIND(LM_SIZE_MISMATCH, "size-mismatch", "the block was not allocated with this size")          \
    KIND(LM_HEAP_OVERFLOW, "heap-overflow", "bytes behind the block were overwritten")             \
    KIND(LM_HEAP_UNDERFLOW, "heap-underflow", "bytes before the block were overwritten")           \
    KIND(LM_USE_AFTER_FREE, "use-after-free", "the block was written to after it was freed")

#define LM_KIND_ENUMERATOR(enumerator, code, sentence) enumerator,
typedef enum lm_kind { LM_KINDS(LM_KIND_ENUMERATOR) LM_KINDS_COUNT } lm_kind;
#undef LM_KIND_ENUMERATOR

typedef enum lm_policy {
    LM_POLICY_ABORT,  /* say it, then end the process by SIGABRT */
    LM_POLICY_REPORT, /* say it and go on: the faulty call does nothing */
    LM_POLICY_IGNORE, /* the faulty call does nothing */
} lm_policy;

/* A call stack: where each function was called from, innermost first. */
typedef struct lm_trace {
    const uintptr_t *frames;
    size_t count;
    uint64_t thread; /* the system's number of the thread */
} lm_trace;

typedef struct lm_finding {
    lm_kind kind;
    const char *call;    /* what the program called, "free"; or when it was found, "at exit" */
    const void *pointer; /* what it passed; NULL when it passed no block */
    const void *block;   /* first byte of the block that it is about; NULL when there is none */
    size_t block_size;   /* bytes asked for, or at most asked for when that isn't known */
    size_t class_size;   /* bytes of its size class's slots; 0 for a large block */
    bool size_at_most;   /* block_size is not what was asked for, but the most that fits */
    bool damaged;        /* the bytes from first to last, counted from the block's first, changed */
    ptrdiff_t first, last;
    const char *was, *now; /* how it was allocated, and is freed; NULL when that isn't the matter */
    const char *quantity;  /* "size" or "alignment", when what the call says of it isn't true */
    size_t was_size, now_size;
    const void
        *or_before; /* the same bytes lie before this block; NULL when it can't have been that */
    const lm_trace *allocated, *freed; /* NULL when that isn't known */
    bool sampled;                      /* it lies between guards of its own */
    bool exact;                        /* the call is an access that was stopped: "write to" */
    const lm_trace *accessed;          /* the stack of that access */
} lm_finding;

/* Set at start, before there are threads. */
typedef struct lm_finding_rules {
    lm_policy policy[LM_KINDS_COUNT];
    /* Appends a call stack to a report, a line for each frame. */
    void (*put_trace)(struct lm_text *text, const lm_trace *trace);
} LM_ONCE_ALIGNED lm_finding_rules;

extern lm_finding_rules lm_finding_rule;

/* For tests: takes the finding in place of the message and the policy; NULL is the usual way. */
extern void (*lm_finding_hook)(const lm_finding *finding);

/* Says it and does as the policy says. Returns when the policy lets the program go on; then only the first
 * LM_REPORTS_OF_A_KIND of each kind are said. */
enum { LM_REPORTS_OF_A_KIND = 50 };
void lm_finding_report(const lm_finding *finding);

/* The same with the caller's buffer for the text, for who has little stack. */
enum { LM_REPORT_MAX = 8192 };
void lm_finding_report_in(const lm_finding *finding, char *buffer, size_t size);

/* Appends the lines that tell of a finding and its block, for who has another way to say it. */
void lm_finding_put(struct lm_text *text, const lm_finding *finding);

/* The stable code of a kind: "double-free". */
const char *lm_kind_code(lm_kind kind);

#endif
