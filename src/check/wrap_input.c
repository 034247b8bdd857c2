/* scanf and its kin: where the values go. */
#include "check/format.h"
#include "check/wrap.h"

static bool is_text(char conversion) {
    return conversion == 's' || conversion == 'S' || conversion == '[';
}

static size_t unit(const lm_directive *directive) {
    bool wide = directive->length == LM_LENGTH_LONG || directive->conversion == 'S' ||
                directive->conversion == 'C';
    return wide ? sizeof(wchar_t) : sizeof(char);
}

/* Bytes that one directive may store; 0: only the input tells. */
static size_t room(const lm_directive *directive) {
    size_t width = directive->width > 0 ? (size_t)directive->width : 0;
    if (directive->allocates)
        return sizeof(void *);
    if (is_text(directive->conversion))
        return width ? (width + 1) * unit(directive) : 0;
    switch (directive->conversion) {
    case 'c':
    case 'C':
        return (width ? width : 1) * unit(directive);
    case 'p':
        return sizeof(void *);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        return lm_format_float_size(directive->length);
    default:
        return lm_format_integer_size(directive->length);
    }
}

/* Before: what will be stored at most. */
static void stores(const char *call, const char *format, va_list given) {
    va_list args;
    lm_directive directive;
    lm_wrap_string(call, format);
    va_copy(args, given);
    for (const char *at = format; (at = lm_format_scan(at, &directive)) != NULL;) {
        if (!directive.conversion)
            break;
        if (directive.skips || directive.conversion == '%')
            continue;
        lm_wrap_writes(call, va_arg(args, void *), room(&directive));
    }
    va_end(args);
}

static void stored_text(const char *call, const lm_directive *directive, const void *text) {
    if (LM_LIKELY(!lm_is_watched(text)))
        return;
    size_t length = unit(directive) == 1 ? LM_REAL(strlen)(text) : LM_REAL(wcslen)(text);
    lm_wrap_writes(call, text, (length + 1) * unit(directive));
}

/* Afterwards: texts without a width, as long as they have become. */
static void stored(const char *call, const char *format, va_list given, int count) {
    va_list args;
    lm_directive directive;
    va_copy(args, given);
    for (const char *at = format; count > 0 && (at = lm_format_scan(at, &directive)) != NULL;) {
        if (!directive.conversion)
            break;
        if (directive.skips || directive.conversion == '%')
            continue;
        const void *to = va_arg(args, void *);
        if (is_text(directive.conversion) && !directive.allocates && directive.width <= 0)
            stored_text(call, &directive, to);
        if (directive.conversion != 'n')
            count--;
    }
    va_end(args);
}

/* Runs `run`, which is given the arguments as `args`, between the two. */
#define SCAN(call, run)                                                                            \
    do {                                                                                           \
        stores(call, format, args);                                                                \
        va_list again;                                                                             \
        va_copy(again, args);                                                                      \
        int count = run;                                                                           \
        stored(call, format, again, count);                                                        \
        va_end(again);                                                                             \
        return count;                                                                              \
    } while (0)

#define SCAN_WITH_ARGUMENTS(run)                                                                   \
    do {                                                                                           \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        int count = run;                                                                           \
        va_end(args);                                                                              \
        return count;                                                                              \
    } while (0)

/* The same functions three times: before C99, since then, and since C23. `scanf` and `vscanf` are told alike. */
#define DIALECT(prefix)                                                                            \
    static int prefix##read_input(const char *call, const char *format, va_list args) {            \
        SCAN(call, LM_REAL(prefix##vscanf)(format, args));                                         \
    }                                                                                              \
    static int prefix##read_file(const char *call, FILE *file, const char *format, va_list args) { \
        SCAN(call, LM_REAL(prefix##vfscanf)(file, format, args));                                  \
    }                                                                                              \
    static int prefix##read_text(const char *call, const char *text, const char *format,           \
                                 va_list args) {                                                   \
        lm_wrap_string(call, text);                                                                \
        SCAN(call, LM_REAL(prefix##vsscanf)(text, format, args));                                  \
    }                                                                                              \
    int lm_wrap_##prefix##vscanf(const char *format, va_list args) {                               \
        return prefix##read_input("vscanf", format, args);                                         \
    }                                                                                              \
    int lm_wrap_##prefix##vfscanf(FILE *file, const char *format, va_list args) {                  \
        return prefix##read_file("vfscanf", file, format, args);                                   \
    }                                                                                              \
    int lm_wrap_##prefix##vsscanf(const char *text, const char *format, va_list args) {            \
        return prefix##read_text("vsscanf", text, format, args);                                   \
    }                                                                                              \
    int lm_wrap_##prefix##scanf(const char *format, ...) {                                         \
        SCAN_WITH_ARGUMENTS(prefix##read_input("scanf", format, args));                            \
    }                                                                                              \
    int lm_wrap_##prefix##fscanf(FILE *file, const char *format, ...) {                            \
        SCAN_WITH_ARGUMENTS(prefix##read_file("fscanf", file, format, args));                      \
    }                                                                                              \
    int lm_wrap_##prefix##sscanf(const char *text, const char *format, ...) {                      \
        SCAN_WITH_ARGUMENTS(prefix##read_text("sscanf", text, format, args));                      \
    }

DIALECT()
DIALECT(__isoc99_)
DIALECT(__isoc23_)
