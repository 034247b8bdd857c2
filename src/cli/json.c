#include "cli/json.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

static const char white[] = " \t\r\n";
static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdefABCDEF";

static const char *skip_white(const char *p) {
    return p + strspn(p, white);
}

/* ---- Past a value --------------------------------------------------------------------------- */

/* Each of these returns the first character after what it skips, NULL where that isn't well-formed.
 */

static const char *skip_value(const char *p, unsigned depth);

static const char *skip_escape(const char *p) {
    if (*p != 'u')
        return *p != '\0' && strchr("\"\\/bfnrt", *p) != NULL ? p + 1 : NULL;
    for (int i = 1; i <= 4; i++) {
        if (p[i] == '\0' || strchr(hex_digits, p[i]) == NULL)
            return NULL;
    }
    return p + 5;
}

static const char *skip_string(const char *p) {
    if (*p != '"')
        return NULL;
    p++;
    while (p != NULL && *p != '"') {
        if ((unsigned char)*p < ' ')
            return NULL;
        p = *p == '\\' ? skip_escape(p + 1) : p + 1;
    }
    return p == NULL ? NULL : p + 1;
}

static const char *skip_digits(const char *p) {
    const size_t count = strspn(p, digits);
    return count == 0 ? NULL : p + count;
}

static const char *skip_number(const char *p) {
    p = skip_digits(*p == '-' ? p + 1 : p);
    if (p != NULL && *p == '.')
        p = skip_digits(p + 1);
    if (p != NULL && (*p == 'e' || *p == 'E')) {
        p++;
        p = skip_digits(*p == '+' || *p == '-' ? p + 1 : p);
    }
    return p;
}

static const char *skip_word(const char *p) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(p, words[i], strlen(words[i])) == 0)
            return p + strlen(words[i]);
    }
    return NULL;
}

/* Past the name of a member and its colon, to its value. */
static const char *skip_name(const char *p) {
    p = skip_string(p);
    if (p == NULL)
        return NULL;
    p = skip_white(p);
    return *p == ':' ? skip_white(p + 1) : NULL;
}

/* An object or an array: `close` is its last character. */
static const char *skip_items(const char *p, char close, unsigned depth) {
    p = skip_white(p + 1);
    if (*p == close)
        return p + 1;
    while (p != NULL) {
        if (close == '}')
            p = skip_name(p);
        p = p == NULL ? NULL : skip_value(p, depth);
        if (p == NULL)
            return NULL;
        p = skip_white(p);
        if (*p == close)
            return p + 1;
        p = *p == ',' ? skip_white(p + 1) : NULL;
    }
    return NULL;
}

static const char *skip_value(const char *p, unsigned depth) {
    if (depth == 0)
        return NULL;
    switch (*p) {
    case '{':
        return skip_items(p, '}', depth - 1);
    case '[':
        return skip_items(p, ']', depth - 1);
    case '"':
        return skip_string(p);
    case 't':
    case 'f':
    case 'n':
        return skip_word(p);
    default:
        return skip_number(p);
    }
}

bool lm_json_is_whole(const char *text) {
    const char *end = skip_value(skip_white(text), DEPTH_MAX);
    return end != NULL && *skip_white(end) == '\0';
}

/* ---- Into a value --------------------------------------------------------------------------- */

const char *lm_json_member(const char *object, const char *name) {
    if (object == NULL || *(object = skip_white(object)) != '{')
        return NULL;
    const size_t length = strlen(name);
    const char *p = skip_white(object + 1);
    while (p != NULL && *p == '"') {
        const char *value = skip_name(p);
        if (strncmp(p + 1, name, length) == 0 && p[1 + length] == '"')
            return value;
        p = lm_json_next(value);
    }
    return NULL;
}

const char *lm_json_first(const char *array) {
    if (array == NULL || *array != '[')
        return NULL;
    const char *p = skip_white(array + 1);
    return *p == ']' ? NULL : p;
}

const char *lm_json_next(const char *value) {
    const char *p = value == NULL ? NULL : skip_value(value, DEPTH_MAX);
    if (p == NULL)
        return NULL;
    p = skip_white(p);
    return *p == ',' ? skip_white(p + 1) : NULL;
}

uint64_t lm_json_number(const char *value) {
    if (value == NULL)
        return 0;
    const size_t count = strspn(value, digits);
    if (value[count] != '\0' && strchr(".eE", value[count]) != NULL)
        return 0;
    uint64_t number = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t digit = (uint64_t)(value[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return 0;
        number = number * 10 + digit;
    }
    return number;
}

/* The character that an escape stands for; `*p` is the one after the backslash and becomes the
 * next. */
static char read_escape(const char **p) {
    const char letter = **p;
    if (letter != 'u') {
        *p += 1;
        return strchr("bfnrt", letter) != NULL ? '?' : letter;
    }
    unsigned code = 0;
    for (int i = 1; i <= 4; i++) {
        const char digit = (*p)[i];
        const unsigned low =
            digit <= '9' ? (unsigned)(digit - '0') : ((unsigned)digit | 32) - 'a' + 10;
        code = code << 4 | low;
    }
    *p += 5;
    return code < 0x7f ? (char)code : '?';
}

void lm_json_string(const char *value, char *buffer, size_t size) {
    size_t length = 0;
    const char *p = value == NULL || *value != '"' ? "\"" : value + 1;
    while (*p != '"' && length + 1 < size) {
        char c = *p++;
        if (c == '\\')
            c = read_escape(&p);
        buffer[length++] = (char)((unsigned char)c < ' ' || c == 0x7f ? '?' : c);
    }
    if (size > 0)
        buffer[length] = '\0';
}
