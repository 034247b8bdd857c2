#include "base/finding.h"

#include "base/compiler.h"
#include "base/system.h"
#include "base/text.h"

#include <stdatomic.h>

LM_ONCE lm_finding_rules lm_finding_rule;
void (*lm_finding_hook)(const lm_finding *finding);

#define CODE(enumerator, code, sentence)     [enumerator] = code,
#define SENTENCE(enumerator, code, sentence) [enumerator] = sentence,
static const char *const codes[] = {LM_KINDS(CODE)};
static const char *const sentences[] = {LM_KINDS(SENTENCE)};

const char *lm_kind_code(lm_kind kind) {
    return codes[kind];
}

/* ---- The lines of a report ------------------------------------------------------------------ */

static void put_offset(lm_text *text, ptrdiff_t offset) {
    lm_text_format(text, "%s%zu", offset < 0 ? "-" : "", (size_t)(offset < 0 ? -offset : offset));
}

static const char *access_sentence(lm_kind kind) {
    return kind == LM_USE_AFTER_FREE   ? "the block is already free"
           : kind == LM_HEAP_UNDERFLOW ? "this is before the block"
                                       : "this is behind the block";
}

static void put_headline(lm_text *text, const lm_finding *finding) {
    lm_text_format(text, "loam: error[%s]: %s", codes[finding->kind], finding->call);
    if (finding->pointer)
        lm_text_format(text, finding->exact ? " %p" : "(%p)", finding->pointer);
    lm_text_format(text, ": %s",
                   finding->exact ? access_sentence(finding->kind) : sentences[finding->kind]);
    if (!finding->block) {
        lm_text_put(text, "\n");
        return;
    }
    lm_text_format(text, " (block %p of %s%zu %s, ", finding->block,
                   finding->size_at_most ? "at most " : "", finding->block_size,
                   finding->block_size == 1 ? "byte" : "bytes");
    if (finding->sampled)
        lm_text_put(text, "sampled");
    else if (finding->class_size)
        lm_text_format(text, "class %zu", finding->class_size);
    else
        lm_text_put(text, "large");
    if (finding->pointer && (finding->exact || finding->pointer != finding->block)) {
        lm_text_put(text, ", byte ");
        put_offset(text, (const char *)finding->pointer - (const char *)finding->block);
        lm_text_put(text, " of it");
    }
    lm_text_put(text, ")\n");
}

static void put_evidence(lm_text *text, const lm_finding *finding) {
    if (finding->damaged) {
        bool one = finding->first == finding->last;
        lm_text_put(text, one ? "loam:   byte " : "loam:   bytes ");
        put_offset(text, finding->first);
        if (!one) {
            lm_text_put(text, " to ");
            put_offset(text, finding->last);
        }
        lm_text_put(text, one ? " was changed\n" : " were changed\n");
    }
    if (finding->or_before)
        lm_text_format(text, "loam:   or they were overwritten from before the block %p\n",
                       finding->or_before);
    if (finding->was)
        lm_text_format(text, "loam:   allocated by %s, freed by %s\n", finding->was, finding->now);
    if (finding->quantity)
        lm_text_format(text, "loam:   allocated with %s %zu, freed with %s %zu\n",
                       finding->quantity, finding->was_size, finding->quantity, finding->now_size);
}

static void put_trace(lm_text *text, const char *what, const lm_trace *trace) {
    if (!trace)
        return;
    lm_text_format(text, "loam:   %s by thread %llu:\n", what, (unsigned long long)trace->thread);
    if (lm_finding_rule.put_trace)
        lm_finding_rule.put_trace(text, trace);
}

static bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '.' || c == '-' || c == '_' || c == '=' || c == ':' || c == ',' || c == '+' ||
           c == '@' || c == '%';
}

/* One argument as a shell would read it. */
static void put_argument(lm_text *text, const char *argument) {
    bool plain = argument[0] != '\0';
    for (const char *c = argument; *c; c++)
        plain = plain && is_plain(*c);
    lm_text_put(text, plain ? " " : " '");
    for (const char *c = argument; *c; c++) {
        if (*c == '\'')
            lm_text_put(text, "'\\''");
        else
            lm_text_format(text, "%c", *c);
    }
    if (!plain)
        lm_text_put(text, "'");
}

static void put_command(lm_text *text) {
    enum { COMMAND_MAX = 400 };
    char line[COMMAND_MAX];
    size_t length = lm_os_command_line(line, sizeof line);
    if (length == 0)
        return;
    lm_text_put(text, "loam:   more: loam check --");
    for (size_t at = 0; at < length;) {
        put_argument(text, line + at);
        while (line[at] != '\0')
            at++;
        at++;
    }
    if (length == sizeof line)
        lm_text_put(text, "...");
    lm_text_put(text, "\n");
}

void lm_finding_put(lm_text *text, const lm_finding *finding) {
    put_headline(text, finding);
    if (finding->exact)
        lm_text_put(text, "loam:   exact: stopped at the access\n");
    put_evidence(text, finding);
    put_trace(text, "allocated", finding->allocated);
    put_trace(text, "freed", finding->freed);
    put_trace(text, "accessed", finding->accessed);
}

/* Reports of one kind that the program went on after. It may do the same ever again. */
static _Atomic uint32_t reported[LM_KINDS_COUNT];

/* Whether another one is said; when it is the last one, *last. */
static bool is_said(const lm_finding *finding, lm_policy policy, bool *last) {
    if (policy == LM_POLICY_ABORT)
        return true;
    uint32_t count = atomic_load_explicit(&reported[finding->kind], memory_order_relaxed);
    if (count < LM_REPORTS_OF_A_KIND)
        count = atomic_fetch_add_explicit(&reported[finding->kind], 1, memory_order_relaxed);
    *last = count == LM_REPORTS_OF_A_KIND - 1;
    return count < LM_REPORTS_OF_A_KIND;
}

LM_COLD void lm_finding_report_in(const lm_finding *finding, char *buffer, size_t size) {
    if (lm_finding_hook) {
        lm_finding_hook(finding);
        return;
    }
    lm_policy policy = lm_finding_rule.policy[finding->kind];
    bool last = false;
    if (policy == LM_POLICY_IGNORE || !is_said(finding, policy, &last))
        return;
    lm_text text;
    lm_text_init(&text, buffer, size);
    lm_finding_put(&text, finding);
    lm_text_format(&text, "loam:   thread %llu of process %d\n", (unsigned long long)lm_os_thread(),
                   lm_os_process());
    put_command(&text);
    if (last)
        lm_text_format(&text, "loam: %s came %d times: no more of them are reported\n",
                       lm_kind_code(finding->kind), LM_REPORTS_OF_A_KIND);
    lm_os_message(buffer, text.length < size ? text.length : size - 1);
    if (policy == LM_POLICY_ABORT)
        lm_os_abort();
}

LM_COLD void lm_finding_report(const lm_finding *finding) {
    char report[LM_REPORT_MAX];
    lm_finding_report_in(finding, report, sizeof report);
}
