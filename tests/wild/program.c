/* A program that uses the heap from threads, in children and for large blocks, and prints what
 * comes out. */
#include "../preload/check.h"

#include <pthread.h>
#include <stdint.h>

enum { BLOCKS = 2000, THREADS = 4 };

static unsigned long use_heap(unsigned seed) {
    static const size_t sizes[] = {8, 50, 300, 2000, 20000, 400000};
    char *blocks[BLOCKS] = {0};
    unsigned long sum = 0;
    for (int i = 0; i < 5 * BLOCKS; i++) {
        size_t n = next_random(&seed) % BLOCKS;
        size_t size = sizes[n % 997 == 0 ? 5 : n % 5];
        if (blocks[n])
            sum = sum * 31 + (unsigned char)blocks[n][size - 1];
        blocks[n] = i % 3 ? (free(blocks[n]), malloc(size)) : realloc(blocks[n], size);
        CHECK(blocks[n]);
        memset(blocks[n], (int)(n % 100), size);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return sum;
}

static void *use_in_thread(void *argument) {
    return (void *)use_heap((unsigned)(uintptr_t)argument);
}

int main(void) {
    pthread_t threads[THREADS];
    void *sum;
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, use_in_thread, (void *)(i + 1)) == 0);
    for (int i = 0; i < 30; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(20);
            use_heap(5);
            _exit(EXIT_SUCCESS);
        }
        expect_success(child);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], &sum) == 0);
        printf("thread %d: %lx\n", i, (unsigned long)sum);
    }
    printf("main: %lx\n", use_heap(77));
    return EXIT_SUCCESS;
}
