/* Loads the modules of tests/loaded. */
#ifndef TESTS_SUPPORT_LOADED_H
#define TESTS_SUPPORT_LOADED_H

#include "loaded/through.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct loaded {
    void *handle;
    through *call;
} loaded;

/* NULL and NULL when it isn't there: the test wasn't started by ctest. */
static inline loaded load(const char *name) {
    const char *build = getenv("LOAM_BUILD");
    char path[4096];
    loaded l = {NULL, NULL};
    snprintf(path, sizeof path, "%s/tests/loaded/%s.so", build ? build : ".", name);
    l.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (l.handle) {
        void *function = dlsym(l.handle, "loaded_through");
        memcpy(&l.call, &function, sizeof l.call);
    }
    return l;
}

#endif
