/*
 * Threads that come and go: each does one small job and ends, as in servers with a thread for each
 * request. It frees what it was given, and what it made is freed by main after its end. What a heap
 * sets up for a thread, and what it leaves behind of it, is the cost.
 */
#include "bench.h"

enum { GIVEN = 16, MADE = 16, BRIEF = 100 };

struct job {
    pthread_t id;
    struct bench_block given[GIVEN], made[MADE];
    uint64_t stream;
    uint64_t checksum;
};

static void *work(void *argument) {
    struct job *job = argument;
    uint64_t stream = job->stream;
    uint64_t checksum = 0;
    for (size_t i = 0; i < GIVEN; i++)
        checksum += bench_block_drop(&job->given[i]);
    for (size_t i = 0; i < BRIEF; i++) {
        struct bench_block block;
        const size_t size = bench_size(&stream);
        bench_block_make(&block, size, stream);
        checksum += bench_block_drop(&block);
    }
    for (size_t i = 0; i < MADE; i++) {
        const size_t size = bench_size(&stream);
        bench_block_make(&job->made[i], size, stream);
    }
    job->checksum = checksum;
    return NULL;
}

static void job_start(struct job *job, uint64_t stream) {
    for (size_t i = 0; i < GIVEN; i++) {
        const size_t size = bench_size(&stream);
        bench_block_make(&job->given[i], size, stream);
    }
    job->stream = stream;
    bench_start(&job->id, work, job);
}

static uint64_t job_end(struct job *job) {
    bench_join(job->id);
    uint64_t checksum = job->checksum;
    for (size_t i = 0; i < MADE; i++)
        checksum += bench_block_drop(&job->made[i]);
    return checksum;
}

/* As many are alive at once as there are to be threads; the oldest is waited for. */
int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 4);
    struct job *jobs = bench_need(calloc(options.threads, sizeof *jobs));
    const uint64_t all = bench_scaled(&options, 25000);
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < all + options.threads; i++) {
        struct job *job = &jobs[i % options.threads];
        if (i >= options.threads && i - options.threads < all)
            checksum += job_end(job);
        if (i < all)
            job_start(job, bench_stream(options.seed, i));
    }
    free(jobs);
    return bench_report(checksum);
}
