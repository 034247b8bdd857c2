/* The thread that made and freed a block has ended when the block is freed again. */
#include "fault.h"

static void *make_and_free(void *nothing) {
    void *block = malloc(3000);
    free(block);
    return nothing ? nothing : hidden(block);
}

int main(void) {
    pthread_t thread;
    void *block;
    if (pthread_create(&thread, NULL, make_and_free, NULL) != 0 ||
        pthread_join(thread, &block) != 0)
        abort();
    free(hidden(block));
    go_on();
    return EXIT_SUCCESS;
}
