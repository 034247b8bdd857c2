/* Writing JSON: values in the order in which they stand in the text; commas and escapes come by themselves. */
#ifndef LM_CLI_JSON_OUT_H
#define LM_CLI_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct lm_json_out {
    FILE *out;
    unsigned depth;
    bool filled; /* the innermost object or array has something in it */
} lm_json_out;

/* `name` is that of a member, NULL in an array and at the top. */
void lm_json_open(lm_json_out *json, const char *name, char bracket);
void lm_json_close(lm_json_out *json, char bracket);

/* Bytes that are no UTF-8 come out as U+FFFD. */
void lm_json_text(lm_json_out *json, const char *name, const char *text);

/* The same for what may not be known: NULL writes nothing. */
void lm_json_known(lm_json_out *json, const char *name, const char *text);

void lm_json_format(lm_json_out *json, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void lm_json_unsigned(lm_json_out *json, const char *name, uint64_t number);
void lm_json_signed(lm_json_out *json, const char *name, int64_t number);
void lm_json_truth(lm_json_out *json, const char *name, bool truth);

/* "0x" and hexadecimal, as a string: not every reader keeps 64 bits of a number. */
void lm_json_address(lm_json_out *json, const char *name, uint64_t address);

#endif
