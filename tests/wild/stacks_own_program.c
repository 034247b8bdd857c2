/* How many frames of stacks_own's library are in a stack that goes through it twice: says it. */
#include "stacks_own.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static void take(void) {
    uintptr_t frames[32];
    const size_t count = own_capture(frames, 32);
    int own = 0;
    for (size_t i = 0; i < count; i++) {
        Dl_info info;
        if (dladdr((void *)(frames[i] - 1), &info) != 0 && strstr(info.dli_fname, "own.so"))
            own++;
    }
    printf("%d\n", own);
}

int main(void) {
    own_call(take);
    return 0;
}
