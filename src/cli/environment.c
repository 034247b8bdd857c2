#include "cli/environment.h"

#include "cli/say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool set(const char *name, const char *value) {
    if (setenv(name, value, 1) == 0)
        return true;
    lm_say("%s can't be set: %s", name, strerror(errno));
    return false;
}

/* Sets the variable to `first:second`, or to the only one that isn't empty. */
static bool set_joined(const char *name, const char *first, const char *second) {
    char *joined = NULL;
    const bool both = *first != '\0' && *second != '\0';
    if (asprintf(&joined, "%s%s%s", first, both ? ":" : "", second) < 0) {
        lm_say("%s can't be set: %s", name, strerror(ENOMEM));
        return false;
    }
    const bool done = set(name, joined);
    free(joined);
    return done;
}

static const char *value_of(const char *name) {
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

bool lm_environment_preload(const char *library, const lm_workdir *workdir) {
    if (strpbrk(library, " :") != NULL) {
        if (symlink(library, workdir->library) != 0) {
            lm_say("no link can be made as %s: %s", workdir->library, strerror(errno));
            return false;
        }
        library = workdir->library;
    }
    return set_joined("LD_PRELOAD", library, value_of("LD_PRELOAD"));
}

bool lm_environment_option(const char *key, const char *value) {
    if (value == NULL)
        return set_joined("LOAM_OPTIONS", value_of("LOAM_OPTIONS"), key);
    char *item = NULL;
    if (asprintf(&item, "%s=%s", key, value) < 0) {
        lm_say("LOAM_OPTIONS can't be set: %s", strerror(ENOMEM));
        return false;
    }
    const bool done = set_joined("LOAM_OPTIONS", value_of("LOAM_OPTIONS"), item);
    free(item);
    return done;
}
