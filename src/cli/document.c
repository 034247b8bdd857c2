#include "cli/document.h"

#include "cli/story.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

lm_format lm_format_of(const char *name) {
    static const char *const names[LM_FORMATS_COUNT] = {[LM_FORMAT_TEXT] = "text",
                                                        [LM_FORMAT_JSON] = "json",
                                                        [LM_FORMAT_SARIF] = "sarif",
                                                        [LM_FORMAT_XML] = "xml",
                                                        [LM_FORMAT_GITHUB] = "github"};
    int format = 0;
    while (format < LM_FORMATS_COUNT && strcmp(name, names[format]) != 0)
        format++;
    return (lm_format)format;
}

void lm_document_write(lm_session *session, lm_format format) {
    static void (*const writers[LM_FORMATS_COUNT])(const lm_session *) = {
        [LM_FORMAT_JSON] = lm_document_json,
        [LM_FORMAT_SARIF] = lm_document_sarif,
        [LM_FORMAT_XML] = lm_document_xml,
        [LM_FORMAT_GITHUB] = lm_document_github};
    lm_session_sort(session);
    writers[format](session);
    fflush(session->out);
}

/* ---- Sentences --------------------------------------------------------------------------------- */

/* What a part of the story prints, without its label and its line breaks. */
static char *sentence(const lm_session *session, const lm_report *report,
                      void (*part)(const lm_story *)) {
    enum { WIDTH = 1 << 20 };
    lm_paper paper = {.width = WIDTH};
    const lm_story story = {.paper = &paper,
                            .report = report,
                            .sources = session->sources,
                            .symbols = session->router.symbols};
    part(&story);
    const char *text = paper.length == 0 ? NULL : strstr(paper.text, ": ");
    char *copy = text == NULL ? NULL : strdup(text + 2);
    lm_paper_free(&paper);
    if (copy != NULL)
        copy[strcspn(copy, "\n")] = '\0';
    return copy;
}

char *lm_document_help(const lm_session *session, const lm_report *report) {
    return sentence(session, report, lm_story_help);
}

char *lm_document_certainty(const lm_session *session, const lm_report *report) {
    return sentence(session, report, lm_story_certainty);
}

/* ---- Routes ------------------------------------------------------------------------------------ */

void lm_document_routes(const lm_report *report, lm_named_route routes[LM_ROUTES]) {
    const lm_wire_finding *facts = report->facts;
    static const lm_fact unknown;
    routes[0] =
        (lm_named_route){"stack", "found here", &report->used, &facts->thread, &facts->time};
    routes[1] = (lm_named_route){"allocated", "allocated here", &report->allocated,
                                 &facts->allocated_thread, &facts->allocated_time};
    routes[2] = (lm_named_route){"freed", "freed here", &report->freed, &facts->freed_thread,
                                 &facts->freed_time};
    routes[3] = (lm_named_route){"failed", "this allocation failed", &report->failed, &unknown,
                                 &facts->failed_time};
}

/* ---- Fingerprints -------------------------------------------------------------------------------- */

/* FNV-1a. */
static void mix(uint64_t *hash, const char *text) {
    const uint64_t prime = 0x100000001b3;
    for (; text != NULL && *text != '\0'; text++)
        *hash = (*hash ^ (unsigned char)*text) * prime;
    *hash = (*hash ^ '\n') * prime;
}

static void mix_route(uint64_t *hash, const lm_route *route) {
    for (size_t i = route->blame; i < route->count; i++) {
        mix(hash, route->places[i].module);
        mix(hash, route->places[i].function);
    }
}

void lm_document_fingerprint(const lm_report *report, char buffer[LM_FINGERPRINT_SIZE]) {
    uint64_t hash = 0xcbf29ce484222325;
    mix(&hash, report->facts->code_name);
    mix_route(&hash, &report->used);
    mix(&hash, NULL);
    mix_route(&hash, &report->allocated);
    snprintf(buffer, LM_FINGERPRINT_SIZE, "%016" PRIx64, hash);
}

bool lm_document_is_own_file(const lm_session *session, const lm_place *place) {
    const size_t length = strlen(session->router.folder);
    return length > 0 && place->path != NULL &&
           strncmp(place->path, session->router.folder, length) == 0;
}
