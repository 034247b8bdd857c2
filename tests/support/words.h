/* A command line made of one string: WORDS("--a b c") is what main would get. */
#ifndef TESTS_SUPPORT_WORDS_H
#define TESTS_SUPPORT_WORDS_H

#include <stdio.h>
#include <string.h>

enum { WORDS_MOST = 32 };

typedef struct words {
    int count;
    char *at[WORDS_MOST + 1]; /* NULL at the end */
    char text[1024];
} words;

/* Words are separated by one blank each; so two blanks make an empty one. */
static inline words words_of(const char *line) {
    words w = {.count = 0};
    snprintf(w.text, sizeof w.text, "%s", line);
    return w;
}

/* The pointers, once the words are where they stay. */
static inline char **words_cut(words *w) {
    char *rest = w->text;
    while (rest && *w->text && w->count < WORDS_MOST)
        w->at[w->count++] = strsep(&rest, " ");
    w->at[w->count] = NULL;
    return w->at;
}

#endif
