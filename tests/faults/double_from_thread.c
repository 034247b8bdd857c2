/* A block is freed by another thread, and then by its own one. */
#include "fault.h"

static void *free_first(void *block) {
    free(block);
    return NULL;
}

int main(void) {
    pthread_t thread;
    char *block = malloc(500);
    if (pthread_create(&thread, NULL, free_first, block) != 0 || pthread_join(thread, NULL) != 0)
        abort();
    free(hidden(block));
    go_on();
    return EXIT_SUCCESS;
}
