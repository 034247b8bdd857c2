#include "cli/words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Groups of three help from here on. */
enum { GROUPED_FROM = 10000 };

char *lm_words_number(char buffer[LM_WORDS_SIZE], uint64_t number) {
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *out = buffer;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && number >= GROUPED_FROM)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return buffer;
}

char *lm_words_count(char buffer[LM_WORDS_SIZE], uint64_t count, const char *noun) {
    char number[LM_WORDS_SIZE];
    snprintf(buffer, LM_WORDS_SIZE, "%.40s %.40s%s", lm_words_number(number, count), noun,
             count == 1 ? "" : "s");
    return buffer;
}

/* Whether it is spoken with a vowel first: eight, eleven, eighteen, eighty, eight hundred. Of a larger one
 * the first group counts. */
static bool spoken_with_vowel(uint64_t number) {
    while (number >= 1000)
        number /= 1000;
    return number == 8 || number == 11 || number == 18 || (number >= 80 && number < 90) ||
           (number >= 800 && number < 900);
}

char *lm_words_sized(char buffer[LM_WORDS_SIZE], uint64_t size, const char *noun) {
    char number[LM_WORDS_SIZE];
    snprintf(buffer, LM_WORDS_SIZE, "a%s %.40s-byte %.40s", spoken_with_vowel(size) ? "n" : "",
             lm_words_number(number, size), noun);
    return buffer;
}

/* One decimal place below ten, and none that is zero. */
static void print_scaled(char *buffer, uint64_t amount, uint64_t unit, const char *name) {
    const uint64_t tenths = (amount * 10 + unit / 2) / unit;
    if (tenths < 100 && tenths % 10 != 0)
        snprintf(buffer, LM_WORDS_SIZE, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
                 name);
    else
        snprintf(buffer, LM_WORDS_SIZE, "%" PRIu64 " %s", (tenths + 5) / 10, name);
}

char *lm_words_time(char buffer[LM_WORDS_SIZE], uint64_t nanoseconds) {
    const uint64_t us = 1000;
    const uint64_t ms = 1000 * us;
    const uint64_t second = 1000 * ms;
    const uint64_t minute = 60 * second;
    const uint64_t hour = 60 * minute;
    if (nanoseconds < us)
        snprintf(buffer, LM_WORDS_SIZE, "%" PRIu64 " ns", nanoseconds);
    else if (nanoseconds < ms)
        print_scaled(buffer, nanoseconds, us, "us");
    else if (nanoseconds < second)
        print_scaled(buffer, nanoseconds, ms, "ms");
    else if (nanoseconds < minute)
        print_scaled(buffer, nanoseconds, second, "s");
    else if (nanoseconds < hour)
        snprintf(buffer, LM_WORDS_SIZE, "%" PRIu64 " min %" PRIu64 " s", nanoseconds / minute,
                 nanoseconds % minute / second);
    else
        snprintf(buffer, LM_WORDS_SIZE, "%" PRIu64 " h %" PRIu64 " min", nanoseconds / hour,
                 nanoseconds % hour / minute);
    return buffer;
}
