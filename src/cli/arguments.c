#include "cli/arguments.h"

#include "cli/say.h"
#include "conf/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *lm_rest_value(lm_rest *rest, const char *name, const char *command, bool *wrong) {
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
        lm_say("%s needs a value; loam help %s shows how", name, command);
        *wrong = true;
        return NULL;
    }
    rest->count -= 2;
    rest->next += 2;
    return rest->next[-1];
}

bool lm_rest_flag(lm_rest *rest, const char *name) {
    if (strcmp(rest->next[0], name) != 0)
        return false;
    rest->count--;
    rest->next++;
    return true;
}

static void hear_complaint(const char *message, void *context) {
    bool *right = context;
    *right = false;
    lm_say("%s", message);
}

bool lm_options_join(char **joined, const char *options, const char *origin) {
    bool right = true;
    lm_options scratch;
    lm_options_defaults(&scratch);
    lm_options_parse(&scratch, options, origin, false, hear_complaint, &right);
    if (!right)
        return false;
    char *longer = NULL;
    const char *before = *joined == NULL ? "" : *joined;
    if (asprintf(&longer, "%s%s%s", before, *before == '\0' ? "" : ":", options) < 0) {
        lm_say("there is no memory for the options");
        return false;
    }
    free(*joined);
    *joined = longer;
    return true;
}
