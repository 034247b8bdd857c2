/* Numbers from strings. Where they stop only the C library knows: it is asked first and the reading checked
 * afterwards, to the character that ended the number. With a base that is none it doesn't say. */
#include "check/wrap.h"

LM_INLINE void has_read(const char *call, const char *string, const char *stop) {
    lm_wrap_reads(call, string, (size_t)(stop - string) + 1);
}

LM_INLINE void has_read_wide(const char *call, const wchar_t *string, const wchar_t *stop) {
    lm_wrap_reads(call, string, ((size_t)(stop - string) + 1) * sizeof(wchar_t));
}

#define INTEGER(result, name, character, checked, call)                                            \
    result lm_wrap_##name(const character *string, character **end, int base) {                    \
        character *stop = NULL;                                                                    \
        result value = LM_REAL(name)(string, &stop, base);                                         \
        if (stop)                                                                                  \
            checked(call, string, stop);                                                           \
        if (stop && end)                                                                           \
            *end = stop;                                                                           \
        return value;                                                                              \
    }

#define FLOATING(result, name, character, checked)                                                 \
    result lm_wrap_##name(const character *string, character **end) {                              \
        character *stop = NULL;                                                                    \
        result value = LM_REAL(name)(string, &stop);                                               \
        checked(#name, string, stop);                                                              \
        if (end)                                                                                   \
            *end = stop;                                                                           \
        return value;                                                                              \
    }

INTEGER(long, strtol, char, has_read, "strtol")
INTEGER(unsigned long, strtoul, char, has_read, "strtoul")
INTEGER(long long, strtoll, char, has_read, "strtoll")
INTEGER(unsigned long long, strtoull, char, has_read, "strtoull")
INTEGER(intmax_t, strtoimax, char, has_read, "strtoimax")
INTEGER(uintmax_t, strtoumax, char, has_read, "strtoumax")
INTEGER(long, __isoc23_strtol, char, has_read, "strtol")
INTEGER(unsigned long, __isoc23_strtoul, char, has_read, "strtoul")
INTEGER(long long, __isoc23_strtoll, char, has_read, "strtoll")
INTEGER(unsigned long long, __isoc23_strtoull, char, has_read, "strtoull")
INTEGER(long, wcstol, wchar_t, has_read_wide, "wcstol")
INTEGER(unsigned long, wcstoul, wchar_t, has_read_wide, "wcstoul")
INTEGER(long long, wcstoll, wchar_t, has_read_wide, "wcstoll")
INTEGER(unsigned long long, wcstoull, wchar_t, has_read_wide, "wcstoull")

FLOATING(float, strtof, char, has_read)
FLOATING(double, strtod, char, has_read)
FLOATING(long double, strtold, char, has_read)
FLOATING(float, wcstof, wchar_t, has_read_wide)
FLOATING(double, wcstod, wchar_t, has_read_wide)
FLOATING(long double, wcstold, wchar_t, has_read_wide)

enum { DECIMAL = 10 };

int lm_wrap_atoi(const char *string) {
    char *stop;
    int value = (int)LM_REAL(strtol)(string, &stop, DECIMAL);
    has_read("atoi", string, stop);
    return value;
}

long lm_wrap_atol(const char *string) {
    char *stop;
    long value = LM_REAL(strtol)(string, &stop, DECIMAL);
    has_read("atol", string, stop);
    return value;
}

long long lm_wrap_atoll(const char *string) {
    char *stop;
    long long value = LM_REAL(strtoll)(string, &stop, DECIMAL);
    has_read("atoll", string, stop);
    return value;
}

double lm_wrap_atof(const char *string) {
    char *stop;
    double value = LM_REAL(strtod)(string, &stop);
    has_read("atof", string, stop);
    return value;
}
