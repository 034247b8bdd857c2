/* Commands of GitHub's workflows: each finding stands at its line of the source. */
#include "cli/document.h"
#include "cli/story.h"

#include <stdlib.h>
#include <string.h>

/* What the runner takes for itself is written in hexadecimal: in a property also what separates them. */
static void put_escaped(FILE *out, const char *text, bool property) {
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
            fprintf(out, "%%%02X", c);
        else
            fputc(c < ' ' || c == 0x7f ? '?' : c, out);
    }
}

static void put_place(FILE *out, const lm_place *place) {
    if (place == NULL || place->file == NULL || place->line == 0)
        return;
    fputs("file=", out);
    put_escaped(out, place->file, true);
    fprintf(out, ",line=%u,", place->line);
    if (place->column > 0)
        fprintf(out, "col=%u,", place->column);
}

static void put_line(FILE *out, const char *label, const char *text) {
    put_escaped(out, "\n", false);
    put_escaped(out, label, false);
    put_escaped(out, text, false);
}

/* Where else to look. */
static void put_others(FILE *out, const lm_report *report) {
    lm_named_route routes[LM_ROUTES];
    lm_document_routes(report, routes);
    for (size_t i = 0; i < LM_ROUTES; i++) {
        char place[LM_PLACE_SIZE];
        char line[LM_PLACE_SIZE + 64];
        const lm_place *blamed = lm_route_blamed(routes[i].route);
        if (blamed == NULL || routes[i].route == report->to_blame)
            continue;
        snprintf(line, sizeof line, "%s: %s", routes[i].title, lm_place_text(place, blamed, false));
        put_line(out, "", line);
        if (blamed->function != NULL) {
            fputs(" in ", out);
            put_escaped(out, blamed->function, false);
        }
    }
}

static void put_finding(const lm_session *session, const lm_report *report) {
    FILE *out = session->out;
    char headline[LM_HEADLINE_SIZE];
    const bool warning = lm_story_is_warning(report->facts->code) || lm_report_is_leak(report);
    const lm_place *blamed = report->to_blame == NULL ? NULL : lm_route_blamed(report->to_blame);
    char *help = lm_document_help(session, report);
    fprintf(out, "::%s ", warning ? "warning" : "error");
    put_place(out, blamed);
    fputs("title=", out);
    put_escaped(out, report->facts->code_name, true);
    fputs("::", out);
    put_escaped(out, lm_story_headline(report, headline), false);
    if (blamed != NULL && blamed->function != NULL)
        put_line(out, "in ", blamed->function);
    put_others(out, report);
    if (help != NULL)
        put_line(out, "help: ", help);
    free(help);
    fputc('\n', out);
}

void lm_document_github(const lm_session *session) {
    for (size_t i = 0; i < session->report_count; i++)
        put_finding(session, session->reports[i]);
    for (size_t i = 0; i < session->note_count; i++) {
        fputs("::notice title=loam check::", session->out);
        put_escaped(session->out, session->notes[i].text, false);
        fputc('\n', session->out);
    }
}
