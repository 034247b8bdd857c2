#include "cli/paper.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { WIDTH_USUAL = 80, WIDTH_LEAST = 40, WIDTH_MOST = 400, ESCAPE = 27 };

static bool reserve(lm_paper *paper, size_t more) {
    if (paper->size - paper->length > more)
        return true;
    size_t size = paper->size == 0 ? 1024 : paper->size;
    while (size - paper->length <= more)
        size *= 2;
    char *text = realloc(paper->text, size);
    if (text == NULL) {
        paper->failed = true;
        return false;
    }
    paper->text = text;
    paper->size = size;
    return true;
}

static void put_bytes(lm_paper *paper, const char *bytes, size_t count) {
    if (!reserve(paper, count))
        return;
    memcpy(paper->text + paper->length, bytes, count);
    paper->length += count;
    paper->text[paper->length] = '\0';
}

static bool commands(char character) {
    return ((unsigned char)character < ' ' && character != '\n') || character == 127;
}

static void put_cleaned(lm_paper *paper, char *text) {
    for (char *at = text; *at != '\0'; at++)
        if (commands(*at))
            *at = '?';
    put_bytes(paper, text, strlen(text));
}

/* The text, to be freed; NULL when there is no memory for it. */
static char *__attribute__((format(printf, 2, 0)))
written(lm_paper *paper, const char *format, va_list args) {
    char *text = NULL;
    if (vasprintf(&text, format, args) >= 0)
        return text;
    paper->failed = true;
    return NULL;
}

void lm_paper_put(lm_paper *paper, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = written(paper, format, args);
    va_end(args);
    if (text == NULL)
        return;
    put_cleaned(paper, text);
    free(text);
}

void lm_paper_fill(lm_paper *paper, char character, size_t count) {
    while (count-- > 0)
        put_bytes(paper, &character, 1);
}

void lm_paper_tone(lm_paper *paper, lm_tone tone) {
    static const char *const codes[LM_TONES_COUNT] = {
        [LM_TONE_PLAIN] = "0",   [LM_TONE_ERROR] = "1;31", [LM_TONE_WARNING] = "1;33",
        [LM_TONE_SECOND] = "36", [LM_TONE_FRAME] = "34",   [LM_TONE_STRONG] = "1",
        [LM_TONE_HELP] = "32",
    };
    char code[16];
    if (paper->colour)
        put_bytes(paper, code, (size_t)snprintf(code, sizeof code, "\033[%sm", codes[tone]));
}

size_t lm_paper_column(const lm_paper *paper) {
    size_t start = paper->length;
    while (start > 0 && paper->text[start - 1] != '\n')
        start--;
    size_t column = 0;
    for (size_t i = start; i < paper->length; i++) {
        if (paper->text[i] == ESCAPE) {
            while (i < paper->length && paper->text[i] != 'm')
                i++;
        } else if (((unsigned char)paper->text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    return column;
}

static size_t columns_of(const char *text, size_t length) {
    size_t columns = 0;
    for (size_t i = 0; i < length; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

static void wrap(lm_paper *paper, size_t indent, const char *text) {
    size_t column = lm_paper_column(paper);
    bool first = true;
    for (const char *word = text; *word != '\0';) {
        const size_t spaces = strspn(word, " ");
        word += spaces;
        const size_t length = strcspn(word, " ");
        const size_t columns = columns_of(word, length);
        if (!first && column + spaces + columns > paper->width) {
            put_bytes(paper, "\n", 1);
            lm_paper_fill(paper, ' ', indent);
            column = indent;
        } else {
            lm_paper_fill(paper, ' ', spaces);
            column += spaces;
        }
        put_bytes(paper, word, length);
        column += columns;
        first = false;
        word += length;
    }
    put_bytes(paper, "\n", 1);
}

void lm_paper_wrap(lm_paper *paper, size_t indent, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = written(paper, format, args);
    va_end(args);
    if (text == NULL)
        return;
    for (char *at = text; *at != '\0'; at++)
        if (commands(*at))
            *at = '?';
    wrap(paper, indent, text);
    free(text);
}

void lm_paper_clear(lm_paper *paper) {
    paper->length = 0;
    if (paper->text != NULL)
        paper->text[0] = '\0';
}

void lm_paper_free(lm_paper *paper) {
    free(paper->text);
    paper->text = NULL;
    paper->length = paper->size = 0;
}

unsigned lm_paper_width_of(int file) {
    struct winsize size;
    unsigned long width = 0;
    const char *columns = getenv("COLUMNS");
    if (columns != NULL)
        width = strtoul(columns, NULL, 10);
    if (width == 0 && ioctl(file, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width == 0)
        return WIDTH_USUAL;
    if (width < WIDTH_LEAST)
        return WIDTH_LEAST;
    return width > WIDTH_MOST ? WIDTH_MOST : (unsigned)width;
}
