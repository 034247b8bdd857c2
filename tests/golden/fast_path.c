/* Calls each entry point often enough that most calls take the warm fast path, with a mark before
 * each call. tests/scripts/golden.sh runs it under callgrind, which writes down what was executed
 * between two marks. Usage: fast_path NAME, one of the names below. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 400, WARM_UP = 4000, SIZE = 48 };

/* One instruction, so that the cost of everything around a call is known. */
uintptr_t nothing(uintptr_t argument);
__asm__(".text\n.globl nothing\n.type nothing, %function\nnothing:\n    ret\n");

/* Callgrind looks for this name. */
void mark(void);
__attribute__((noinline)) void mark(void) {
    __asm__ volatile("");
}

typedef uintptr_t entry(uintptr_t argument);

static void *blocks[WARM_UP];

static entry *find(const char *name) {
    entry *found = NULL;
    void *symbol = strcmp(name, "nothing") == 0 ? NULL : dlsym(RTLD_DEFAULT, name);
    if (!symbol)
        return nothing;
    memcpy(&found, &symbol, sizeof found);
    return found;
}

/* Slabs of the size with many free slots, and every record in use once. */
static void warm_up(void) {
    for (int i = 0; i < WARM_UP; i++)
        blocks[i] = malloc(SIZE);
    for (int i = 0; i < WARM_UP; i++)
        free(blocks[i]);
}

/* All arguments lie ready in an array, so that each round is the same but for the call. */
static void call_often(entry *called, uintptr_t *arguments) {
    entry *volatile chosen = called;
    entry *function = chosen;
    for (int i = 0; i < CALLS; i++) {
        mark();
        arguments[i] = function(arguments[i]);
    }
    mark();
}

int main(int argc, char **argv) {
    static uintptr_t arguments[CALLS];
    if (argc != 2)
        return EXIT_FAILURE;
    int frees = strcmp(argv[1], "free") == 0, deletes = strcmp(argv[1], "_ZdlPv") == 0;
    entry *allocate = find(deletes ? "_Znwm" : "malloc");
    warm_up();
    for (int i = 0; i < CALLS; i++)
        arguments[i] = frees || deletes ? allocate(SIZE) : SIZE;
    call_often(find(argv[1]), arguments);
    return EXIT_SUCCESS;
}
