/* Loam's own format: everything that is known, under the names that base/wire.h has. */
#include "cli/document.h"
#include "cli/explain.h"
#include "cli/json_out.h"
#include "cli/story.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 1 };

static bool is_in(const char *name, const char *const names[], size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void put_number(lm_json_out *json, const char *name, const lm_fact *fact) {
    static const char *const addresses[] = {"pointer", "block", "moved_to", "value", "fault"};
    static const char *const with_sign[] = {"first", "last", "inside", "dump_at", "failed_error"};
    if (!fact->known)
        return;
    if (is_in(name, addresses, sizeof addresses / sizeof addresses[0]))
        lm_json_address(json, name, fact->value);
    else if (is_in(name, with_sign, sizeof with_sign / sizeof with_sign[0]))
        lm_json_signed(json, name, (int64_t)fact->value);
    else
        lm_json_unsigned(json, name, fact->value);
}

static void put_bytes(lm_json_out *json, const char *name, const unsigned char *bytes,
                      size_t size) {
    if (bytes == NULL)
        return;
    char *text = malloc(2 * size + 1);
    if (text == NULL)
        return;
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    lm_json_text(json, name, text);
    free(text);
}

static void put_place(lm_json_out *json, const char *name, const lm_place *place) {
    static const char *const owners[] = {[LM_OWNER_PROGRAM] = "program",
                                         [LM_OWNER_LIBRARY] = "library",
                                         [LM_OWNER_RUNTIME] = "runtime"};
    lm_json_open(json, name, '{');
    lm_json_known(json, "function", place->function);
    lm_json_known(json, "file", place->file);
    lm_json_known(json, "path", place->path);
    if (place->line > 0)
        lm_json_unsigned(json, "line", place->line);
    if (place->line > 0 && place->column > 0)
        lm_json_unsigned(json, "column", place->column);
    lm_json_known(json, "module", place->module_path);
    lm_json_address(json, "address", place->address);
    lm_json_truth(json, "inlined", place->inlined);
    lm_json_text(json, "owner", owners[place->owner]);
    lm_json_close(json, '}');
}

static void put_routes(lm_json_out *json, const lm_report *report) {
    lm_named_route routes[LM_ROUTES];
    lm_document_routes(report, routes);
    for (size_t i = 0; i < LM_ROUTES; i++) {
        const lm_route *route = routes[i].route;
        if (route->count == 0)
            continue;
        lm_json_open(json, routes[i].key, '[');
        for (size_t j = 0; j < route->count; j++)
            put_place(json, NULL, &route->places[j]);
        lm_json_close(json, ']');
        if (route != report->to_blame)
            continue;
        lm_json_open(json, "blame", '{');
        lm_json_text(json, "stack", routes[i].key);
        lm_json_unsigned(json, "frame", route->blame);
        lm_json_close(json, '}');
    }
}

static void put_process(lm_json_out *json, const char *name, const lm_wire_program *program) {
    lm_json_open(json, name, '{');
    lm_json_signed(json, "pid", program->pid);
    lm_json_signed(json, "parent", program->parent);
    lm_json_known(json, "program", program->path);
    lm_json_open(json, "arguments", '[');
    for (size_t i = 0; i < program->argument_count; i++)
        lm_json_text(json, NULL, program->arguments[i]);
    lm_json_close(json, ']');
    lm_json_close(json, '}');
}

static void put_facts(lm_json_out *json, const lm_wire_finding *facts) {
#define LM_PUT(key) put_number(json, #key, &facts->key);
    LM_FINDING_NUMBERS(LM_PUT)
#undef LM_PUT
#define LM_PUT(field, key) lm_json_known(json, key, facts->field);
    LM_FINDING_TEXTS(LM_PUT)
#undef LM_PUT
    put_bytes(json, "dump", facts->dump, facts->dump_size);
    put_bytes(json, "valid", facts->valid, facts->valid_size);
}

static void put_sentences(lm_json_out *json, const lm_session *session, const lm_report *report) {
    char headline[LM_HEADLINE_SIZE];
    char *certainty = lm_document_certainty(session, report);
    char *help = lm_document_help(session, report);
    char *suppression = session->gen_suppressions ? lm_suppression_text(report) : NULL;
    lm_json_text(json, "message", lm_story_headline(report, headline));
    lm_json_known(json, "certainty_text", certainty);
    lm_json_known(json, "help", help);
    lm_json_known(json, "suppression", suppression);
    free(certainty);
    free(help);
    free(suppression);
}

/* Findings that are this one again: in other processes, or of other bytes that the same call touches. */
static void put_same(lm_json_out *json, const lm_report *report) {
    if (report->same_count == 0)
        return;
    lm_json_open(json, "same", '[');
    for (size_t i = 0; i < report->same_count; i++) {
        const lm_wire_finding *facts = report->same[i];
        lm_json_open(json, NULL, '{');
        lm_json_signed(json, "pid", facts->program->pid);
        lm_json_unsigned(json, "count", facts->count);
        put_facts(json, facts);
        lm_json_close(json, '}');
    }
    lm_json_close(json, ']');
}

static void put_finding(lm_json_out *json, const lm_session *session, const lm_report *report) {
    static const char *const sure[] = {
        [LM_SURE_EXACT] = "exact", [LM_SURE_LATER] = "later", [LM_SURE_INFERRED] = "inferred"};
    const lm_wire_finding *facts = report->facts;
    char fingerprint[LM_FINGERPRINT_SIZE];
    lm_document_fingerprint(report, fingerprint);
    lm_json_open(json, NULL, '{');
    lm_json_text(json, "code", facts->code_name);
    lm_json_text(json, "level", lm_story_is_warning(facts->code) ? "warning" : "error");
    if (facts->code < LM_CODES_COUNT)
        lm_json_signed(json, "rule", lm_explain_rule(facts->code));
    lm_json_text(json, "certainty", sure[facts->sure]);
    lm_json_unsigned(json, "count", lm_report_count(report));
    lm_json_text(json, "fingerprint", fingerprint);
    put_sentences(json, session, report);
    put_process(json, "process", facts->program);
    put_facts(json, facts);
    put_routes(json, report);
    put_same(json, report);
    lm_json_close(json, '}');
}

static void put_ending(lm_json_out *json, const lm_session *session) {
    if (!session->ending.known)
        return;
    lm_json_open(json, "outcome", '{');
    lm_json_signed(json, session->ending.killed ? "signal" : "status", session->ending.status);
    lm_json_close(json, '}');
}

static void put_summary(lm_json_out *json, const lm_session *session) {
    size_t mistakes;
    size_t leaks;
    lm_session_count(session, &mistakes, &leaks);
    lm_json_open(json, "summary", '{');
    lm_json_unsigned(json, "mistakes", mistakes);
    lm_json_unsigned(json, "leaks", leaks);
    lm_json_unsigned(json, "suppressed", session->suppressed);
    const lm_wire_program *program = lm_session_program(session);
    if (program != NULL && program->summary.known) {
        const lm_wire_summary *summary = &program->summary;
        put_number(json, "allocations", &summary->allocations);
        put_number(json, "frees", &summary->frees);
        put_number(json, "bytes", &summary->bytes);
        put_number(json, "live_blocks", &summary->live_blocks);
        put_number(json, "live_bytes", &summary->live_bytes);
        put_number(json, "peak_bytes", &summary->peak_bytes);
        put_number(json, "failed", &summary->failed);
    }
    lm_json_close(json, '}');
}

static void put_notes(lm_json_out *json, const lm_session *session) {
    lm_json_open(json, "notes", '[');
    for (size_t i = 0; i < session->note_count; i++) {
        lm_json_open(json, NULL, '{');
        lm_json_signed(json, "pid", session->notes[i].pid);
        lm_json_text(json, "text", session->notes[i].text);
        lm_json_close(json, '}');
    }
    lm_json_close(json, ']');
}

static void put_suppressions(lm_json_out *json, const lm_session *session) {
    lm_json_open(json, "suppressions", '[');
    for (size_t i = 0; i < session->suppressions.count; i++) {
        const lm_suppression *item = &session->suppressions.items[i];
        lm_json_open(json, NULL, '{');
        lm_json_text(json, "name", item->name);
        lm_json_text(json, "file", item->file);
        lm_json_unsigned(json, "line", item->line);
        lm_json_unsigned(json, "used", item->used);
        lm_json_close(json, '}');
    }
    lm_json_close(json, ']');
}

void lm_document_json(const lm_session *session) {
    lm_json_out json = {.out = session->out};
    const lm_wire_program *program = lm_session_program(session);
    lm_json_open(&json, NULL, '{');
    lm_json_text(&json, "format", "loam-check");
    lm_json_signed(&json, "version", VERSION);
    lm_json_text(&json, "loam", LM_VERSION);
    if (program != NULL)
        put_process(&json, "process", program);
    put_ending(&json, session);
    lm_json_open(&json, "findings", '[');
    for (size_t i = 0; i < session->report_count; i++)
        put_finding(&json, session, session->reports[i]);
    lm_json_close(&json, ']');
    put_notes(&json, session);
    put_suppressions(&json, session);
    put_summary(&json, session);
    lm_json_close(&json, '}');
}
