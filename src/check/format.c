#include "check/format.h"

#include <limits.h>
#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

enum { DECIMAL = 10 };

static const char *number(const char *at, int *value) {
    int n = 0;
    for (; is_digit(*at); at++)
        n = n > INT_MAX / DECIMAL - 1 ? INT_MAX / DECIMAL : n * DECIMAL + (*at - '0');
    *value = n;
    return at;
}

static const char *length(const char *at, lm_length *length) {
    *length = LM_LENGTH_NONE;
    switch (*at) {
    case 'h':
        *length = at[1] == 'h' ? LM_LENGTH_CHAR : LM_LENGTH_SHORT;
        return at + (at[1] == 'h' ? 2 : 1);
    case 'l':
        *length = at[1] == 'l' ? LM_LENGTH_LONGER : LM_LENGTH_LONG;
        return at + (at[1] == 'l' ? 2 : 1);
    case 'q':
    case 'L':
        *length = LM_LENGTH_LONGER;
        return at + 1;
    case 'j':
    case 'z':
    case 'Z':
    case 't':
        *length = LM_LENGTH_LONG;
        return at + 1;
    default:
        return at;
    }
}

/* Is `c` one of these, and not the format's end? */
static bool is_any(char c, const char *of) {
    return c && strchr(of, c) != NULL;
}

/* An argument's place (`1$`) is not understood: its digits look like a width, and `$` is no conversion. */
static const char *end(const char *at, lm_directive *directive, const char *known) {
    directive->conversion = is_any(*at, known) ? *at : 0;
    return *at ? at + 1 : at;
}

static const char *first(const char *at, lm_directive *directive) {
    *directive = (lm_directive){.width = LM_FORMAT_NONE, .precision = LM_FORMAT_NONE};
    at = strchr(at, '%');
    return at ? at + 1 : NULL;
}

static const char *amount(const char *at, int *value) {
    if (*at == '*') {
        *value = LM_FORMAT_ARGUMENT;
        return at + 1;
    }
    return number(at, value);
}

const char *lm_format_print(const char *at, lm_directive *directive) {
    at = first(at, directive);
    if (!at)
        return NULL;
    while (is_any(*at, "-+ #0'I"))
        at++;
    if (*at == '*' || is_digit(*at))
        at = amount(at, &directive->width);
    if (*at == '.')
        at = amount(at + 1, &directive->precision);
    at = length(at, &directive->length);
    return end(at, directive, "%diouxXbBcsCSpnmeEfFgGaA");
}

/* A set may begin with `^`, and with `]` as one of its members. */
static const char *set_end(const char *at) {
    if (*at == '^')
        at++;
    if (*at == ']')
        at++;
    while (*at && *at != ']')
        at++;
    return *at ? at + 1 : at;
}

const char *lm_format_scan(const char *at, lm_directive *directive) {
    at = first(at, directive);
    if (!at)
        return NULL;
    for (; is_any(*at, "*'I"); at++)
        directive->skips |= *at == '*';
    if (is_digit(*at))
        at = number(at, &directive->width);
    if (*at == 'm') {
        directive->allocates = true;
        at++;
    }
    at = length(at, &directive->length);
    /* In old programs `%as` asks for a block, in new ones for a number followed by an s. */
    if (*at == 'a' && is_any(at[1], "sS["))
        return end("", directive, "");
    at = end(at, directive, "%diouxXbBcsCS[pneEfFgGaA");
    return directive->conversion == '[' ? set_end(at) : at;
}

size_t lm_format_integer_size(lm_length length) {
    switch (length) {
    case LM_LENGTH_CHAR:
        return sizeof(char);
    case LM_LENGTH_SHORT:
        return sizeof(short);
    case LM_LENGTH_LONG:
        return sizeof(long);
    case LM_LENGTH_LONGER:
        return sizeof(long long);
    default:
        return sizeof(int);
    }
}

size_t lm_format_float_size(lm_length length) {
    switch (length) {
    case LM_LENGTH_LONG:
        return sizeof(double);
    case LM_LENGTH_LONGER:
        return sizeof(long double);
    default:
        return sizeof(float);
    }
}
