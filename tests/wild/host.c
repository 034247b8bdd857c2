/* Loads and unloads a shared library with a heap of its own, over and over: nothing may be left
 * behind. Usage: host PLUGIN ROUNDS. tests/scripts/wild_dlopen.sh runs it. */
#include "../preload/check.h"
#include "plugin.h"

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>

enum { WARM_UP = 20, LEFT_AT_MOST_KIB = 1024, KEYS_MAX = 2000, MAPPINGS_MAX = 16 };

static const char *path;
static void *library;

static void symbol(void *function, const char *name) {
    void *found = dlsym(library, name);
    CHECK(found);
    memcpy(function, &found, sizeof found);
}

static void use(void) {
    plugin_use_function *function;
    symbol((void *)&function, "plugin_use");
    CHECK(function());
}

static void *use_in_thread(void *argument) {
    use();
    return argument;
}

/* ---- A thread that outlives all loads of the library
 * ---------------------------------------------- */

static sem_t asked, answered;
static int at_end;

static void *use_when_asked(void *argument) {
    while (sem_wait(&asked) == 0 && !at_end) {
        use();
        sem_post(&answered);
    }
    return argument;
}

static void ask(void) {
    sem_post(&asked);
    CHECK(sem_wait(&answered) == 0);
}

/* ---- A round
 * -------------------------------------------------------------------------------------- */

static void open_library(void) {
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        dprintf(STDERR_FILENO, "%s\n", dlerror());
    CHECK(library);
}

static void use_in_threads(void) {
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, use_in_thread, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

/* Some rounds use the library in this thread, some in threads that end, some in one that stays,
 * some not at all. */
static void round_trip(int round) {
    open_library();
    if (round & 1)
        use();
    if (round & 2)
        use_in_threads();
    if (round & 4)
        ask();
    CHECK(dlclose(library) == 0);
    CHECK(!dlopen(path, RTLD_NOW | RTLD_NOLOAD)); /* really gone */
}

/* ---- What is left
 * --------------------------------------------------------------------------------- */

static int count_free_keys(void) {
    static pthread_key_t keys[KEYS_MAX];
    int n = 0;
    while (n < KEYS_MAX && pthread_key_create(&keys[n], NULL) == 0)
        n++;
    for (int i = 0; i < n; i++)
        pthread_key_delete(keys[i]);
    return n;
}

static long virtual_kib(void) {
    return proc_number("/proc/self/status", "VmSize:");
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    path = argv[1];
    int rounds = atoi(argv[2]);
    pthread_t staying;
    CHECK(sem_init(&asked, 0, 0) == 0 && sem_init(&answered, 0, 0) == 0);
    CHECK(pthread_create(&staying, NULL, use_when_asked, NULL) == 0);
    for (int i = 0; i < WARM_UP; i++)
        round_trip(i);
    int keys = count_free_keys();
    long resident = resident_kib(), mappings = count_mappings(), size = virtual_kib();
    for (int i = 0; i < rounds; i++)
        round_trip(i);
    printf("%d rounds: resident %+ld KiB, address space %+ld KiB, mappings %+ld, free keys %+d\n",
           rounds, resident_kib() - resident, virtual_kib() - size, count_mappings() - mappings,
           count_free_keys() - keys);
    fflush(stdout);
    CHECK(resident_kib() - resident < LEFT_AT_MOST_KIB);
    CHECK(virtual_kib() - size < LEFT_AT_MOST_KIB);
    CHECK(count_mappings() - mappings < MAPPINGS_MAX);
    CHECK(count_free_keys() == keys);
    at_end = 1;
    sem_post(&asked);
    CHECK(pthread_join(staying, NULL) == 0); /* its end must not call into the unloaded library */
    return EXIT_SUCCESS;
}
