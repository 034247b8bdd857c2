/* Reports as one document, for other programs: written when the run is over. docs/check-formats.md tells what
 * is in each. */
#ifndef LM_CLI_DOCUMENT_H
#define LM_CLI_DOCUMENT_H

#include "cli/check_session.h"

typedef enum lm_format {
    LM_FORMAT_TEXT,
    LM_FORMAT_JSON,
    LM_FORMAT_SARIF,
    LM_FORMAT_XML,
    LM_FORMAT_GITHUB,
    LM_FORMATS_COUNT
} lm_format;

/* The format of a name; LM_FORMATS_COUNT: there is none. */
lm_format lm_format_of(const char *name);

/* Writes all that the session has to its file; not for LM_FORMAT_TEXT. */
void lm_document_write(lm_session *session, lm_format format);

void lm_document_json(const lm_session *session);
void lm_document_sarif(const lm_session *session);
void lm_document_xml(const lm_session *session);
void lm_document_github(const lm_session *session);

/* ---- What they have in common ------------------------------------------------------------------ */

/* What helps, and how sure the finding is: the sentences of the text report, each in one line and allocated.
 * NULL: there is nothing to say, or no memory. */
char *lm_document_help(const lm_session *session, const lm_report *report);
char *lm_document_certainty(const lm_session *session, const lm_report *report);

/* The four routes of a report. */
typedef struct lm_named_route {
    const char *key;   /* as base/wire.h calls it */
    const char *title; /* for a reader */
    const lm_route *route;
    const lm_fact *thread, *time;
} lm_named_route;
enum { LM_ROUTES = 4 };
void lm_document_routes(const lm_report *report, lm_named_route routes[LM_ROUTES]);

/* The same for the same mistake, also after other lines of the source moved: 16 hexadecimal digits. */
enum { LM_FINGERPRINT_SIZE = 17 };
void lm_document_fingerprint(const lm_report *report, char buffer[LM_FINGERPRINT_SIZE]);

/* Whether the file lies in the folder where the command was started; then place->file is seen from there. */
bool lm_document_is_own_file(const lm_session *session, const lm_place *place);

#endif
