/* printf and its kin: the strings that are printed, and the room for what is printed. */
#include "check/format.h"
#include "check/wrap.h"

#include <errno.h>

/* ---- Arguments -------------------------------------------------------------------------------- */

static void prints_string(const char *call, const char *string, int precision) {
    if (LM_LIKELY(!string || !lm_is_watched(string)))
        return;
    if (precision >= 0)
        lm_wrap_length_max(call, string, (size_t)precision);
    else
        lm_wrap_length(call, string);
}

/* The precision counts bytes that are printed: a wide character may become several. */
static void prints_wide(const char *call, const wchar_t *string, int precision) {
    if (LM_LIKELY(!string || !lm_is_watched(string)))
        return;
    if (precision >= 0)
        lm_wrap_wide_length_max(call, string, (size_t)precision / MB_CUR_MAX);
    else
        lm_wrap_wide_length(call, string);
}

/* Takes an integer of the directive's length from the arguments. */
#define TAKE_INTEGER(args, length)                                                                 \
    do {                                                                                           \
        if ((length) == LM_LENGTH_LONG)                                                            \
            (void)va_arg(args, long);                                                              \
        else if ((length) == LM_LENGTH_LONGER)                                                     \
            (void)va_arg(args, long long);                                                         \
        else                                                                                       \
            (void)va_arg(args, int);                                                               \
    } while (0)

/* Checks what one directive prints; false: not understood, nothing is known of the arguments that follow. */
static bool prints_one(const char *call, const lm_directive *directive, int precision,
                       va_list *args) {
    switch (directive->conversion) {
    case '%':
    case 'm':
        return true;
    case 's':
        if (directive->length == LM_LENGTH_LONG)
            prints_wide(call, va_arg(*args, const wchar_t *), precision);
        else
            prints_string(call, va_arg(*args, const char *), precision);
        return true;
    case 'S':
        prints_wide(call, va_arg(*args, const wchar_t *), precision);
        return true;
    case 'p':
        (void)va_arg(*args, void *);
        return true;
    case 'n':
        lm_wrap_writes(call, va_arg(*args, void *), lm_format_integer_size(directive->length));
        return true;
    case 'c':
    case 'C':
        (void)va_arg(*args, int);
        return true;
    case 0:
        return false;
    default:
        break;
    }
    if (!strchr("eEfFgGaA", directive->conversion))
        TAKE_INTEGER(*args, directive->length);
    else if (directive->length == LM_LENGTH_LONGER)
        (void)va_arg(*args, long double);
    else
        (void)va_arg(*args, double);
    return true;
}

static void prints(const char *call, const char *format, va_list given) {
    va_list args;
    lm_directive directive;
    lm_wrap_string(call, format);
    va_copy(args, given);
    for (const char *at = format; (at = lm_format_print(at, &directive)) != NULL;) {
        int precision = directive.precision;
        if (directive.width == LM_FORMAT_ARGUMENT)
            (void)va_arg(args, int);
        if (precision == LM_FORMAT_ARGUMENT)
            precision = va_arg(args, int);
        if (!prints_one(call, &directive, precision, &args))
            break;
    }
    va_end(args);
}

/* ---- Room ------------------------------------------------------------------------------------- */

/* Checks the `max` bytes of room at `to`, or as many as are needed. errno is left alone: `%m` prints it. */
static void prints_to(const char *call, char *to, size_t max, const char *format, va_list given) {
    prints(call, format, given);
    if (LM_LIKELY(!lm_is_watched(to)) || max == 0)
        return;
    va_list args;
    int saved = errno;
    va_copy(args, given);
    int length = LM_REAL(vsnprintf)(NULL, 0, format, args);
    va_end(args);
    errno = saved;
    if (length >= 0)
        lm_wrap_writes(call, to, (size_t)length < max ? (size_t)length + 1 : max);
}

enum { WIDE_ROOM = 1024 };

/* There is no asking for the length of a wide text: whether it goes into the block is tried elsewhere. Of very
 * long ones all the room is asked for. */
static void prints_wide_to(const char *call, wchar_t *to, size_t max, const wchar_t *format,
                           va_list given) {
    wchar_t text[WIDE_ROOM];
    lm_wrap_wide_string(call, format);
    if (LM_LIKELY(!lm_is_watched(to)) || max == 0)
        return;
    size_t there = lm_wrap_extent(to) / sizeof *to;
    size_t asked = max;
    if (there > 0 && there < max && there <= WIDE_ROOM) {
        va_list args;
        int saved = errno;
        va_copy(args, given);
        int length = LM_REAL(vswprintf)(text, there, format, args);
        va_end(args);
        errno = saved;
        if (length >= 0)
            asked = (size_t)length + 1;
    }
    lm_wrap_writes(call, to, lm_wrap_product(asked, sizeof *to));
}

/* ---- With a list of arguments ----------------------------------------------------------------- */

int lm_wrap_vprintf(const char *format, va_list args) {
    prints("vprintf", format, args);
    return LM_REAL(vprintf)(format, args);
}

int lm_wrap_vfprintf(FILE *file, const char *format, va_list args) {
    prints("vfprintf", format, args);
    return LM_REAL(vfprintf)(file, format, args);
}

int lm_wrap_vdprintf(int fd, const char *format, va_list args) {
    prints("vdprintf", format, args);
    return LM_REAL(vdprintf)(fd, format, args);
}

int lm_wrap_vasprintf(char **to, const char *format, va_list args) {
    prints("vasprintf", format, args);
    return LM_REAL(vasprintf)(to, format, args);
}

int lm_wrap_vsprintf(char *to, const char *format, va_list args) {
    prints_to("vsprintf", to, SIZE_MAX, format, args);
    return LM_REAL(vsprintf)(to, format, args);
}

int lm_wrap_vsnprintf(char *to, size_t n, const char *format, va_list args) {
    prints_to("vsnprintf", to, n, format, args);
    return LM_REAL(vsnprintf)(to, n, format, args);
}

int lm_wrap_vswprintf(wchar_t *to, size_t n, const wchar_t *format, va_list args) {
    prints_wide_to("vswprintf", to, n, format, args);
    return LM_REAL(vswprintf)(to, n, format, args);
}

int lm_wrap___vprintf_chk(int flag, const char *format, va_list args) {
    prints("vprintf", format, args);
    return LM_REAL(__vprintf_chk)(flag, format, args);
}

int lm_wrap___vfprintf_chk(FILE *file, int flag, const char *format, va_list args) {
    prints("vfprintf", format, args);
    return LM_REAL(__vfprintf_chk)(file, flag, format, args);
}

int lm_wrap___vdprintf_chk(int fd, int flag, const char *format, va_list args) {
    prints("vdprintf", format, args);
    return LM_REAL(__vdprintf_chk)(fd, flag, format, args);
}

int lm_wrap___vasprintf_chk(char **to, int flag, const char *format, va_list args) {
    prints("vasprintf", format, args);
    return LM_REAL(__vasprintf_chk)(to, flag, format, args);
}

int lm_wrap___vsprintf_chk(char *to, int flag, size_t size, const char *format, va_list args) {
    prints_to("vsprintf", to, SIZE_MAX, format, args);
    return LM_REAL(__vsprintf_chk)(to, flag, size, format, args);
}

int lm_wrap___vsnprintf_chk(char *to, size_t n, int flag, size_t size, const char *format,
                            va_list args) {
    prints_to("vsnprintf", to, n, format, args);
    return LM_REAL(__vsnprintf_chk)(to, n, flag, size, format, args);
}

int lm_wrap___vswprintf_chk(wchar_t *to, size_t n, int flag, size_t size, const wchar_t *format,
                            va_list args) {
    prints_wide_to("vswprintf", to, n, format, args);
    return LM_REAL(__vswprintf_chk)(to, n, flag, size, format, args);
}

/* ---- With the arguments themselves ------------------------------------------------------------ */

/* Runs `check` and then `run`, which are given the arguments that follow `last` as `args`. */
#define WITH_ARGUMENTS(last, check, run)                                                           \
    do {                                                                                           \
        va_list args;                                                                              \
        va_start(args, last);                                                                      \
        check;                                                                                     \
        int result = run;                                                                          \
        va_end(args);                                                                              \
        return result;                                                                             \
    } while (0)

int lm_wrap_printf(const char *format, ...) {
    WITH_ARGUMENTS(format, prints("printf", format, args), LM_REAL(vprintf)(format, args));
}

int lm_wrap_fprintf(FILE *file, const char *format, ...) {
    WITH_ARGUMENTS(format, prints("fprintf", format, args), LM_REAL(vfprintf)(file, format, args));
}

int lm_wrap_dprintf(int fd, const char *format, ...) {
    WITH_ARGUMENTS(format, prints("dprintf", format, args), LM_REAL(vdprintf)(fd, format, args));
}

int lm_wrap_asprintf(char **to, const char *format, ...) {
    WITH_ARGUMENTS(format, prints("asprintf", format, args), LM_REAL(vasprintf)(to, format, args));
}

int lm_wrap_sprintf(char *to, const char *format, ...) {
    WITH_ARGUMENTS(format, prints_to("sprintf", to, SIZE_MAX, format, args),
                   LM_REAL(vsprintf)(to, format, args));
}

int lm_wrap_snprintf(char *to, size_t n, const char *format, ...) {
    WITH_ARGUMENTS(format, prints_to("snprintf", to, n, format, args),
                   LM_REAL(vsnprintf)(to, n, format, args));
}

int lm_wrap_swprintf(wchar_t *to, size_t n, const wchar_t *format, ...) {
    WITH_ARGUMENTS(format, prints_wide_to("swprintf", to, n, format, args),
                   LM_REAL(vswprintf)(to, n, format, args));
}

int lm_wrap___printf_chk(int flag, const char *format, ...) {
    WITH_ARGUMENTS(format, prints("printf", format, args),
                   LM_REAL(__vprintf_chk)(flag, format, args));
}

int lm_wrap___fprintf_chk(FILE *file, int flag, const char *format, ...) {
    WITH_ARGUMENTS(format, prints("fprintf", format, args),
                   LM_REAL(__vfprintf_chk)(file, flag, format, args));
}

int lm_wrap___dprintf_chk(int fd, int flag, const char *format, ...) {
    WITH_ARGUMENTS(format, prints("dprintf", format, args),
                   LM_REAL(__vdprintf_chk)(fd, flag, format, args));
}

int lm_wrap___asprintf_chk(char **to, int flag, const char *format, ...) {
    WITH_ARGUMENTS(format, prints("asprintf", format, args),
                   LM_REAL(__vasprintf_chk)(to, flag, format, args));
}

int lm_wrap___sprintf_chk(char *to, int flag, size_t size, const char *format, ...) {
    WITH_ARGUMENTS(format, prints_to("sprintf", to, SIZE_MAX, format, args),
                   LM_REAL(__vsprintf_chk)(to, flag, size, format, args));
}

int lm_wrap___snprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, ...) {
    WITH_ARGUMENTS(format, prints_to("snprintf", to, n, format, args),
                   LM_REAL(__vsnprintf_chk)(to, n, flag, size, format, args));
}

int lm_wrap___swprintf_chk(wchar_t *to, size_t n, int flag, size_t size, const wchar_t *format,
                           ...) {
    WITH_ARGUMENTS(format, prints_wide_to("swprintf", to, n, format, args),
                   LM_REAL(__vswprintf_chk)(to, n, flag, size, format, args));
}
