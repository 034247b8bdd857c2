#!/usr/bin/env bash
# A module that is opened with RTLD_DEEPBIND uses the same heap as the program, and modules are found where the
# program's RUNPATH says.
#
# ctest-builds: release
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir modules
cat >module.c <<'E2'
#include <stdlib.h>
#include <string.h>
void *swap(void *old) { free(old); return strdup("from the module"); }
E2
cat >program.c <<'E2'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    void *module = dlopen("module.so", RTLD_NOW | RTLD_DEEPBIND);
    if (!module)
        return puts(dlerror()), 1;
    void *(*swap)(void *) = (void *(*)(void *))dlsym(module, "swap");
    char *text = swap(malloc(100));
    puts(text);
    free(text);
    return dlclose(module);
}
E2
gcc -g -fPIC -shared -o modules/module.so module.c
gcc -g -o program program.c -Wl,-rpath,"$scratch/modules",--enable-new-dtags

"$LOAM_BUILD/loam" check ./program >out 2>&1 || { echo "FAILED: status $?"; cat out; exit 1; }
grep -qx 'from the module' out || { echo "FAILED: the module didn't answer"; cat out; exit 1; }
grep -q '^loam: nothing to report: ' out || { echo "FAILED:"; cat out; exit 1; }
