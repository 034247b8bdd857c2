/* What one process told, as it comes: its file is read on from where it was read before. */
#ifndef LM_CLI_CHECK_LOG_H
#define LM_CLI_CHECK_LOG_H

#include "base/wire.h"
#include "cli/check_lines.h"

#include <stdio.h>
#include <sys/types.h>

enum { LM_BUILD_ID_MAX = 32 };

typedef struct lm_wire_module {
    uint32_t id;
    char *path;
    uint64_t start, end, bias;
    unsigned char build[LM_BUILD_ID_MAX];
    size_t build_size; /* 0: has none */
} lm_wire_module;

typedef struct lm_wire_frame {
    const lm_wire_module *module; /* NULL: lies in none */
    uint64_t address;             /* the file's own; without a module, the process's */
} lm_wire_frame;

typedef struct lm_wire_stack {
    uint32_t id;
    bool exact; /* the first frame is the place itself; all others are where calls return to */
    size_t count;
    lm_wire_frame frames[];
} lm_wire_stack;

typedef enum lm_sureness { LM_SURE_EXACT, LM_SURE_LATER, LM_SURE_INFERRED } lm_sureness;

/* What a finding may say beside its code and certainty; base/wire.h tells what each is. The lists are the
 * only place where keys stand: the struct and the reader are made from them. */
#define LM_FINDING_NUMBERS(KEY)                                                                    \
    KEY(id)                                                                                        \
    KEY(thread)                                                                                    \
    KEY(time)                                                                                      \
    KEY(bytes)                                                                                     \
    KEY(pointer)                                                                                   \
    KEY(block)                                                                                     \
    KEY(size)                                                                                      \
    KEY(first)                                                                                     \
    KEY(last)                                                                                      \
    KEY(inside)                                                                                    \
    KEY(allocated_thread)                                                                          \
    KEY(allocated_time)                                                                            \
    KEY(freed_thread)                                                                              \
    KEY(freed_time)                                                                                \
    KEY(moved_to)                                                                                  \
    KEY(since)                                                                                     \
    KEY(was_size)                                                                                  \
    KEY(now_size)                                                                                  \
    KEY(dump_at)                                                                                   \
    KEY(failed_size)                                                                               \
    KEY(failed_time)                                                                               \
    KEY(failed_error)                                                                              \
    KEY(value)                                                                                     \
    KEY(signal)                                                                                    \
    KEY(fault)                                                                                     \
    KEY(blocks)                                                                                    \
    KEY(indirect_blocks)                                                                           \
    KEY(indirect_bytes)
#define LM_FINDING_TEXTS(KEY)                                                                      \
    KEY(call, "call")                                                                              \
    KEY(access, "access")                                                                          \
    KEY(state, "state")                                                                            \
    KEY(where, "where")                                                                            \
    KEY(allocated_call, "allocated_call")                                                          \
    KEY(freed_call, "freed_call")                                                                  \
    KEY(was, "was")                                                                                \
    KEY(now, "now")                                                                                \
    KEY(quantity, "quantity")                                                                      \
    KEY(failed_call, "failed_call")                                                                \
    KEY(fill, "fill")                                                                              \
    KEY(register_name, "register")                                                                 \
    KEY(reaches, "reaches")                                                                        \
    KEY(holders, "holders")                                                                        \
    KEY(helper, "helper")
#define LM_FINDING_STACKS(KEY)                                                                     \
    KEY(stack)                                                                                     \
    KEY(allocated)                                                                                 \
    KEY(freed)                                                                                     \
    KEY(failed)

struct lm_wire_program;

/* A finding as it was told. Texts are NULL, stacks are NULL, where they weren't. */
typedef struct lm_wire_finding {
    const struct lm_wire_program *program;
    char *code_name;
    lm_code code; /* LM_CODES_COUNT: one that this command doesn't know */
    lm_sureness sure;
#define LM_FIELD(key) lm_fact key;
    LM_FINDING_NUMBERS(LM_FIELD)
#undef LM_FIELD
#define LM_FIELD(field, key) char *field;
    LM_FINDING_TEXTS(LM_FIELD)
#undef LM_FIELD
#define LM_FIELD(key) const lm_wire_stack *key;
    LM_FINDING_STACKS(LM_FIELD)
#undef LM_FIELD
    unsigned char *dump, *valid; /* NULL: not told */
    size_t dump_size, valid_size;
    uint64_t count; /* how often it came by now */
} lm_wire_finding;

typedef struct lm_wire_summary {
    bool known;
    lm_fact allocations, frees, bytes, live_blocks, live_bytes, peak_bytes, failed;
} lm_wire_summary;

/* One program: from a line `process` to the next. */
typedef struct lm_wire_program {
    struct lm_wire_program *next; /* that the same process executed afterwards */
    pid_t pid, parent;
    char *path;
    char **arguments;
    size_t argument_count;
    lm_wire_module **modules;
    lm_wire_stack **stacks;
    lm_wire_finding **findings;
    size_t module_count, stack_count, finding_count;
    lm_wire_summary summary;
    bool ended; /* by exit or _exit, with this status */
    int status;
} lm_wire_program;

/* Who hears of what is new. */
typedef struct lm_log_hearer {
    void (*finding)(lm_wire_finding *finding, void *context);
    void (*note)(const lm_wire_program *program, const char *text, void *context);
    void *context;
} lm_log_hearer;

typedef struct lm_log {
    char *path;
    off_t offset; /* of the first line that isn't read yet */
    lm_wire_program *first, *last;
    lm_wire_line line;
    bool foreign; /* the file is of a version that this command doesn't know, or no such file */
    size_t passed_over; /* lines that couldn't be read */
    size_t summaries;   /* lines of that kind */
} lm_log;

void lm_log_init(lm_log *log, const char *path);

/* Reads all whole lines that have come since. Returns false when the file can't be read. */
bool lm_log_read(lm_log *log, const lm_log_hearer *hearer);

void lm_log_free(lm_log *log);

/* The code's name, and the code of a name. */
const char *lm_code_name(lm_code code);
lm_code lm_code_of(const char *name);

#endif
