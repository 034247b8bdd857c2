/* Reading JSON that lies in memory, in place: a value is a pointer to its first character.
 *
 * For the few lines that the library writes. All but lm_json_is_whole take values of a text which
 * that function has found to be well-formed, and never read past its NUL. */
#ifndef LM_CLI_JSON_H
#define LM_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the text is one well-formed value, with nothing but white space around it, nested at most
 * 16 deep. */
bool lm_json_is_whole(const char *text);

/* The value of an object's member, NULL if there is none or the value is no object. Names with
 * escapes in them aren't found. `object` may be NULL. */
const char *lm_json_member(const char *object, const char *name);

/* The first value of an array, NULL if it's empty, no array or NULL. */
const char *lm_json_first(const char *array);

/* The value after this one in its array, NULL at the end. */
const char *lm_json_next(const char *value);

/* The number, 0 if it's negative, no plain integer, doesn't fit, or `value` is NULL. */
uint64_t lm_json_number(const char *value);

/* The string, NUL-terminated and cut to `size` bytes; "" if the value is none or NULL. Control
 * characters and those written as \u beyond ASCII come out as '?': it's for a terminal. */
void lm_json_string(const char *value, char *buffer, size_t size);

#endif
