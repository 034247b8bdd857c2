#include "cli/run_arguments.h"

#include "cli/arguments.h"
#include "cli/say.h"
#include "conf/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool add_options(lm_run_arguments *arguments, const char *options) {
    return lm_options_join(&arguments->options, options, "--options");
}

static const char *take_value(lm_rest *rest, const char *name, bool *wrong) {
    return lm_rest_value(rest, name, "run", wrong);
}

/* Reads one argument that starts with '-'. */
static bool read_one(lm_rest *rest, lm_run_arguments *arguments) {
    bool wrong = false;
    const char *value;
    if (lm_rest_flag(rest, "--stats")) {
        arguments->stats = true;
    } else if (lm_rest_flag(rest, "--help") || lm_rest_flag(rest, "-h")) {
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
    lm_rest rest = {argc, argv};
    while (rest.count > 0 && rest.next[0][0] == '-' && !lm_rest_flag(&rest, "--")) {
        /* lm_rest_flag has gone past "--" when it ends the loop. */
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
