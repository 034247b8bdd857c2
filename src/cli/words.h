/* Amounts and times in words, for sentences. Each writes into the caller's buffer and returns it. */
#ifndef LM_CLI_WORDS_H
#define LM_CLI_WORDS_H

#include <stdint.h>

enum { LM_WORDS_SIZE = 96 };

/* "1 byte", "9 bytes", "12,000 bytes". */
char *lm_words_count(char buffer[LM_WORDS_SIZE], uint64_t count, const char *noun);

/* "an 8-byte block", "a 16-byte block". */
char *lm_words_sized(char buffer[LM_WORDS_SIZE], uint64_t size, const char *noun);

/* "12 us", "3.4 ms", "2 min 5 s". */
char *lm_words_time(char buffer[LM_WORDS_SIZE], uint64_t nanoseconds);

/* "1,258,291" */
char *lm_words_number(char buffer[LM_WORDS_SIZE], uint64_t number);

#endif
