/* A process that runs on Loam, and in it a library with a second copy of its own.
 * Usage: copies PLUGIN CASE [SIZE]. tests/scripts/wild_copies.sh runs it. */
#include "../preload/check.h"
#include "plugin.h"

#include <dlfcn.h>
#include <pthread.h>

enum { BLOCKS = 500, THREADS = 4 };

static void *library;
static plugin_make_function *make;
static plugin_free_function *give_back;
static plugin_use_function *use;

static void symbol(void *function, const char *name) {
    void *found = dlsym(library, name);
    CHECK(found);
    memcpy(function, &found, sizeof found);
}

static void open_library(const char *path) {
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(library);
    symbol((void *)&make, "plugin_make");
    symbol((void *)&give_back, "plugin_free");
    symbol((void *)&use, "plugin_use");
}

static size_t size_of(size_t i) {
    return i % 50 == 49 ? 100000 : i * 7 + 1;
}

/* Each copy's blocks go back to it, from another thread too. */
static void *both(void *argument) {
    static char *left[2][THREADS];
    size_t me = (size_t)argument, other = (me + 1) % THREADS;
    char *blocks[2][BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[0][i] = malloc(size_of(i));
        blocks[1][i] = make(size_of(i));
        CHECK(blocks[0][i] && blocks[1][i]);
        memset(blocks[0][i], 'm', size_of(i));
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        CHECK(blocks[0][i][size_of(i) - 1] == 'm' && blocks[1][i][size_of(i) - 1] == 'p');
        free(blocks[0][i]);
        give_back(blocks[1][i]);
    }
    free(__atomic_exchange_n(&left[0][other], malloc(50), __ATOMIC_ACQ_REL));
    give_back(__atomic_exchange_n(&left[1][other], make(50), __ATOMIC_ACQ_REL));
    CHECK(use());
    return NULL;
}

static void in_threads(void) {
    for (int round = 0; round < 20; round++) {
        pthread_t threads[THREADS];
        for (size_t i = 0; i < THREADS; i++)
            CHECK(pthread_create(&threads[i], NULL, both, (void *)i) == 0);
        for (int i = 0; i < THREADS; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

static void nothing(void) {}

static void fork_and(void (*act)(void)) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        act();
        exit(EXIT_SUCCESS);
    }
    expect_success(child);
}

/* Blocks that are live when the library goes stay readable, and the process goes on. */
static void unload_with_live_blocks(const char *path) {
    for (int i = 0; i < 50; i++) {
        char *small = make(100), *large = make(200000);
        CHECK(small && large && use());
        CHECK(dlclose(library) == 0);
        CHECK(small[99] == 'p' && large[199999] == 'p');
        fork_and(nothing); /* no handler of the unloaded library is left */
        open_library(path);
        CHECK(use());
    }
}

static void *use_forever(void *argument) {
    while (use())
        *(volatile int *)argument = 1;
    return NULL;
}

/* The process ends while a thread is in the library. */
static void end_in_the_middle(void) {
    static volatile int begun[THREADS];
    pthread_t thread;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread, NULL, use_forever, (void *)(size_t)&begun[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        while (!begun[i])
            usleep(100);
}

int main(int argc, char **argv) {
    CHECK(argc >= 3);
    const char *what = argv[2];
    size_t size = argc > 3 ? (size_t)atol(argv[3]) : 100;
    alarm(60);
    open_library(argv[1]);
    if (strcmp(what, "both") == 0) {
        in_threads();
        fork_and(in_threads);
    } else if (strcmp(what, "live") == 0) {
        unload_with_live_blocks(argv[1]);
    } else if (strcmp(what, "end") == 0) {
        end_in_the_middle();
    } else if (strcmp(what, "theirs") == 0) {
        free(make(size));
    } else if (strcmp(what, "ours") == 0) {
        give_back(malloc(size));
    } else {
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
