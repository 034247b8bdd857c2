#include "conf/options.h"

#include <assert.h>

/* "Any amount": a limit that complaints and documentation don't mention. */
#define LM_BYTES_MOST ((uint64_t)INT64_MAX)

/* More than any kernel allows (vm.max_map_count is an int). */
#define LM_MAPPINGS_MOST ((uint64_t)INT32_MAX)
#define LM_SAMPLE_MOST   ((uint64_t)INT32_MAX)

#define LM_ANYWHERE   true
#define LM_NOT_SETUID false

/* The most characters of somebody's text that a complaint repeats. */
enum { SHOWN_MAX = 40 };

/* Keys longer than this have no nearest match. */
enum { NEAR_MAX = 31 };

#define LM_NAMED_VALUE(enumerator, name, meaning) {name, meaning},
#define LM_OPTION_ENUM(key, values, ...)                                                           \
    static const lm_option_value key##_values[] = {values(LM_NAMED_VALUE){NULL, NULL}};            \
    /* set_value stores them by way of an unsigned */                                              \
    static_assert(sizeof(lm_##key) == sizeof(unsigned), "enum of another size");
#include "conf/options.def"

const lm_option lm_options_table[] = {
#define ROW(key, type, initial, least, most, values, where, help, description)                     \
    {#key, type, where, offsetof(lm_options, key), initial, least, most, values, help, description},
#define LM_OPTION_BOOL(key, initial, where, help, description)                                     \
    ROW(key, LM_TYPE_BOOL, initial, 0, 1, NULL, where, help, description)
#define LM_OPTION_ENUM(key, values, initial, where, help, description)                             \
    ROW(key, LM_TYPE_ENUM, initial, 0, 0, key##_values, where, help, description)
#define LM_OPTION_BYTES(key, initial, least, most, where, help, description)                       \
    ROW(key, LM_TYPE_BYTES, initial, least, most, NULL, where, help, description)
#define LM_OPTION_NUMBER(key, initial, least, most, where, help, description)                      \
    ROW(key, LM_TYPE_NUMBER, initial, least, most, NULL, where, help, description)
#define LM_OPTION_PATH(key, where, help, description)                                              \
    ROW(key, LM_TYPE_PATH, 0, 0, 0, NULL, where, help, description)
#include "conf/options.def"
#undef ROW
    {NULL, LM_TYPE_BOOL, false, 0, 0, 0, 0, NULL, NULL, NULL},
};

/* A piece of somebody's text. */
struct piece {
    const char *start;
    size_t length;
};

static size_t length_of(const char *string) {
    size_t length = 0;
    while (string[length] != '\0')
        length++;
    return length;
}

static bool is(struct piece piece, const char *string) {
    size_t i = 0;
    while (i < piece.length && string[i] != '\0' && piece.start[i] == string[i])
        i++;
    return i == piece.length && string[i] == '\0';
}

static const lm_option *find_option(struct piece key) {
    for (const lm_option *option = lm_options_table; option->key != NULL; option++) {
        if (is(key, option->key))
            return option;
    }
    return NULL;
}

/* ---- Members of the struct ------------------------------------------------------------------ */

static void set_value(lm_options *options, const lm_option *option, uint64_t value) {
    char *member = (char *)options + option->offset;
    switch (option->type) {
    case LM_TYPE_BOOL:
        *(bool *)(void *)member = value != 0;
        break;
    case LM_TYPE_ENUM:
        *(unsigned *)(void *)member = (unsigned)value;
        break;
    case LM_TYPE_BYTES:
    case LM_TYPE_NUMBER:
        *(uint64_t *)(void *)member = value;
        break;
    case LM_TYPE_PATH:
        member[0] = '\0';
        break;
    }
}

static uint64_t get_value(const lm_options *options, const lm_option *option) {
    const char *member = (const char *)options + option->offset;
    switch (option->type) {
    case LM_TYPE_BOOL:
        return *(const bool *)(const void *)member;
    case LM_TYPE_ENUM:
        return *(const unsigned *)(const void *)member;
    case LM_TYPE_BYTES:
    case LM_TYPE_NUMBER:
        return *(const uint64_t *)(const void *)member;
    case LM_TYPE_PATH:
        break;
    }
    return 0;
}

static bool has_auto(const lm_option *option) {
    const bool counts = option->type == LM_TYPE_BYTES || option->type == LM_TYPE_NUMBER;
    return counts && option->initial == LM_AUTO;
}

void lm_options_defaults(lm_options *options) {
    for (const lm_option *option = lm_options_table; option->key != NULL; option++)
        set_value(options, option, option->initial);
}

/* ---- Complaints ----------------------------------------------------------------------------- */

/* Who is to hear of what is wrong with a text. */
struct listener {
    const char *source;
    lm_options_complain *complain; /* NULL: nobody */
    void *context;
};

/* Appends a piece in double quotes, fit for a terminal. */
static void put_piece(lm_text *text, struct piece piece) {
    lm_text_put(text, "\"");
    for (size_t i = 0; i < piece.length && i < SHOWN_MAX; i++) {
        const char c = piece.start[i];
        lm_text_put_n(text, (unsigned char)c < ' ' || c == 0x7f ? "?" : &c, 1);
    }
    lm_text_put(text, piece.length > SHOWN_MAX ? "...\"" : "\"");
}

static unsigned least_of(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* The edit distance: letters to insert, delete, replace, or swap with a neighbour. `b` has at most
 * NEAR_MAX characters. */
static unsigned distance(struct piece a, const char *b) {
    const size_t length = length_of(b);
    /* Row i of the usual matrix, and the two before it. */
    unsigned rows[3][NEAR_MAX + 1];
    for (unsigned j = 0; j <= length; j++)
        rows[0][j] = j;

    for (size_t i = 1; i <= a.length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *second = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= length; j++) {
            const unsigned replaced = above[j - 1] + (a.start[i - 1] != b[j - 1]);
            row[j] = least_of(replaced, least_of(above[j], row[j - 1]) + 1);
            const bool swapped =
                i > 1 && j > 1 && a.start[i - 1] == b[j - 2] && a.start[i - 2] == b[j - 1];
            if (swapped)
                row[j] = least_of(row[j], second[j - 2] + 1);
        }
    }
    return rows[a.length % 3][length];
}

/* The key that was probably meant: with at most one error in three letters. NULL where there is
 * none. */
static const char *nearest_key(struct piece key) {
    if (key.length > NEAR_MAX)
        return NULL;
    const char *nearest = NULL;
    unsigned least = (unsigned)key.length / 3 + 1;
    for (const lm_option *option = lm_options_table; option->key != NULL; option++) {
        const unsigned found = distance(key, option->key);
        if (found < least) {
            least = found;
            nearest = option->key;
        }
    }
    return nearest;
}

static void complain_unknown(const struct listener *listener, struct piece key) {
    char message[256];
    lm_text text;
    lm_text_init(&text, message, sizeof message);
    lm_text_put(&text, "unknown option ");
    put_piece(&text, key);
    lm_text_format(&text, " in %s; ", listener->source);
    const char *nearest = nearest_key(key);
    if (nearest != NULL)
        lm_text_format(&text, "did you mean \"%s\"?", nearest);
    else
        lm_text_put(&text, "help=1 lists the options");
    listener->complain(message, listener->context);
}

/* Appends what may be written, as a part of a sentence. */
static void put_allowed(lm_text *text, const lm_option *option) {
    switch (option->type) {
    case LM_TYPE_BOOL:
        lm_text_put(text, "1 or 0");
        return;
    case LM_TYPE_PATH:
        lm_text_format(text, "a path of 1 to %d bytes", LM_OPTION_PATH_MAX - 1);
        return;
    case LM_TYPE_ENUM:
        for (const lm_option_value *value = option->values; value->name != NULL; value++) {
            const char *before = value == option->values ? "" : value[1].name ? ", " : " or ";
            lm_text_format(text, "%s%s", before, value->name);
        }
        return;
    case LM_TYPE_BYTES:
    case LM_TYPE_NUMBER:
        break;
    }
    const bool bytes = option->type == LM_TYPE_BYTES;
    lm_text_put(text, has_auto(option) ? "auto or " : "");
    lm_text_put(text, bytes ? "an amount of bytes" : "a number");
    if (option->least > 0)
        lm_text_format(text, " from %llu", (unsigned long long)option->least);
    if (option->most != LM_BYTES_MOST)
        lm_text_format(text, " to %llu", (unsigned long long)option->most);
    lm_text_put(text, bytes ? ", such as 64K or 32M" : "");
}

static void complain_value(const struct listener *listener, const lm_option *option,
                           struct piece value) {
    char message[384];
    lm_text text;
    lm_text_init(&text, message, sizeof message);
    put_piece(&text, value);
    lm_text_format(&text, " is no value for the option \"%s\" in %s; it takes ", option->key,
                   listener->source);
    put_allowed(&text, option);
    listener->complain(message, listener->context);
}

static void complain_item(const struct listener *listener, const lm_option *option,
                          const char *mistake) {
    char message[256];
    lm_text text;
    lm_text_init(&text, message, sizeof message);
    lm_text_format(&text, "the option \"%s\" in %s %s; write %s=", option->key, listener->source,
                   mistake, option->key);
    lm_options_syntax(&text, option);
    listener->complain(message, listener->context);
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool parse_bool(struct piece value, uint64_t *out) {
    static const char *const words[][2] = {
        {"0", "1"}, {"false", "true"}, {"no", "yes"}, {"off", "on"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (unsigned truth = 0; truth < 2; truth++) {
            if (is(value, words[i][truth])) {
                *out = truth;
                return true;
            }
        }
    }
    return false;
}

static bool parse_name(const lm_option *option, struct piece value, uint64_t *out) {
    for (unsigned i = 0; option->values[i].name != NULL; i++) {
        if (is(value, option->values[i].name)) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool parse_amount(const lm_option *option, struct piece value, uint64_t *out) {
    if (has_auto(option) && is(value, "auto")) {
        *out = LM_AUTO;
        return true;
    }
    const bool read = option->type == LM_TYPE_BYTES
                          ? lm_text_parse_bytes(value.start, value.length, out)
                          : lm_text_parse_number(value.start, value.length, out);
    return read && *out >= option->least && *out <= option->most;
}

static bool set_path(lm_options *options, const lm_option *option, struct piece value) {
    if (value.length == 0)
        return false;
    char *member = (char *)options + option->offset;
    for (size_t i = 0; i < value.length; i++)
        member[i] = value.start[i];
    member[value.length] = '\0';
    return true;
}

/* Sets the option from a value of less than LM_OPTION_PATH_MAX bytes. Returns false, and leaves the
 * option as it is, when it isn't one. */
static bool set_from_text(lm_options *options, const lm_option *option, struct piece value) {
    uint64_t number = 0;
    bool known = false;
    switch (option->type) {
    case LM_TYPE_PATH:
        return set_path(options, option, value);
    case LM_TYPE_BOOL:
        known = parse_bool(value, &number);
        break;
    case LM_TYPE_ENUM:
        known = parse_name(option, value, &number);
        break;
    case LM_TYPE_BYTES:
    case LM_TYPE_NUMBER:
        known = parse_amount(option, value, &number);
        break;
    }
    if (known)
        set_value(options, option, number);
    return known;
}

/* ---- Items ---------------------------------------------------------------------------------- */

/* The length of what is between the quote at `text` and the next single one, -1 when there is none.
 */
static ptrdiff_t quoted_length(const char *text) {
    for (ptrdiff_t i = 1; text[i] != '\0'; i++) {
        if (text[i] == '\'' && text[i + 1] == '\'')
            i++;
        else if (text[i] == '\'')
            return i - 1;
    }
    return -1;
}

/* One key=value, and what is wrong with how it is written. */
struct item {
    struct piece key;
    struct piece value;  /* without quotes around it */
    bool quoted;         /* two quotes within it mean one */
    const char *mistake; /* NULL: none */
};

static struct piece until_colon(const char *text) {
    struct piece piece = {text, 0};
    while (text[piece.length] != '\0' && text[piece.length] != ':')
        piece.length++;
    return piece;
}

/* Reads the item at `text`. Returns its end: a ':' or the NUL. */
static const char *read_item(const char *text, struct item *item) {
    const struct piece whole = until_colon(text);
    *item = (struct item){.key = {text, 0}};
    while (item->key.length < whole.length && text[item->key.length] != '=')
        item->key.length++;
    if (item->key.length == whole.length) {
        item->mistake = "has no value";
        return text + whole.length;
    }

    const char *value = text + item->key.length + 1;
    if (*value != '\'') {
        item->value = until_colon(value);
        return text + whole.length;
    }
    const ptrdiff_t quoted = quoted_length(value);
    const char *end = quoted < 0 ? NULL : value + quoted + 2;
    if (end == NULL || (*end != ':' && *end != '\0')) {
        /* Skip to the next colon only: what comes after may well be in order. */
        item->mistake = quoted < 0 ? "has no closing quote" : "goes on after its closing quote";
        return end == NULL ? text + whole.length : end + until_colon(end).length;
    }
    item->value = (struct piece){value + 1, (size_t)quoted};
    item->quoted = true;
    return end;
}

/* Copies the value to `buffer`, of LM_OPTION_PATH_MAX bytes, two quotes as one. Returns false when
 * it is too long. */
static bool unquote(const struct item *item, char *buffer, struct piece *out) {
    size_t length = 0;
    for (size_t i = 0; i < item->value.length; i++) {
        if (length == LM_OPTION_PATH_MAX - 1)
            return false;
        buffer[length++] = item->value.start[i];
        if (item->quoted && item->value.start[i] == '\'')
            i++;
    }
    *out = (struct piece){buffer, length};
    return true;
}

static void apply_item(lm_options *options, const struct item *item, bool secure,
                       const struct listener *listener) {
    const bool heard = listener->complain != NULL && !secure;
    const lm_option *option = find_option(item->key);
    if (option == NULL) {
        if (heard)
            complain_unknown(listener, item->key);
        return;
    }
    if (secure && !option->anywhere)
        return;
    if (item->mistake != NULL) {
        if (heard)
            complain_item(listener, option, item->mistake);
        return;
    }
    char buffer[LM_OPTION_PATH_MAX];
    struct piece value;
    const bool set = unquote(item, buffer, &value) && set_from_text(options, option, value);
    if (!set && heard)
        complain_value(listener, option, item->value);
}

void lm_options_parse(lm_options *options, const char *text, const char *source, bool secure,
                      lm_options_complain *complain, void *context) {
    const struct listener listener = {source, complain, context};
    if (text == NULL)
        return;
    while (*text != '\0') {
        if (*text == ':') {
            text++;
            continue;
        }
        struct item item;
        text = read_item(text, &item);
        apply_item(options, &item, secure, &listener);
    }
}

const char *lm_options_in_environment(char *const *environment) {
    static const char name[] = "LOAM_OPTIONS=";
    for (; environment != NULL && *environment != NULL; environment++) {
        size_t i = 0;
        while (name[i] != '\0' && (*environment)[i] == name[i])
            i++;
        if (name[i] == '\0')
            return *environment + i;
    }
    return NULL;
}

/* ---- Showing them --------------------------------------------------------------------------- */

/* Appends the number as the option's value. */
static void put_number(lm_text *text, const lm_option *option, uint64_t value) {
    if (option->type == LM_TYPE_ENUM)
        lm_text_put(text, option->values[value].name);
    else if (has_auto(option) && value == LM_AUTO)
        lm_text_put(text, "auto");
    else
        lm_text_format(text, "%llu", (unsigned long long)value);
}

int lm_options_value(const lm_options *options, const char *key, char *buffer, size_t size) {
    const lm_option *option = find_option((struct piece){key, length_of(key)});
    if (option == NULL)
        return -1;
    lm_text text;
    lm_text_init(&text, buffer, size);
    if (option->type == LM_TYPE_PATH)
        lm_text_put(&text, (const char *)options + option->offset);
    else
        put_number(&text, option, get_value(options, option));
    return (int)text.length;
}

void lm_options_syntax(lm_text *text, const lm_option *option) {
    switch (option->type) {
    case LM_TYPE_BOOL:
        lm_text_put(text, "0|1");
        break;
    case LM_TYPE_ENUM:
        for (const lm_option_value *value = option->values; value->name != NULL; value++)
            lm_text_format(text, "%s%s", value == option->values ? "" : "|", value->name);
        break;
    case LM_TYPE_BYTES:
        lm_text_put(text, has_auto(option) ? "auto|BYTES" : "BYTES");
        break;
    case LM_TYPE_NUMBER:
        lm_text_put(text, has_auto(option) ? "auto|NUMBER" : "NUMBER");
        break;
    case LM_TYPE_PATH:
        lm_text_put(text, "PATH");
        break;
    }
}

void lm_options_initial(lm_text *text, const lm_option *option) {
    if (option->type == LM_TYPE_PATH)
        lm_text_put(text, "none");
    else
        put_number(text, option, option->initial);
}

void lm_options_help(lm_text *text) {
    lm_text_put(text, "Options of Loam, as LOAM_OPTIONS=key=value:key=value\n");
    for (const lm_option *option = lm_options_table; option->key != NULL; option++) {
        lm_text_format(text, "  %s=", option->key);
        lm_options_syntax(text, option);
        lm_text_format(text, "\n      %s (default: ", option->help);
        lm_options_initial(text, option);
        lm_text_put(text, ")\n");
    }
}
