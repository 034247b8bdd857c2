/* A block is freed by two threads that both do not own it. */
#include "fault.h"

static void *free_it(void *block) {
    free(block);
    return NULL;
}

static void free_in_thread(void *block) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, free_it, block) != 0 || pthread_join(thread, NULL) != 0)
        abort();
}

int main(void) {
    char *block = malloc(70);
    free_in_thread(block);
    free_in_thread(block);
    go_on();
    return EXIT_SUCCESS;
}
