#include "cli/check_session.h"

#include "cli/story.h"

#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool lm_session_init(lm_session *session, FILE *out, bool colour) {
    *session = (lm_session){.out = out};
    session->paper.colour = colour;
    session->paper.width = lm_paper_width_of(fileno(out));
    session->sources = lm_sources_new();
    return lm_router_init(&session->router) && session->sources != NULL;
}

void lm_session_free(lm_session *session) {
    for (size_t i = 0; i < session->report_count; i++) {
        lm_report_free(session->reports[i]);
        free(session->reports[i]);
    }
    for (size_t i = 0; i < session->log_count; i++) {
        lm_log_free(session->logs[i]);
        free(session->logs[i]);
    }
    for (size_t i = 0; i < session->note_count; i++)
        free(session->notes[i].text);
    free(session->notes);
    free(session->reports);
    free(session->logs);
    lm_suppressions_free(&session->suppressions);
    lm_sources_free(session->sources);
    lm_router_free(&session->router);
    lm_paper_free(&session->paper);
}

/* One piece, so that nothing of the program's comes between. */
static void print(lm_session *session) {
    fwrite(session->paper.text, 1, session->paper.length, session->out);
    fflush(session->out);
    lm_paper_clear(&session->paper);
}

static void tell(lm_session *session, const lm_report *report) {
    const lm_story story = {.paper = &session->paper,
                            .report = report,
                            .sources = session->sources,
                            .symbols = session->router.symbols};
    lm_story_tell(&story);
    char *suppression = session->gen_suppressions ? lm_suppression_text(report) : NULL;
    if (suppression != NULL)
        lm_paper_put(&session->paper, "%s\n", suppression);
    free(suppression);
    print(session);
}

/* The report that this one is again, or else the first that it follows from; NULL: it is new. */
static lm_report *find_equal(lm_session *session, const lm_report *report) {
    lm_report *cause = NULL;
    for (size_t i = 0; i < session->report_count; i++) {
        if (lm_report_equal(session->reports[i], report))
            return session->reports[i];
        if (cause == NULL && lm_report_follows(report, session->reports[i]))
            cause = session->reports[i];
    }
    return cause;
}

static bool add_report(lm_session *session, lm_report *report) {
    lm_report **reports =
        reallocarray(session->reports, session->report_count + 1, sizeof(lm_report *));
    if (reports == NULL)
        return false;
    session->reports = reports;
    session->reports[session->report_count++] = report;
    return true;
}

/* The main process in whatever it executes, and processes that are copies of it; others only with
 * `children`. */
static bool is_watched(const lm_session *session, const lm_wire_program *program) {
    if (session->children || program->pid == session->main)
        return true;
    for (size_t i = 0; i < session->log_count; i++)
        for (const lm_wire_program *own = session->logs[i]->first; own != NULL; own = own->next)
            if (own->pid == session->main && own->path != NULL && program->path != NULL &&
                strcmp(own->path, program->path) == 0)
                return true;
    return false;
}

/* Returns whether the user doesn't want to hear of it. */
static bool is_suppressed(lm_session *session, const lm_report *report) {
    lm_suppression *suppression = lm_suppressions_find(&session->suppressions, report);
    if (suppression == NULL)
        return false;
    suppression->used++;
    session->suppressed++;
    return true;
}

static void drop(lm_report *report) {
    lm_report_free(report);
    free(report);
}

static bool is_wanted(const lm_session *session, const lm_wire_finding *facts) {
    const bool lingers = facts->code == LM_CODE_LEAK || facts->code == LM_CODE_POSSIBLE_LEAK ||
                         facts->code == LM_CODE_DANGLING_POINTER;
    return !session->deaf && (lingers || !session->leaks_only) &&
           is_watched(session, facts->program);
}

static void hear_finding(lm_wire_finding *facts, void *context) {
    lm_session *session = context;
    if (!is_wanted(session, facts))
        return;
    lm_report *report = calloc(1, sizeof *report);
    if (report == NULL) {
        session->out_of_memory = true;
        return;
    }
    lm_report_make(report, facts, &session->router);
    if (session->main == 0)
        session->main = facts->program->pid;
    if (facts->program->pid != session->main)
        report->process = facts->program->pid;
    lm_report *equal = find_equal(session, report);
    if ((equal != NULL && lm_report_join(equal, facts)) || is_suppressed(session, report)) {
        drop(report);
        return;
    }
    if (equal == NULL && !session->with_document)
        tell(session, report);
    if (!add_report(session, report)) {
        session->out_of_memory = true;
        drop(report);
    }
}

void lm_session_note(lm_session *session, pid_t pid, const char *format, ...) {
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    lm_note *notes = reallocarray(session->notes, session->note_count + 1, sizeof *notes);
    if (notes != NULL)
        session->notes = notes;
    if (length < 0 || notes == NULL) {
        session->out_of_memory = true;
        if (length >= 0)
            free(text);
        return;
    }
    notes[session->note_count++] = (lm_note){text, pid};
    if (session->with_document)
        return;
    if (pid != session->main)
        lm_paper_wrap(&session->paper, 6, "loam: note: in process %d: %s", (int)pid, text);
    else
        lm_paper_wrap(&session->paper, 6, "loam: note: %s", text);
    print(session);
}

static void hear_note(const lm_wire_program *program, const char *text, void *context) {
    lm_session *session = context;
    if (!is_watched(session, program))
        return;
    if (session->main == 0)
        session->main = program->pid;
    lm_session_note(session, program->pid, "%s", text);
}

static int compare(const void *a, const void *b) {
    const lm_report *const *one = a;
    const lm_report *const *other = b;
    return lm_report_compare(*one, *other);
}

void lm_session_sort(lm_session *session) {
    if (session->report_count > 1)
        qsort(session->reports, session->report_count, sizeof(lm_report *), compare);
}

static lm_log *log_of(lm_session *session, const char *path) {
    for (size_t i = 0; i < session->log_count; i++)
        if (session->logs[i]->path != NULL && strcmp(session->logs[i]->path, path) == 0)
            return session->logs[i];
    lm_log **logs = reallocarray(session->logs, session->log_count + 1, sizeof(lm_log *));
    if (logs == NULL)
        return NULL;
    session->logs = logs;
    lm_log *log = malloc(sizeof *log);
    if (log == NULL)
        return NULL;
    lm_log_init(log, path);
    session->logs[session->log_count++] = log;
    return log;
}

bool lm_session_read(lm_session *session, const char *path) {
    const lm_log_hearer hearer = {hear_finding, hear_note, session};
    lm_log *log = log_of(session, path);
    return log != NULL && lm_log_read(log, &hearer);
}

/* The process that the user started comes first, the others in the order of their numbers. */
static int by_number(const struct dirent **one, const struct dirent **other) {
    const long a = strtol((*one)->d_name, NULL, 10);
    const long b = strtol((*other)->d_name, NULL, 10);
    return a < b ? -1 : a > b;
}

static int is_number(const struct dirent *entry) {
    return entry->d_name[strspn(entry->d_name, "0123456789")] == '\0';
}

void lm_session_read_folder(lm_session *session, const char *folder) {
    struct dirent **entries;
    if (session->main > 0) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%d", folder, (int)session->main);
        lm_session_read(session, path);
    }
    const int count = scandir(folder, &entries, is_number, by_number);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        lm_session_read(session, path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

bool lm_session_heard_of(const lm_session *session, pid_t pid) {
    for (size_t i = 0; i < session->log_count; i++)
        for (const lm_wire_program *program = session->logs[i]->first; program != NULL;
             program = program->next)
            if (program->pid == pid)
                return true;
    return false;
}

const lm_wire_program *lm_session_program(const lm_session *session) {
    const lm_wire_program *found = NULL;
    for (size_t i = 0; i < session->log_count; i++)
        for (const lm_wire_program *program = session->logs[i]->first; program != NULL;
             program = program->next)
            if (session->main == 0 ? found == NULL : program->pid == session->main)
                found = program;
    return found;
}

size_t lm_session_running(const lm_session *session) {
    size_t running = 0;
    for (size_t i = 0; i < session->log_count; i++) {
        const lm_wire_program *last = session->logs[i]->last;
        if (last != NULL && !last->ended && last->pid > 0 && last->pid != session->main &&
            is_watched(session, last) && kill(last->pid, 0) == 0)
            running++;
    }
    return running;
}

bool lm_session_explains(const lm_session *session, int signal) {
    for (size_t i = 0; i < session->report_count; i++)
        if (session->reports[i]->process == 0 &&
            session->reports[i]->facts->signal.value == (uint64_t)signal)
            return true;
    return false;
}

void lm_session_count(const lm_session *session, size_t *mistakes, size_t *leaks) {
    *mistakes = *leaks = 0;
    for (size_t i = 0; i < session->report_count; i++)
        ++*(lm_report_is_leak(session->reports[i]) ? leaks : mistakes);
}
