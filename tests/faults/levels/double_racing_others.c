// fault: two threads free a block of a third one at the same time
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

static pthread_barrier_t at_once;

static void *free_at_once(void *block) {
    pthread_barrier_wait(&at_once);
    free(block);
    return NULL;
}

int main(void) {
    char *block = malloc(SIZE), *other = malloc(SIZE);
    pthread_barrier_init(&at_once, NULL, 2);
    pthread_t first = start(free_at_once, block);
    pthread_t second = start(free_at_once, WRONG ? block : other);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    return end(false);
}
