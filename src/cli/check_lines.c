#include "cli/check_lines.h"

#include <stdlib.h>
#include <string.h>

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Puts what %XX stands for in its place. Returns the new length. */
static size_t decode(char *value) {
    char *out = value;
    for (const char *in = value; *in != '\0'; out++) {
        const int high = *in == '%' ? hex_digit(in[1]) : -1;
        const int low = high < 0 ? -1 : hex_digit(in[2]);
        if (low < 0) {
            *out = *in++;
            continue;
        }
        *out = (char)(high * 16 + low);
        in += 3;
    }
    *out = '\0';
    return (size_t)(out - value);
}

static bool add_pair(lm_wire_line *line, const char *key, char *value) {
    if (line->count == line->room) {
        const size_t room = line->room == 0 ? 32 : 2 * line->room;
        lm_wire_pair *pairs = reallocarray(line->pairs, room, sizeof *pairs);
        if (pairs == NULL)
            return false;
        line->pairs = pairs;
        line->room = room;
    }
    line->pairs[line->count++] =
        (lm_wire_pair){.key = key, .value = value, .length = decode(value)};
    return true;
}

bool lm_wire_split(char *text, lm_wire_line *line) {
    line->count = 0;
    line->word = strsep(&text, " ");
    if (*line->word == '\0')
        return false;
    char *item;
    while ((item = strsep(&text, " ")) != NULL) {
        char *equals = strchr(item, '=');
        if (equals == NULL || equals == item)
            continue;
        *equals = '\0';
        if (!add_pair(line, item, equals + 1))
            return false;
    }
    return true;
}

void lm_wire_free(lm_wire_line *line) {
    free(line->pairs);
    *line = (lm_wire_line){0};
}

const lm_wire_pair *lm_wire_find(const lm_wire_line *line, const char *key) {
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->pairs[i].key, key) == 0)
            return &line->pairs[i];
    return NULL;
}

const char *lm_wire_text(const lm_wire_line *line, const char *key) {
    const lm_wire_pair *pair = lm_wire_find(line, key);
    return pair == NULL ? NULL : pair->value;
}

bool lm_wire_take_number(const char **text, uint64_t *value) {
    const char *at = *text;
    const bool negative = *at == '-';
    at += negative;
    const bool hex = at[0] == '0' && at[1] == 'x';
    at += hex ? 2 : 0;
    const unsigned base = hex ? 16 : 10;
    const char *digits = at;
    uint64_t sum = 0;
    int digit;
    while ((digit = hex_digit(*at)) >= 0 && (unsigned)digit < base) {
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, (unsigned)digit, &sum))
            return false;
        at++;
    }
    if (at == digits)
        return false;
    *text = at;
    *value = negative ? -sum : sum;
    return true;
}

lm_fact lm_wire_number(const lm_wire_line *line, const char *key) {
    const char *text = lm_wire_text(line, key);
    lm_fact fact = {0};
    if (text != NULL)
        fact.known = lm_wire_take_number(&text, &fact.value) && *text == '\0';
    return fact;
}

size_t lm_wire_hex(const char *text, unsigned char *bytes, size_t size) {
    size_t count = 0;
    for (; *text != '\0'; text += 2) {
        const int high = hex_digit(text[0]);
        const int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0 || count == size)
            return 0;
        bytes[count++] = (unsigned char)(high * 16 + low);
    }
    return count;
}
