/* The XML that Valgrind's memcheck writes, protocol 4, for the many programs that read it. */
#include "cli/document.h"
#include "cli/find.h"
#include "cli/story.h"
#include "cli/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Elements ---------------------------------------------------------------------------------- */

static void put_escaped(FILE *out, const char *text) {
    while (*text != '\0') {
        const size_t length = lm_utf8_length(text);
        const unsigned char c = (unsigned char)*text;
        if (length == 0 || (c < ' ' && c != '\t' && c != '\n'))
            fputs("&#xfffd;", out);
        else if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '&')
            fputs("&amp;", out);
        else
            fwrite(text, 1, length, out);
        text += length == 0 ? 1 : length;
    }
}

static void put_text(FILE *out, int indent, const char *tag, const char *text) {
    if (text == NULL)
        return;
    fprintf(out, "%*s<%s>", indent, "", tag);
    put_escaped(out, text);
    fprintf(out, "</%s>\n", tag);
}

__attribute__((format(printf, 4, 5))) static void put(FILE *out, int indent, const char *tag,
                                                      const char *format, ...) {
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    put_text(out, indent, tag, text == NULL ? "" : text);
    free(text);
}

/* ---- Stacks ------------------------------------------------------------------------------------ */

static uint64_t bias_of(const lm_wire_program *program, const char *path) {
    for (size_t i = program->module_count; path != NULL && i > 0; i--)
        if (strcmp(program->modules[i - 1]->path, path) == 0)
            return program->modules[i - 1]->bias;
    return 0;
}

static void put_file(FILE *out, const char *path) {
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    if (slash != NULL) {
        char *folder = strndup(path, (size_t)(slash - path));
        put_text(out, 6, "dir", folder);
        free(folder);
    }
    put_text(out, 6, "file", path == NULL ? NULL : lm_base_name(path));
}

static void put_place(FILE *out, const lm_wire_program *program, const lm_place *place) {
    fputs("    <frame>\n", out);
    put(out, 6, "ip", "0x%" PRIX64, place->address + bias_of(program, place->module_path));
    put_text(out, 6, "obj", place->module_path);
    put_text(out, 6, "fn", place->function);
    if (place->line > 0) {
        put_file(out, place->path);
        put(out, 6, "line", "%u", place->line);
    }
    fputs("    </frame>\n", out);
}

static void put_stack(FILE *out, const lm_wire_program *program, const lm_route *route) {
    fputs("  <stack>\n", out);
    for (size_t i = 0; route != NULL && i < route->count; i++)
        put_place(out, program, &route->places[i]);
    /* A stack has at least one frame. */
    if (route == NULL || route->count == 0)
        fputs("    <frame>\n      <ip>0x0</ip>\n    </frame>\n", out);
    fputs("  </stack>\n", out);
}

/* ---- Errors ------------------------------------------------------------------------------------ */

static const char *kind_of(const lm_wire_finding *facts) {
    const char *access = facts->access == NULL ? facts->reaches : facts->access;
    switch (facts->code) {
    case LM_CODE_DOUBLE_FREE:
    case LM_CODE_INVALID_FREE:
    case LM_CODE_FOREIGN_FREE:
        return "InvalidFree";
    case LM_CODE_MISMATCHED_FREE:
    case LM_CODE_SIZE_MISMATCH:
        return "MismatchedFree";
    case LM_CODE_BAD_SIZE:
        return "FishyValue";
    case LM_CODE_UNINITIALISED_READ:
        return "UninitValue";
    case LM_CODE_LEAK:
        return "Leak_DefinitelyLost";
    case LM_CODE_POSSIBLE_LEAK:
        return "Leak_PossiblyLost";
    case LM_CODE_DANGLING_POINTER:
    case LM_CODES_COUNT:
        return "ClientCheck"; /* there is no kind for it */
    default:
        if (access != NULL && strcmp(access, "execute") == 0)
            return "InvalidJump";
        return access != NULL && strcmp(access, "read") == 0 ? "InvalidRead" : "InvalidWrite";
    }
}

/* The first byte that it is about, counted from the block's first; false: it is about no block. */
static bool find_byte(const lm_wire_finding *facts, int64_t *at) {
    if (!facts->block.known || !facts->size.known || facts->code == LM_CODE_WILD_POINTER ||
        facts->code == LM_CODE_NULL_DEREF)
        return false;
    if (facts->first.known)
        *at = (int64_t)facts->first.value;
    else if (facts->inside.known)
        *at = (int64_t)facts->inside.value;
    else
        *at = facts->pointer.known ? (int64_t)(facts->pointer.value - facts->block.value) : 0;
    return true;
}

/* Where the address lies, in the words that readers look for. */
static void put_where(FILE *out, const lm_wire_finding *facts) {
    const int64_t size = (int64_t)facts->size.value;
    int64_t at;
    if (!find_byte(facts, &at)) {
        put(out, 2, "auxwhat",
            "Address 0x%" PRIx64 " is not stack'd, malloc'd or (recently) free'd",
            facts->fault.known ? facts->fault.value : facts->pointer.value);
        return;
    }
    put(out, 2, "auxwhat",
        "Address 0x%" PRIx64 " is %" PRId64 " bytes %s a block of size %" PRId64 " %s",
        facts->block.value + (uint64_t)at,
        at < 0       ? -at
        : at >= size ? at - size
                     : at,
        at < 0       ? "before"
        : at >= size ? "after"
                     : "inside",
        size, facts->freed != NULL ? "free'd" : "alloc'd");
}

static void put_block(FILE *out, const lm_report *report) {
    const lm_wire_finding *facts = report->facts;
    const lm_wire_program *program = facts->program;
    put_where(out, facts);
    if (report->failed.count > 0) {
        put(out, 2, "auxwhat", "An allocation of %" PRIu64 " bytes failed at",
            facts->failed_size.value);
        put_stack(out, program, &report->failed);
        return;
    }
    const lm_route *first = facts->freed != NULL ? &report->freed : &report->allocated;
    if (first->count > 0 && first != report->to_blame)
        put_stack(out, program, first);
    if (facts->freed != NULL && report->allocated.count > 0) {
        put_text(out, 2, "auxwhat", "Block was alloc'd at");
        put_stack(out, program, &report->allocated);
    }
}

static void put_what(FILE *out, const lm_report *report) {
    const lm_wire_finding *facts = report->facts;
    char headline[LM_HEADLINE_SIZE];
    char text[LM_HEADLINE_SIZE + 64];
    snprintf(text, sizeof text, "%s: %s", facts->code_name, lm_story_headline(report, headline));
    if (!lm_report_is_leak(report)) {
        put_text(out, 2, "what", text);
        return;
    }
    fputs("  <xwhat>\n", out);
    put_text(out, 4, "text", text);
    put(out, 4, "leakedbytes", "%" PRIu64, facts->size.value);
    put(out, 4, "leakedblocks", "%" PRIu64, facts->blocks.known ? facts->blocks.value : 1);
    fputs("  </xwhat>\n", out);
}

/* As raw text it may hold no "]]>", which ends it: that is cut in two. */
static void put_raw(FILE *out, const char *text) {
    const char *end;
    fputs("    <rawtext><![CDATA[\n", out);
    while ((end = strstr(text, "]]>")) != NULL) {
        fwrite(text, 1, (size_t)(end - text) + 2, out);
        fputs("]]><![CDATA[", out);
        text = end + 2;
    }
    fputs(text, out);
    fputs("]]></rawtext>\n", out);
}

static void put_suppression(FILE *out, const lm_report *report) {
    lm_frame_pattern frames[LM_SUPPRESSION_FRAMES];
    const size_t count = lm_suppression_frames(report, frames);
    char *text = lm_suppression_text(report);
    fputs("  <suppression>\n", out);
    put(out, 4, "sname", "%s", report->facts->code_name);
    put(out, 4, "skind", "Loam:%s", report->facts->code_name);
    for (size_t i = 0; i < count; i++) {
        fputs("    <sframe>\n", out);
        put_text(out, 6, frames[i].kind == LM_FRAME_OBJECT ? "obj" : "fun", frames[i].text);
        fputs("    </sframe>\n", out);
    }
    put_raw(out, text == NULL ? "" : text);
    fputs("  </suppression>\n", out);
    free(text);
}

static void put_error(const lm_session *session, const lm_report *report, size_t number) {
    FILE *out = session->out;
    const lm_wire_finding *facts = report->facts;
    char *help = lm_document_help(session, report);
    fputs("\n<error>\n", out);
    put(out, 2, "unique", "0x%zx", number);
    put(out, 2, "tid", "%" PRIu64, facts->thread.known ? facts->thread.value : 1);
    put_text(out, 2, "kind", kind_of(facts));
    put_what(out, report);
    put_stack(out, facts->program, report->to_blame);
    if (!lm_report_is_leak(report))
        put_block(out, report);
    if (help != NULL)
        put(out, 2, "auxwhat", "Help: %s", help);
    free(help);
    if (session->gen_suppressions)
        put_suppression(out, report);
    fputs("</error>\n", out);
}

/* ---- The document ------------------------------------------------------------------------------ */

static void put_program(FILE *out, const lm_wire_program *program) {
    fputs("<args>\n  <vargv>\n    <exe>loam</exe>\n    <arg>check</arg>\n  </vargv>\n  <argv>\n",
          out);
    put_text(out, 4, "exe", program == NULL ? "?" : program->path);
    for (size_t i = 1; program != NULL && i < program->argument_count; i++)
        put_text(out, 4, "arg", program->arguments[i]);
    fputs("  </argv>\n</args>\n", out);
}

static void put_state(FILE *out, const char *state) {
    fprintf(out, "\n<status>\n  <state>%s</state>\n  <time>00:00:00:00.000</time>\n</status>\n",
            state);
}

/* Numbers of errors begin after 0, which readers take for none. */
static void put_errors(const lm_session *session, bool leaks) {
    for (size_t i = 0; i < session->report_count; i++)
        if (lm_report_is_leak(session->reports[i]) == leaks)
            put_error(session, session->reports[i], i + 1);
}

static void put_counts(const lm_session *session) {
    FILE *out = session->out;
    fputs("\n<errorcounts>\n", out);
    for (size_t i = 0; i < session->report_count; i++)
        if (!lm_report_is_leak(session->reports[i]))
            fprintf(out,
                    "  <pair>\n    <count>%" PRIu64
                    "</count>\n    <unique>0x%zx</unique>\n  </pair>\n",
                    lm_report_count(session->reports[i]), i + 1);
    fputs("</errorcounts>\n\n<suppcounts>\n", out);
    for (size_t i = 0; i < session->suppressions.count; i++) {
        const lm_suppression *item = &session->suppressions.items[i];
        if (item->used == 0)
            continue;
        fprintf(out, "  <pair>\n    <count>%" PRIu64 "</count>\n", item->used);
        put_text(out, 4, "name", item->name);
        fputs("  </pair>\n", out);
    }
    fputs("</suppcounts>\n", out);
}

void lm_document_xml(const lm_session *session) {
    FILE *out = session->out;
    const lm_wire_program *program = lm_session_program(session);
    fputs("<?xml version=\"1.0\"?>\n\n<valgrindoutput>\n\n"
          "<protocolversion>4</protocolversion>\n<protocoltool>memcheck</protocoltool>\n\n"
          "<preamble>\n",
          out);
    put_text(out, 2, "line", "loam check " LM_VERSION ", a memory error detector");
    for (size_t i = 0; i < session->note_count; i++)
        put_text(out, 2, "line", session->notes[i].text);
    fputs("</preamble>\n\n", out);
    put(out, 0, "pid", "%d", program == NULL ? 0 : (int)program->pid);
    put(out, 0, "ppid", "%d", program == NULL ? 0 : (int)program->parent);
    fputs("<tool>memcheck</tool>\n\n", out);
    put_program(out, program);
    put_state(out, "RUNNING");
    put_errors(session, false);
    put_state(out, "FINISHED");
    put_errors(session, true);
    put_counts(session);
    fputs("\n</valgrindoutput>\n", out);
}
