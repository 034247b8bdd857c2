/* One line of what the checker wrote, taken apart: base/wire.h has the grammar. */
#ifndef LM_CLI_CHECK_LINES_H
#define LM_CLI_CHECK_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_wire_pair {
    const char *key;
    char *value; /* decoded; ends in NUL, but may have others */
    size_t length;
} lm_wire_pair;

typedef struct lm_wire_line {
    const char *word;
    lm_wire_pair *pairs;
    size_t count;
    size_t room; /* for pairs; kept from line to line */
} lm_wire_line;

/* A number or address that may not have been told. */
typedef struct lm_fact {
    bool known;
    uint64_t value;
} lm_fact;

/* Takes a line without its newline apart, in place: what is found points into `text`. Items that aren't
 * key=value are passed over. False for an empty line, or when there is no memory. */
bool lm_wire_split(char *text, lm_wire_line *line);

void lm_wire_free(lm_wire_line *line);

/* The first value of a key; NULL: it isn't there. */
const lm_wire_pair *lm_wire_find(const lm_wire_line *line, const char *key);

/* The value of a key as text; NULL: it isn't there. */
const char *lm_wire_text(const lm_wire_line *line, const char *key);

/* The value of a key as a number; not known when it is missing or no number. */
lm_fact lm_wire_number(const lm_wire_line *line, const char *key);

/* Reads decimal, perhaps with '-', or 0x and hexadecimal, and moves *text behind it. */
bool lm_wire_take_number(const char **text, uint64_t *value);

/* Reads pairs of hexadecimal digits. Returns how many bytes were put into `bytes`; 0 when there is
 * anything else. */
size_t lm_wire_hex(const char *text, unsigned char *bytes, size_t size);

#endif
