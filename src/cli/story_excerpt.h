/* Lines of a source file with marks and labels below them. */
#ifndef LM_CLI_STORY_EXCERPT_H
#define LM_CLI_STORY_EXCERPT_H

#include "cli/story.h"

enum { LM_LABEL_SIZE = 256 };

typedef struct lm_mark {
    unsigned line, column;
    const char *path;
    lm_tone tone;
    char sign; /* what it is drawn with */
    char label[LM_LABEL_SIZE];
    size_t start, end; /* columns of the line as it is shown; filled in when it is drawn */
} lm_mark;

/* Digits of a line's number: how wide the column of numbers has to be. */
size_t lm_excerpt_width(unsigned number);

/* Prints the lines of the marks, which are in the order of their places and of one file, with a column of
 * `width` digits. Returns false when the file isn't there. */
bool lm_excerpt_put(const lm_story *story, lm_mark *marks, size_t count, size_t width);

#endif
