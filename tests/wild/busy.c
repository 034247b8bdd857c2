/* A preloaded library that uses the heap at the most uncommon moments. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void *held;

static void use_heap(void) {
    void *blocks[50];
    for (size_t i = 0; i < 50; i++) {
        blocks[i] = malloc(i * i * 50 + 1);
        if (!blocks[i])
            abort();
        memset(blocks[i], 1, i * i * 50 + 1);
    }
    for (size_t i = 0; i < 50; i++)
        free(blocks[i]);
    held = realloc(held, held ? 300 : 200);
}

/* Registered before anything else was called: these run inside of what others registered. */
__attribute__((constructor(101))) static void first(void) {
    pthread_atfork(use_heap, use_heap, use_heap);
    use_heap();
}

__attribute__((destructor(101))) static void last(void) {
    use_heap();
    free(held);
}
