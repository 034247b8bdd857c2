/* Everything that the processes of one run told: read as it comes, put together, printed. */
#ifndef LM_CLI_CHECK_SESSION_H
#define LM_CLI_CHECK_SESSION_H

#include "cli/paper.h"
#include "cli/report.h"
#include "cli/source.h"
#include "cli/suppress.h"

#include <stdio.h>

/* Something that isn't a finding, for the user. */
typedef struct lm_note {
    char *text;
    pid_t pid;
} lm_note;

/* How the main process ended. */
typedef struct lm_ending {
    bool known;
    bool killed; /* by the signal `status`; else `status` is that of its exit */
    int status;
} lm_ending;

typedef struct lm_session {
    FILE *out; /* for the reports */
    pid_t
        main; /* the process that the user started, whose number isn't told; 0: the first that is read */
    bool children; /* programs that the main process's start are told of, too */
    lm_paper paper;
    lm_router router;
    lm_sources *sources;
    lm_log **logs; /* a file each */
    size_t log_count;
    lm_report **reports; /* told; equal ones are in the first of them */
    size_t report_count;
    lm_suppressions suppressions;
    size_t suppressed;  /* findings that they hid */
    bool deaf;          /* findings that come now are of no interest */
    bool leaks_only;    /* and so are mistakes */
    bool with_document; /* nothing is printed as it comes: a document is made from it in the end */
    bool gen_suppressions;
    bool quiet; /* when there is nothing to report */
    lm_note *notes;
    size_t note_count;
    lm_ending ending;
    bool out_of_memory;
} lm_session;

bool lm_session_init(lm_session *session, FILE *out, bool colour);
void lm_session_free(lm_session *session);

/* Reads what has come in a file, or in all files of a folder, and prints what is new. */
bool lm_session_read(lm_session *session, const char *path);
void lm_session_read_folder(lm_session *session, const char *folder);

/* Whether the process wrote its first line. */
bool lm_session_heard_of(const lm_session *session, pid_t pid);

/* Whether processes other than the main one are still running. */
size_t lm_session_running(const lm_session *session);

/* Whether a report of the main process is about the signal. */
bool lm_session_explains(const lm_session *session, int signal);

/* The last program that the main process ran; NULL: none was heard of. */
const lm_wire_program *lm_session_program(const lm_session *session);

/* Tells the user a sentence: at once or in the document, where `pid` isn't the main process's with its number. */
void lm_session_note(lm_session *session, pid_t pid, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What matters more comes first from now on. */
void lm_session_sort(lm_session *session);

/* Prints what it comes to: how many mistakes of which kinds, where. */
void lm_session_summarise(lm_session *session);

/* How many reports there are that are leaks only, and that are more. */
void lm_session_count(const lm_session *session, size_t *mistakes, size_t *leaks);

#endif
