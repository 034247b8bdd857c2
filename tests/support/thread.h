/* Runs a function in a thread of its own, and waits for it. */
#ifndef TESTS_SUPPORT_THREAD_H
#define TESTS_SUPPORT_THREAD_H

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

static inline void *in_thread(void *(*function)(void *argument), void *argument) {
    pthread_t thread;
    void *result = NULL;
    if (pthread_create(&thread, NULL, function, argument) != 0 ||
        pthread_join(thread, &result) != 0)
        abort();
    return result;
}

#endif
