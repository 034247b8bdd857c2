/* The option parser takes any text: it complains in whole lines that a terminal can show, leaves
 * every option within its bounds, and what it says the values are is what it would read again. */
#include "check.h"
#include "conf/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hear(const char *message, void *context) {
    CHECK(message[0] != '\0');
    for (const unsigned char *c = (const unsigned char *)message; *c; c++)
        CHECK(*c >= ' ' && *c != 0x7f);
    ++*(unsigned *)context;
}

static void refuse(const char *message, void *context) {
    (void)context;
    fprintf(stderr, "complaint: %s\n", message);
    abort();
}

/* "key='value'", quotes within doubled. */
static void quote(char *out, const char *key, const char *value) {
    out += sprintf(out, "%s='", key);
    for (; *value; value++) {
        if (*value == '\'')
            *out++ = '\'';
        *out++ = *value;
    }
    *out++ = '\'';
    *out = '\0';
}

/* What is said of each option is read again as the same. */
static void check_values(const lm_options *options) {
    for (const lm_option *o = lm_options_table; o->key; o++) {
        char value[LM_OPTION_PATH_MAX], again[LM_OPTION_PATH_MAX],
            text[2 * LM_OPTION_PATH_MAX + 32];
        lm_options reread;
        int length = lm_options_value(options, o->key, value, sizeof value);
        CHECK(length >= 0 && (size_t)length == strlen(value));
        if (length == 0)
            continue; /* no path: there is no way to write it */
        lm_options_defaults(&reread);
        quote(text, o->key, value);
        lm_options_parse(&reread, text, "again", false, refuse, NULL);
        CHECK(lm_options_value(&reread, o->key, again, sizeof again) == length);
        CHECK(strcmp(value, again) == 0);
    }
}

/* In a setuid program nothing is said, and only what is safe there is set. */
static void check_secure(const char *text) {
    lm_options options, defaults;
    char value[LM_OPTION_PATH_MAX], initial[LM_OPTION_PATH_MAX];
    lm_options_defaults(&options);
    lm_options_defaults(&defaults);
    lm_options_parse(&options, text, "LOAM_OPTIONS", true, refuse, NULL);
    for (const lm_option *o = lm_options_table; o->key; o++) {
        if (o->anywhere)
            continue;
        lm_options_value(&options, o->key, value, sizeof value);
        lm_options_value(&defaults, o->key, initial, sizeof initial);
        CHECK(strcmp(value, initial) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lm_options options;
    unsigned complaints = 0;
    /* On the heap, and not a byte more: reading past the end is noticed. */
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    lm_options_defaults(&options);
    lm_options_parse(&options, text, "LOAM_OPTIONS", false, hear, &complaints);
    check_values(&options);
    check_secure(text);
    free(text);
    return 0;
}
