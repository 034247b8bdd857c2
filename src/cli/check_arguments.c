#include "cli/check_arguments.h"

#include "cli/arguments.h"
#include "cli/say.h"
#include "conf/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arguments that are options of the library under the same name or another. */
static const struct passed {
    const char *name, *key;
    const char *value; /* NULL: the argument has one, "--name VALUE" or "--name=VALUE" */
} passed[] = {
    {"--leaks", "leaks", NULL},           {"--uninit", "uninit", NULL},
    {"--quarantine", "quarantine", NULL}, {"--exact", "exact", "all"},
    {"--dangling", "dangling", "1"},
};

static const lm_option *option_of(const char *key) {
    for (const lm_option *option = lm_options_table; option->key != NULL; option++)
        if (strcmp(option->key, key) == 0)
            return option;
    return NULL;
}

/* "yes" and "no" for a switch that knows 1 and 0. */
static const char *switched(const lm_option *option, const char *value) {
    if (option->values != NULL)
        return value;
    return strcmp(value, "yes") == 0 ? "1" : strcmp(value, "no") == 0 ? "0" : value;
}

static bool add_options(lm_check_arguments *arguments, const char *options) {
    return lm_options_join(&arguments->options, options, "the options");
}

static bool add_option(lm_check_arguments *arguments, const char *key, const char *value) {
    char *option = NULL;
    if (strchr(value, ':') != NULL) {
        lm_say("a value with ':' in it can't be passed on: %s", value);
        return false;
    }
    if (asprintf(&option, "%s=%s", key, value) < 0) {
        lm_say("there is no memory for the options");
        return false;
    }
    const bool added = add_options(arguments, option);
    free(option);
    return added;
}

static const char *take_value(lm_rest *rest, const char *name, bool *wrong) {
    return lm_rest_value(rest, name, "check", wrong);
}

static bool set_status(lm_check_arguments *arguments, const char *value) {
    char *end;
    const long status = strtol(value, &end, 10);
    if (end == value || *end != '\0' || status < 0 || status > 255) {
        lm_say("--error-exitcode needs a number from 0 to 255, not %s", value);
        return false;
    }
    arguments->error_exitcode = (int)status;
    return true;
}

static bool set_colour(lm_check_arguments *arguments, const char *value) {
    static const char *const names[] = {
        [LM_WHEN_AUTO] = "auto", [LM_WHEN_ALWAYS] = "always", [LM_WHEN_NEVER] = "never"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            arguments->colour = (lm_when)i;
            return true;
        }
    }
    lm_say("--color is auto, always or never, not %s", value);
    return false;
}

static bool set_format(lm_check_arguments *arguments, const char *value) {
    arguments->format = lm_format_of(value);
    if (arguments->format < LM_FORMATS_COUNT)
        return true;
    lm_say("--format is text, json, sarif, xml or github, not %s", value);
    return false;
}

static bool add_suppressions(lm_check_arguments *arguments, const char *path) {
    const char **files =
        reallocarray(arguments->suppressions, arguments->suppression_count + 1, sizeof *files);
    if (files == NULL) {
        lm_say("there is no memory for suppressions");
        return false;
    }
    arguments->suppressions = files;
    files[arguments->suppression_count++] = path;
    return true;
}

/* Whether the argument is one that the library gets; *right says whether it could be read. */
static bool pass_on(lm_rest *rest, lm_check_arguments *arguments, bool *right) {
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        bool wrong = false;
        const char *value = passed[i].value;
        if (value != NULL ? !lm_rest_flag(rest, passed[i].name)
                          : (value = take_value(rest, passed[i].name, &wrong)) == NULL && !wrong)
            continue;
        const lm_option *option = option_of(passed[i].key);
        if (!wrong && strcmp(passed[i].key, "leaks") == 0 && strcmp(value, "yes") != 0 &&
            strcmp(value, "no") != 0) {
            lm_say("--leaks is yes or no, not %s: what is still pointed to at the end isn't told",
                   value);
            wrong = true;
        }
        if (option == NULL)
            lm_say("the checker of this version doesn't have %s", passed[i].name);
        *right = !wrong && option != NULL &&
                 add_option(arguments, passed[i].key, switched(option, value));
        return true;
    }
    return false;
}

/* Reads one argument that starts with '-'. */
static bool read_one(lm_rest *rest, lm_check_arguments *arguments) {
    bool wrong = false;
    bool right = false;
    const char *value;
    if (lm_rest_flag(rest, "--help") || lm_rest_flag(rest, "-h"))
        arguments->help = true;
    else if (lm_rest_flag(rest, "--gen-suppressions"))
        arguments->gen_suppressions = true;
    else if (lm_rest_flag(rest, "--children"))
        arguments->children = true;
    else if (lm_rest_flag(rest, "--quiet") || lm_rest_flag(rest, "-q"))
        arguments->quiet = true;
    else if ((value = take_value(rest, "--log-file", &wrong)) != NULL)
        arguments->log_file = value;
    else if (!wrong && (value = take_value(rest, "--read", &wrong)) != NULL)
        arguments->read = value;
    else if (!wrong && (value = take_value(rest, "--error-exitcode", &wrong)) != NULL)
        return set_status(arguments, value);
    else if (!wrong && (value = take_value(rest, "--color", &wrong)) != NULL)
        return set_colour(arguments, value);
    else if (!wrong && (value = take_value(rest, "--format", &wrong)) != NULL)
        return set_format(arguments, value);
    else if (!wrong && (value = take_value(rest, "--suppressions", &wrong)) != NULL)
        return add_suppressions(arguments, value);
    else if (!wrong && (value = take_value(rest, "--options", &wrong)) != NULL)
        return add_options(arguments, value);
    else if (!wrong && pass_on(rest, arguments, &right))
        return right;
    else {
        if (!wrong)
            lm_say("check doesn't know %s; loam help check lists what it knows", rest->next[0]);
        return false;
    }
    return true;
}

bool lm_check_arguments_read(int argc, char **argv, lm_check_arguments *arguments) {
    *arguments = (lm_check_arguments){.error_exitcode = -1};
    lm_rest rest = {argc, argv};
    while (rest.count > 0 && rest.next[0][0] == '-' && !lm_rest_flag(&rest, "--")) {
        /* lm_rest_flag has gone past "--" when it ends the loop. */
        if (!read_one(&rest, arguments))
            return false;
    }
    arguments->program = rest.next;
    if (rest.count == 0 && !arguments->help && arguments->read == NULL) {
        lm_say("check needs a program; loam help check shows how");
        return false;
    }
    return true;
}

void lm_check_arguments_free(lm_check_arguments *arguments) {
    free(arguments->options);
    free(arguments->suppressions);
}
