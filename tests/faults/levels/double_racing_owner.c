// fault: the thread that made a block and another one free it at the same time, until they meet
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

static pthread_barrier_t at_once;

static void *free_at_once(void *block) {
    pthread_barrier_wait(&at_once);
    free(block);
    return NULL;
}

int main(void) {
    enum { ROUNDS = 200 };
    pthread_barrier_init(&at_once, NULL, 2);
    for (int i = 0; i < ROUNDS; i++) {
        char *block = malloc(SIZE), *other = malloc(SIZE);
        pthread_t thread = start(free_at_once, block);
        free_at_once(WRONG ? block : other);
        pthread_join(thread, NULL);
    }
    return end(false);
}
