/* A text that is put together before it is printed in one piece: its width, its colours. */
#ifndef LM_CLI_PAPER_H
#define LM_CLI_PAPER_H

#include <stdbool.h>
#include <stddef.h>

typedef enum lm_tone {
    LM_TONE_PLAIN,
    LM_TONE_ERROR,   /* the headline of a mistake, and what marks the bad bytes */
    LM_TONE_WARNING, /* the headline of what may be one */
    LM_TONE_SECOND,  /* marks of what came before: allocations, frees */
    LM_TONE_FRAME,   /* line numbers and bars */
    LM_TONE_STRONG,
    LM_TONE_HELP,
    LM_TONES_COUNT
} lm_tone;

typedef struct lm_paper {
    char *text; /* ends in NUL once anything was put */
    size_t length, size;
    unsigned width; /* columns; no line is made longer that has a place to break */
    bool colour;
    bool failed; /* there was no memory for all of it */
} lm_paper;

/* Appends as printf does. Control characters other than newlines become '?': what programs are called
 * must not command the terminal. */
void lm_paper_put(lm_paper *paper, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a character so many times. */
void lm_paper_fill(lm_paper *paper, char character, size_t count);

/* What follows is in this tone. */
void lm_paper_tone(lm_paper *paper, lm_tone tone);

/* The column that comes next in the last line; 0: the first. Colours and the bytes that go on a character
 * of UTF-8 take no column. */
size_t lm_paper_column(const lm_paper *paper);

/* Appends a sentence in lines of at most `width` columns, as far as words allow: it goes on where the line
 * is, later lines are indented by `indent`. Spaces stay as they are but where a line ends. Ends with a newline. */
void lm_paper_wrap(lm_paper *paper, size_t indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void lm_paper_clear(lm_paper *paper);
void lm_paper_free(lm_paper *paper);

/* Columns of a terminal on this file, COLUMNS if that is set, else 80; within what can be worked with. */
unsigned lm_paper_width_of(int file);

#endif
