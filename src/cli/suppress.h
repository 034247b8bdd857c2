/* Findings that the user doesn't want to hear of: files in the form that Valgrind and LeakSanitizer have.
 *
 *     {
 *        a name
 *        Loam:use-after-free
 *        fun:parse_*
 *        ...
 *        fun:main
 *     }
 *
 * Frames are those from the finding's own place outwards; a shorter list matches any callers. */
#ifndef LM_CLI_SUPPRESS_H
#define LM_CLI_SUPPRESS_H

#include "cli/report.h"

#include <stdio.h>

typedef enum lm_frame_kind {
    LM_FRAME_ANY,      /* "...": any number of frames */
    LM_FRAME_FUNCTION, /* fun: */
    LM_FRAME_OBJECT,   /* obj: */
    LM_FRAME_SOURCE    /* src: */
} lm_frame_kind;

typedef struct lm_frame_pattern {
    lm_frame_kind kind;
    char *text; /* with * and ? */
} lm_frame_pattern;

typedef struct lm_suppression {
    char *name;
    const char *file; /* where it stands, as it was named */
    unsigned line;
    char *kind; /* "Loam:leak", "Memcheck:Addr4", or "leak" for one of LeakSanitizer's */
    char *
        extra; /* the line after the kind that is no frame: a call, or match-leak-kinds; NULL: none */
    lm_frame_pattern *frames;
    size_t frame_count;
    uint64_t used; /* findings that it hid */
} lm_suppression;

typedef struct lm_suppressions {
    lm_suppression *items;
    size_t count;
} lm_suppressions;

/* Adds those of a file. Returns false after having said what is wrong in which line. */
bool lm_suppressions_read(lm_suppressions *suppressions, const char *path);
void lm_suppressions_free(lm_suppressions *suppressions);

/* The first that hides the report; NULL: none. */
lm_suppression *lm_suppressions_find(const lm_suppressions *suppressions, const lm_report *report);

/* Whether there is a kind of finding in Loam that its kind stands for. */
bool lm_suppression_is_served(const lm_suppression *suppression);

/* Whether the text is what the pattern says: '*' stands for anything, '?' for a character. */
bool lm_wildcard_match(const char *pattern, const char *text);

/* The frames of one for this report, outermost last: at most so many as Valgrind would write. */
enum { LM_SUPPRESSION_FRAMES = 24 };
size_t lm_suppression_frames(const lm_report *report, lm_frame_pattern *frames);

/* One that hides the report, as a text for a file, allocated; NULL: there is no memory. */
char *lm_suppression_text(const lm_report *report);

#endif
