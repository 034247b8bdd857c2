#include "cli/json_out.h"

#include "cli/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void put_string(FILE *out, const char *text) {
    fputc('"', out);
    while (*text != '\0') {
        const size_t length = lm_utf8_length(text);
        const unsigned char c = (unsigned char)*text;
        if (length == 0)
            fputs("\\ufffd", out);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c < ' ' || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fwrite(text, 1, length, out);
        text += length == 0 ? 1 : length;
    }
    fputc('"', out);
}

/* What stands before each value. */
static void begin(lm_json_out *json, const char *name) {
    if (json->filled)
        fputc(',', json->out);
    if (json->depth > 0)
        fprintf(json->out, "\n%*s", (int)json->depth, "");
    json->filled = true;
    if (name != NULL) {
        put_string(json->out, name);
        fputs(": ", json->out);
    }
}

void lm_json_open(lm_json_out *json, const char *name, char bracket) {
    begin(json, name);
    fputc(bracket, json->out);
    json->depth++;
    json->filled = false;
}

void lm_json_close(lm_json_out *json, char bracket) {
    json->depth--;
    if (json->filled)
        fprintf(json->out, "\n%*s", (int)json->depth, "");
    fputc(bracket, json->out);
    if (json->depth == 0)
        fputc('\n', json->out);
    json->filled = true;
}

void lm_json_text(lm_json_out *json, const char *name, const char *text) {
    begin(json, name);
    put_string(json->out, text);
}

void lm_json_known(lm_json_out *json, const char *name, const char *text) {
    if (text != NULL)
        lm_json_text(json, name, text);
}

void lm_json_format(lm_json_out *json, const char *name, const char *format, ...) {
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    lm_json_text(json, name, text == NULL ? "" : text);
    free(text);
}

void lm_json_unsigned(lm_json_out *json, const char *name, uint64_t number) {
    begin(json, name);
    fprintf(json->out, "%" PRIu64, number);
}

void lm_json_signed(lm_json_out *json, const char *name, int64_t number) {
    begin(json, name);
    fprintf(json->out, "%" PRId64, number);
}

void lm_json_truth(lm_json_out *json, const char *name, bool truth) {
    begin(json, name);
    fputs(truth ? "true" : "false", json->out);
}

void lm_json_address(lm_json_out *json, const char *name, uint64_t address) {
    begin(json, name);
    fprintf(json->out, "\"0x%" PRIx64 "\"", address);
}
