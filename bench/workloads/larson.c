/*
 * Server threads after Larson and Krishnan, "Memory allocation for long-running server
 * applications" (1998): each thread replaces random blocks of its table, then hands the table on to
 * a fresh thread and dies. So blocks outlive the thread that allocated them, and what a dead thread
 * leaves behind must be used again.
 */
#include "bench.h"

#include <semaphore.h>

enum { PLACES = 5000, REPLACED = 20000 };

/* A table on its way from thread to thread. One thread at a time has it, so that its work doesn't
 * depend on timing. */
struct chain {
    struct bench_block table[PLACES];
    uint64_t stream;
    uint64_t checksum;
    uint64_t generations; /* still to come */
    pthread_t before;     /* who had the table last; waited for by who comes next */
    int has_before;
    sem_t over; /* the last generation is done */
};

static void chain_replace(struct chain *chain) {
    for (unsigned i = 0; i < REPLACED; i++) {
        struct bench_block *block = &chain->table[bench_below(&chain->stream, PLACES)];
        if (block->data != NULL)
            chain->checksum += bench_block_drop(block);
        const size_t size = bench_size(&chain->stream);
        bench_block_make(block, size, chain->stream);
    }
}

static void *serve(void *argument) {
    struct chain *chain = argument;
    const int has_before = chain->has_before;
    const pthread_t before = chain->before;

    chain_replace(chain);
    /* Only now, so that the predecessor's end runs beside this thread's work, as it does in a
     * server. */
    if (has_before)
        bench_join(before);
    chain->before = pthread_self();
    chain->has_before = 1;
    if (--chain->generations == 0) {
        sem_post(&chain->over);
    } else {
        pthread_t next; /* it tells its own name to its successor; this copy isn't read */
        bench_start(&next, serve, chain);
    }
    return NULL;
}

static void chain_start(struct chain *chain, const struct bench_options *options, unsigned number) {
    pthread_t first;
    if (sem_init(&chain->over, 0, 0) != 0)
        bench_die("cannot make a semaphore");
    chain->stream = bench_stream(options->seed, number);
    /* The chains share the work, so that four on two cores don't take twice as long. */
    chain->generations = bench_scaled(options, 800) / options->threads;
    chain->generations += chain->generations == 0;
    bench_start(&first, serve, chain);
}

static uint64_t chain_end(struct chain *chain) {
    while (sem_wait(&chain->over) != 0)
        continue; /* a signal came */
    bench_join(chain->before);
    uint64_t checksum = chain->checksum;
    checksum += bench_blocks_drop(chain->table, PLACES);
    sem_destroy(&chain->over);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 2);
    struct chain *chains = bench_need(calloc(options.threads, sizeof *chains));
    for (unsigned i = 0; i < options.threads; i++)
        chain_start(&chains[i], &options, i);
    uint64_t checksum = 0;
    for (unsigned i = 0; i < options.threads; i++)
        checksum += chain_end(&chains[i]);
    free(chains);
    return bench_report(checksum);
}
