#include "cli/check_output.h"

#include "cli/say.h"
#include "cli/say_start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wants_colour(const lm_check_arguments *arguments, FILE *out) {
    if (arguments->colour != LM_WHEN_AUTO)
        return arguments->colour == LM_WHEN_ALWAYS;
    const char *none = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return (none == NULL || *none == '\0') && (terminal == NULL || strcmp(terminal, "dumb") != 0) &&
           isatty(fileno(out)) == 1;
}

int lm_check_open(lm_session *session, const lm_check_arguments *arguments) {
    FILE *out = arguments->log_file == NULL ? stderr : lm_open_apart(arguments->log_file);
    if (out == NULL) {
        lm_say("%s can't be written: %s", arguments->log_file, strerror(errno));
        return LM_STATUS_FAILED;
    }
    if (!lm_session_init(session, out, wants_colour(arguments, out))) {
        lm_say("there is no memory to begin with");
        return LM_STATUS_FAILED;
    }
    session->quiet = arguments->quiet;
    session->with_document = arguments->format != LM_FORMAT_TEXT;
    session->gen_suppressions = arguments->gen_suppressions;
    session->children = arguments->children;
    for (size_t i = 0; i < arguments->suppression_count; i++)
        if (!lm_suppressions_read(&session->suppressions, arguments->suppressions[i]))
            return LM_STATUS_WRONG_USE;
    return 0;
}

void lm_check_conclude(lm_session *session, const lm_check_arguments *arguments) {
    if (session->with_document)
        lm_document_write(session, arguments->format);
    else
        lm_session_summarise(session);
}

void lm_check_close(lm_session *session, const lm_check_arguments *arguments) {
    FILE *out = session->out;
    lm_session_free(session);
    if (out == NULL || out == stderr)
        return;
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        lm_say("%s could not be written completely", arguments->log_file);
}
