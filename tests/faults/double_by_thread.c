/* A block is freed by its thread, and again by another one. */
#include "fault.h"

static void *free_again(void *block) {
    free(block);
    return NULL;
}

int main(void) {
    pthread_t thread;
    char *block = malloc(500);
    free(block);
    if (pthread_create(&thread, NULL, free_again, block) != 0 || pthread_join(thread, NULL) != 0)
        abort();
    go_on();
    return EXIT_SUCCESS;
}
