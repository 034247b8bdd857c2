/*
 * Pairs of threads: the producer allocates and writes messages, the consumer reads and frees them,
 * so that every block is freed by a thread that didn't allocate it.
 *
 * Messages travel in batches through a bounded ring behind a lock, and who must wait sleeps until
 * the ring is half full or half empty: handing over costs next to nothing for each message, and no
 * processor time goes into spinning, which would hide what the heap costs.
 */
#include "bench.h"

enum { BATCH = 128, RING = 64, HALF = RING / 2 };

struct batch {
    struct bench_block message[BATCH];
};

struct channel {
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    struct batch *ring[RING];
    size_t first, used;
    int closed;
    uint64_t batches; /* how many the producer makes */
    uint64_t stream;
    uint64_t checksum; /* the consumer's */
};

static void channel_put(struct channel *channel, struct batch *batch) {
    pthread_mutex_lock(&channel->lock);
    if (channel->used == RING)
        while (channel->used > HALF)
            pthread_cond_wait(&channel->emptied, &channel->lock);
    channel->ring[(channel->first + channel->used++) % RING] = batch;
    if (channel->used == HALF)
        pthread_cond_signal(&channel->filled);
    pthread_mutex_unlock(&channel->lock);
}

/* NULL: closed and empty. */
static struct batch *channel_take(struct channel *channel) {
    struct batch *batch = NULL;
    pthread_mutex_lock(&channel->lock);
    if (channel->used == 0)
        while (channel->used < HALF && !channel->closed)
            pthread_cond_wait(&channel->filled, &channel->lock);
    if (channel->used > 0) {
        batch = channel->ring[channel->first];
        channel->first = (channel->first + 1) % RING;
        if (--channel->used == HALF)
            pthread_cond_signal(&channel->emptied);
    }
    pthread_mutex_unlock(&channel->lock);
    return batch;
}

static void channel_close(struct channel *channel) {
    pthread_mutex_lock(&channel->lock);
    channel->closed = 1;
    pthread_cond_signal(&channel->filled);
    pthread_mutex_unlock(&channel->lock);
}

static void *produce(void *argument) {
    struct channel *channel = argument;
    uint64_t stream = channel->stream;
    for (uint64_t i = 0; i < channel->batches; i++) {
        struct batch *batch = bench_need(malloc(sizeof *batch));
        for (size_t j = 0; j < BATCH; j++) {
            const size_t size = bench_size(&stream);
            bench_block_make(&batch->message[j], size, stream ^ i);
        }
        channel_put(channel, batch);
    }
    channel_close(channel);
    return NULL;
}

static void *consume(void *argument) {
    struct channel *channel = argument;
    struct batch *batch;
    while ((batch = channel_take(channel)) != NULL) {
        for (size_t j = 0; j < BATCH; j++)
            channel->checksum += bench_block_drop(&batch->message[j]);
        free(batch);
    }
    return NULL;
}

static void channel_init(struct channel *channel, const struct bench_options *options,
                         unsigned number) {
    if (pthread_mutex_init(&channel->lock, NULL) != 0 ||
        pthread_cond_init(&channel->filled, NULL) != 0 ||
        pthread_cond_init(&channel->emptied, NULL) != 0)
        bench_die("cannot make a channel");
    channel->batches = bench_scaled(options, 50000);
    channel->stream = bench_stream(options->seed, number);
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 2);
    const unsigned pairs = (options.threads + 1) / 2;
    struct channel *channels = bench_need(calloc(pairs, sizeof *channels));
    pthread_t *threads = bench_need(calloc(pairs, 2 * sizeof *threads));
    for (unsigned i = 0; i < pairs; i++) {
        channel_init(&channels[i], &options, i);
        bench_start(&threads[2 * i], produce, &channels[i]);
        bench_start(&threads[2 * i + 1], consume, &channels[i]);
    }
    uint64_t checksum = 0;
    for (unsigned i = 0; i < pairs; i++) {
        bench_join(threads[2 * i]);
        bench_join(threads[2 * i + 1]);
        checksum += channels[i].checksum;
    }
    free(threads);
    free(channels);
    return bench_report(checksum);
}
