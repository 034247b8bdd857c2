#include "cli/run_arguments.h"

#include "cli/say.h"
#include "conf/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The arguments that are still to be read. */
struct rest {
    int count;
    char **next;
};

static void hear_complaint(const char *message, void *context) {
    bool *right = context;
    *right = false;
    lm_say("%s", message);
}

/* Checks options here, where a mistake can still be put right, and adds them to those before. */
static bool add_options(lm_run_arguments *arguments, const char *options) {
    bool right = true;
    lm_options scratch;
    lm_options_defaults(&scratch);
    lm_options_parse(&scratch, options, "--options", false, hear_complaint, &right);
    if (!right)
        return false;
    char *joined = NULL;
    const char *before = arguments->options == NULL ? "" : arguments->options;
    if (asprintf(&joined, "%s%s%s", before, *before == '\0' ? "" : ":", options) < 0) {
        lm_say("there is no memory for the options");
        return false;
    }
    free(arguments->options);
    arguments->options = joined;
    return true;
}

/* The value of `name`, as in "--name VALUE" or "--name=VALUE"; NULL when the next argument is
 * another. When the value is missing, says so and sets *wrong. */
static const char *take_value(struct rest *rest, const char *name, bool *wrong) {
    const size_t length = strlen(name);
    char *argument = rest->next[0];
    if (strncmp(argument, name, length) != 0 ||
        (argument[length] != '\0' && argument[length] != '='))
        return NULL;
    if (argument[length] == '=') {
        rest->count--;
        rest->next++;
        return argument + length + 1;
    }
    if (rest->count < 2) {
        lm_say("%s needs a value; loam help run shows how", name);
        *wrong = true;
        return NULL;
    }
    rest->count -= 2;
    rest->next += 2;
    return rest->next[-1];
}

static bool take_flag(struct rest *rest, const char *name) {
    if (strcmp(rest->next[0], name) != 0)
        return false;
    rest->count--;
    rest->next++;
    return true;
}

/* Reads one argument that starts with '-'. */
static bool read_one(struct rest *rest, lm_run_arguments *arguments) {
    bool wrong = false;
    const char *value;
    if (take_flag(rest, "--stats")) {
        arguments->stats = true;
    } else if (take_flag(rest, "--help") || take_flag(rest, "-h")) {
        arguments->help = true;
    } else if ((value = take_value(rest, "--options", &wrong)) != NULL) {
        return add_options(arguments, value);
    } else if ((value = take_value(rest, "--stats-json", &wrong)) != NULL) {
        arguments->json = value;
    } else {
        if (!wrong)
            lm_say("run doesn't know %s; loam help run lists what it knows", rest->next[0]);
        return false;
    }
    return true;
}

bool lm_run_arguments_read(int argc, char **argv, lm_run_arguments *arguments) {
    *arguments = (lm_run_arguments){0};
    struct rest rest = {argc, argv};
    while (rest.count > 0 && rest.next[0][0] == '-' && !take_flag(&rest, "--")) {
        /* take_flag has gone past "--" when it ends the loop. */
        if (!read_one(&rest, arguments))
            return false;
    }
    arguments->program = rest.next;
    if (rest.count == 0 && !arguments->help) {
        lm_say("run needs a program; loam help run shows how");
        return false;
    }
    return true;
}
