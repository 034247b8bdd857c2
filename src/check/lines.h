/* Lines as base/wire.h has them, and the file that they go to. Everything here is under lm_tale_lock. */
#ifndef LM_CHECK_LINES_H
#define LM_CHECK_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line begins with its word, then come keys, then it ends. What is NULL isn't written. */
void lm_lines_begin(const char *word);
void lm_lines_text(const char *key, const char *value);
void lm_lines_number(const char *key, uint64_t value);
void lm_lines_signed(const char *key, int64_t value);
void lm_lines_address(const char *key, uintptr_t value);
void lm_lines_hex(const char *key, const unsigned char *bytes, size_t size);
void lm_lines_end(void);

/* A value in pieces: a key, then pieces as they are. */
void lm_lines_key(const char *key);
void lm_lines_piece(const char *text);

/* Writes what was ended to the file. */
void lm_lines_flush(void);

/* Drops what wasn't written, and the file: the next flush opens it again, by the process's number. */
void lm_lines_forked(void);

/* Whether there is a directory to write to. */
bool lm_lines_wanted(void);

/* The directory; at start. A relative one begins where the process is now. */
void lm_lines_start(const char *directory);

#endif
