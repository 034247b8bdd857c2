/* SARIF 2.1.0, which code scanning services and editors read. */
#include "cli/document.h"
#include "cli/explain.h"
#include "cli/json_out.h"
#include "cli/story.h"

#include <stdlib.h>
#include <string.h>

/* The folder that the command was started in, to which files of the user's are relative. */
static const char base[] = "%SRCROOT%";

/* The headings of docs/errors/. */
static const char *const titles[LM_CODES_COUNT] = {
    [LM_CODE_HEAP_OVERFLOW] = "past the end of a block",
    [LM_CODE_HEAP_UNDERFLOW] = "before the start of a block",
    [LM_CODE_USE_AFTER_FREE] = "a block is used that was freed",
    [LM_CODE_DOUBLE_FREE] = "a block is freed twice",
    [LM_CODE_INVALID_FREE] = "free of what is not a block's start",
    [LM_CODE_FOREIGN_FREE] = "free of memory that another allocator gave",
    [LM_CODE_MISMATCHED_FREE] = "freed by the wrong partner",
    [LM_CODE_SIZE_MISMATCH] = "freed with another size than it was made",
    [LM_CODE_BAD_SIZE] = "no program can mean this size",
    [LM_CODE_NULL_DEREF] = "NULL was used as if it were a block",
    [LM_CODE_WILD_POINTER] = "a pointer that was never set was followed",
    [LM_CODE_UNINITIALISED_READ] = "memory was read that was never written",
    [LM_CODE_DANGLING_POINTER] = "a freed block's address is still held somewhere",
    [LM_CODE_LEAK] = "a block is never freed, and nobody can free it",
    [LM_CODE_POSSIBLE_LEAK] = "only a pointer to the middle of a block is left",
};

/* What the weakness is called in the Common Weakness Enumeration. */
static const int weaknesses[LM_CODES_COUNT] = {
    [LM_CODE_HEAP_OVERFLOW] = 122,    [LM_CODE_HEAP_UNDERFLOW] = 124,
    [LM_CODE_USE_AFTER_FREE] = 416,   [LM_CODE_DOUBLE_FREE] = 415,
    [LM_CODE_INVALID_FREE] = 761,     [LM_CODE_FOREIGN_FREE] = 590,
    [LM_CODE_MISMATCHED_FREE] = 762,  [LM_CODE_SIZE_MISMATCH] = 131,
    [LM_CODE_BAD_SIZE] = 789,         [LM_CODE_NULL_DEREF] = 476,
    [LM_CODE_WILD_POINTER] = 824,     [LM_CODE_UNINITIALISED_READ] = 457,
    [LM_CODE_DANGLING_POINTER] = 825, [LM_CODE_LEAK] = 401,
    [LM_CODE_POSSIBLE_LEAK] = 401,
};

static void put_message(lm_json_out *json, const char *name, const char *text) {
    lm_json_open(json, name, '{');
    lm_json_text(json, "text", text);
    lm_json_close(json, '}');
}

static const char *level_of(lm_code code) {
    return lm_story_is_warning(code) ? "warning" : "error";
}

/* ---- Rules ------------------------------------------------------------------------------------- */

static void put_help(lm_json_out *json, lm_code code) {
    lm_json_open(json, "help", '{');
    lm_json_text(json, "text", lm_pages[code]);
    lm_json_text(json, "markdown", lm_pages[code]);
    lm_json_close(json, '}');
}

/* Of the page, the paragraph behind the title and the rule. */
static void put_description(lm_json_out *json, lm_code code) {
    const char *at = lm_pages[code];
    for (int i = 0; i < 2; i++) {
        const char *gap = strstr(at, "\n\n");
        at = gap ? gap + 2 : at;
    }
    const char *end = strstr(at, "\n\n");
    const int length = end ? (int)(end - at) : (int)strlen(at);
    lm_json_open(json, "fullDescription", '{');
    lm_json_format(json, "text", "%.*s", length, at);
    lm_json_close(json, '}');
}

static void put_rule(lm_json_out *json, lm_code code) {
    lm_json_open(json, NULL, '{');
    lm_json_text(json, "id", lm_code_name(code));
    put_message(json, "shortDescription", titles[code]);
    put_description(json, code);
    put_help(json, code);
    lm_json_open(json, "defaultConfiguration", '{');
    lm_json_text(json, "level", level_of(code));
    lm_json_close(json, '}');
    lm_json_open(json, "properties", '{');
    lm_json_open(json, "tags", '[');
    lm_json_text(json, NULL, "memory");
    lm_json_format(json, NULL, "external/cwe/cwe-%d", weaknesses[code]);
    lm_json_close(json, ']');
    lm_json_format(json, "rule", "%d: %s", lm_explain_rule(code), lm_explain_rule_text(code));
    lm_json_close(json, '}');
    lm_json_close(json, '}');
}

static void put_tool(lm_json_out *json) {
    lm_json_open(json, "tool", '{');
    lm_json_open(json, "driver", '{');
    lm_json_text(json, "name", "Loam");
    lm_json_text(json, "fullName", "loam check " LM_VERSION);
    lm_json_text(json, "version", LM_VERSION);
    lm_json_text(json, "semanticVersion", LM_VERSION);
    lm_json_open(json, "rules", '[');
    for (int code = 0; code < LM_CODES_COUNT; code++)
        put_rule(json, (lm_code)code);
    lm_json_close(json, ']');
    lm_json_close(json, '}');
    lm_json_close(json, '}');
}

/* ---- Places ------------------------------------------------------------------------------------ */

/* Allocated; NULL: no memory. */
static char *uri_of(const char *scheme, const char *path) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/+";
    char *uri = malloc(strlen(scheme) + 3 * strlen(path) + 1);
    if (uri == NULL)
        return NULL;
    char *at = stpcpy(uri, scheme);
    for (; *path != '\0'; path++)
        at += strchr(plain, *path) != NULL ? snprintf(at, 2, "%c", *path)
                                           : snprintf(at, 4, "%%%02X", (unsigned char)*path);
    return uri;
}

static void put_file(lm_json_out *json, const lm_session *session, const lm_place *place) {
    const bool own = lm_document_is_own_file(session, place);
    const bool absolute = !own && place->path[0] == '/';
    char *uri = absolute ? uri_of("file://", place->path) : uri_of("", place->file);
    lm_json_open(json, "artifactLocation", '{');
    lm_json_text(json, "uri", uri == NULL ? "" : uri);
    if (own)
        lm_json_text(json, "uriBaseId", base);
    lm_json_close(json, '}');
    free(uri);
}

/* The marked part of the line, in characters from 1; false: the line isn't there. */
static bool extent_of(const lm_session *session, const lm_place *place, size_t columns[2]) {
    size_t length;
    const char *line = lm_sources_line(session->sources, place->path, place->line, &length);
    if (line == NULL || place->column == 0)
        return false;
    size_t bytes[2];
    lm_source_extent(line, length, place->column, &bytes[0], &bytes[1]);
    for (int i = 0; i < 2; i++) {
        columns[i] = 1;
        for (size_t at = 0; at < bytes[i] && at < length; at++)
            columns[i] += ((unsigned char)line[at] & 0xc0) != 0x80;
    }
    return columns[1] > columns[0];
}

static void put_region(lm_json_out *json, const lm_session *session, const lm_place *place) {
    size_t columns[2];
    lm_json_open(json, "region", '{');
    lm_json_unsigned(json, "startLine", place->line);
    if (extent_of(session, place, columns)) {
        lm_json_unsigned(json, "startColumn", columns[0]);
        lm_json_unsigned(json, "endColumn", columns[1]);
    } else if (place->column > 0) {
        lm_json_unsigned(json, "startColumn", place->column);
    }
    lm_json_close(json, '}');
}

/* `message` may be NULL; `id` is 0 where nothing refers to it. */
static void put_location(lm_json_out *json, const char *name, const lm_session *session,
                         const lm_place *place, const char *message, unsigned id) {
    lm_json_open(json, name, '{');
    if (id > 0)
        lm_json_unsigned(json, "id", id);
    if (place->file != NULL && place->line > 0) {
        lm_json_open(json, "physicalLocation", '{');
        put_file(json, session, place);
        put_region(json, session, place);
        lm_json_close(json, '}');
    } else {
        lm_json_open(json, "physicalLocation", '{');
        lm_json_open(json, "address", '{');
        lm_json_unsigned(json, "relativeAddress", place->address);
        lm_json_known(json, "name", place->module);
        lm_json_close(json, '}');
        lm_json_close(json, '}');
    }
    if (place->function != NULL) {
        lm_json_open(json, "logicalLocations", '[');
        lm_json_open(json, NULL, '{');
        lm_json_text(json, "fullyQualifiedName", place->function);
        lm_json_text(json, "kind", "function");
        lm_json_close(json, '}');
        lm_json_close(json, ']');
    }
    if (message != NULL)
        put_message(json, "message", message);
    lm_json_close(json, '}');
}

/* ---- Results ----------------------------------------------------------------------------------- */

static void put_stack(lm_json_out *json, const lm_session *session, const lm_named_route *named) {
    lm_json_open(json, NULL, '{');
    put_message(json, "message", named->title);
    lm_json_open(json, "frames", '[');
    for (size_t i = 0; i < named->route->count; i++) {
        const lm_place *place = &named->route->places[i];
        lm_json_open(json, NULL, '{');
        put_location(json, "location", session, place, NULL, 0);
        lm_json_known(json, "module", place->module);
        if (named->thread->known)
            lm_json_unsigned(json, "threadId", named->thread->value);
        lm_json_close(json, '}');
    }
    lm_json_close(json, ']');
    lm_json_close(json, '}');
}

static void put_stacks(lm_json_out *json, const lm_session *session, const lm_named_route *routes) {
    lm_json_open(json, "stacks", '[');
    for (size_t i = 0; i < LM_ROUTES; i++)
        if (routes[i].route->count > 0)
            put_stack(json, session, &routes[i]);
    lm_json_close(json, ']');
}

/* What happened to the block, in the order of time. */
static void put_flow(lm_json_out *json, const lm_session *session, const lm_named_route *routes) {
    static const int in_time[LM_ROUTES] = {1, 3, 2, 0};
    lm_json_open(json, "codeFlows", '[');
    lm_json_open(json, NULL, '{');
    lm_json_open(json, "threadFlows", '[');
    lm_json_open(json, NULL, '{');
    lm_json_open(json, "locations", '[');
    unsigned order = 0;
    for (size_t i = 0; i < LM_ROUTES; i++) {
        const lm_named_route *named = &routes[in_time[i]];
        const lm_place *place = lm_route_blamed(named->route);
        if (place == NULL)
            continue;
        lm_json_open(json, NULL, '{');
        put_location(json, "location", session, place, named->title, 0);
        lm_json_unsigned(json, "executionOrder", ++order);
        lm_json_close(json, '}');
    }
    for (int i = 0; i < 2; i++) {
        lm_json_close(json, ']');
        lm_json_close(json, '}');
    }
    lm_json_close(json, ']');
}

static void put_related(lm_json_out *json, const lm_session *session, const lm_report *report,
                        const lm_named_route *routes) {
    unsigned id = 0;
    lm_json_open(json, "relatedLocations", '[');
    for (size_t i = 1; i < LM_ROUTES; i++) {
        const lm_place *place = lm_route_blamed(routes[i].route);
        if (place != NULL && routes[i].route != report->to_blame)
            put_location(json, NULL, session, place, routes[i].title, ++id);
    }
    lm_json_close(json, ']');
}

static void put_sentences(lm_json_out *json, const lm_session *session, const lm_report *report) {
    char headline[LM_HEADLINE_SIZE];
    char *help = lm_document_help(session, report);
    lm_story_headline(report, headline);
    lm_json_open(json, "message", '{');
    if (help != NULL)
        lm_json_format(json, "text", "%s. Help: %s%s", headline, help,
                       help[strlen(help) - 1] == '.' ? "" : ".");
    else
        lm_json_format(json, "text", "%s.", headline);
    lm_json_close(json, '}');
    free(help);
}

static void put_properties(lm_json_out *json, const lm_session *session, const lm_report *report) {
    char *certainty = lm_document_certainty(session, report);
    char *suppression = session->gen_suppressions ? lm_suppression_text(report) : NULL;
    lm_json_open(json, "properties", '{');
    lm_json_known(json, "certainty", certainty);
    lm_json_signed(json, "process", report->facts->program->pid);
    lm_json_known(json, "program", report->facts->program->path);
    lm_json_known(json, "suppression", suppression);
    lm_json_close(json, '}');
    free(certainty);
    free(suppression);
}

static void put_result(lm_json_out *json, const lm_session *session, const lm_report *report) {
    const lm_code code = report->facts->code;
    lm_named_route routes[LM_ROUTES];
    char fingerprint[LM_FINGERPRINT_SIZE];
    const uint64_t count = lm_report_count(report);
    lm_document_routes(report, routes);
    lm_document_fingerprint(report, fingerprint);
    lm_json_open(json, NULL, '{');
    lm_json_text(json, "ruleId", report->facts->code_name);
    if (code < LM_CODES_COUNT)
        lm_json_signed(json, "ruleIndex", code);
    lm_json_text(json, "level", level_of(code));
    put_sentences(json, session, report);
    lm_json_open(json, "locations", '[');
    if (report->to_blame != NULL)
        put_location(json, NULL, session, lm_route_blamed(report->to_blame), NULL, 0);
    lm_json_close(json, ']');
    lm_json_open(json, "partialFingerprints", '{');
    lm_json_text(json, "loamStacks/v1", fingerprint);
    lm_json_close(json, '}');
    if (report->to_blame != NULL) {
        put_flow(json, session, routes);
        put_stacks(json, session, routes);
        put_related(json, session, report, routes);
    }
    /* A reader may keep it in 32 bits. */
    lm_json_unsigned(json, "occurrenceCount", count > INT32_MAX ? INT32_MAX : count);
    put_properties(json, session, report);
    lm_json_close(json, '}');
}

/* ---- The run ----------------------------------------------------------------------------------- */

static void put_notifications(lm_json_out *json, const lm_session *session) {
    lm_json_open(json, "toolExecutionNotifications", '[');
    for (size_t i = 0; i < session->note_count; i++) {
        lm_json_open(json, NULL, '{');
        lm_json_text(json, "level", "note");
        put_message(json, "message", session->notes[i].text);
        lm_json_close(json, '}');
    }
    lm_json_close(json, ']');
}

static void put_invocation(lm_json_out *json, const lm_session *session) {
    const lm_wire_program *program = lm_session_program(session);
    const lm_ending *ending = &session->ending;
    lm_json_open(json, "invocations", '[');
    lm_json_open(json, NULL, '{');
    if (program != NULL) {
        char *uri = uri_of("file://", program->path);
        lm_json_open(json, "executableLocation", '{');
        lm_json_text(json, "uri", uri == NULL ? "" : uri);
        lm_json_close(json, '}');
        free(uri);
        lm_json_open(json, "arguments", '[');
        for (size_t i = 1; i < program->argument_count; i++)
            lm_json_text(json, NULL, program->arguments[i]);
        lm_json_close(json, ']');
        lm_json_signed(json, "processId", program->pid);
    }
    if (ending->known)
        lm_json_signed(json, ending->killed ? "exitSignalNumber" : "exitCode", ending->status);
    if (ending->known && ending->killed)
        lm_json_known(json, "exitSignalName", strsignal(ending->status));
    /* Of the checker, not of the program. */
    lm_json_truth(json, "executionSuccessful", true);
    put_notifications(json, session);
    lm_json_close(json, '}');
    lm_json_close(json, ']');
}

static void put_base(lm_json_out *json, const lm_session *session) {
    char *uri = uri_of("file://", session->router.folder);
    if (uri == NULL || session->router.folder[0] == '\0') {
        free(uri);
        return;
    }
    lm_json_open(json, "originalUriBaseIds", '{');
    lm_json_open(json, base, '{');
    lm_json_text(json, "uri", uri);
    lm_json_close(json, '}');
    lm_json_close(json, '}');
    free(uri);
}

void lm_document_sarif(const lm_session *session) {
    lm_json_out json = {.out = session->out};
    lm_json_open(&json, NULL, '{');
    lm_json_text(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    lm_json_text(&json, "version", "2.1.0");
    lm_json_open(&json, "runs", '[');
    lm_json_open(&json, NULL, '{');
    put_tool(&json);
    put_invocation(&json, session);
    put_base(&json, session);
    lm_json_text(&json, "columnKind", "unicodeCodePoints");
    lm_json_open(&json, "results", '[');
    for (size_t i = 0; i < session->report_count; i++)
        put_result(&json, session, session->reports[i]);
    lm_json_close(&json, ']');
    lm_json_close(&json, '}');
    lm_json_close(&json, ']');
    lm_json_close(&json, '}');
}
