/*
 * Pairs of threads: the producer allocates and writes messages, the consumer reads and frees them,
 * so that every block is freed by a thread that didn't allocate it.
 *
 * Messages travel in batches through a bounded ring behind a lock, and who must wait sleeps until
 * the ring is half full or half empty: handing over costs next to nothing for each message, and no
 * processor time goes into spinning, which would hide what the heap costs.
 *
 * `--shape fan` is one producer for all other threads: which of them frees a block is chance, and
 * the sum of what they read is not.
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
    uint64_t checksum; /* of all its consumers */
};

enum { PAIRS, FAN };

static const struct bench_choice shape = {"--shape", (const char *const[]){"pairs", "fan", NULL}};

static void channel_put(struct channel *channel, struct batch *batch) {
    pthread_mutex_lock(&channel->lock);
    if (channel->used == RING)
        while (channel->used > HALF)
            pthread_cond_wait(&channel->emptied, &channel->lock);
    channel->ring[(channel->first + channel->used++) % RING] = batch;
    if (channel->used == HALF)
        pthread_cond_broadcast(&channel->filled);
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
    pthread_cond_broadcast(&channel->filled);
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
    uint64_t checksum = 0;
    while ((batch = channel_take(channel)) != NULL) {
        for (size_t j = 0; j < BATCH; j++)
            checksum += bench_block_drop(&batch->message[j]);
        free(batch);
    }
    pthread_mutex_lock(&channel->lock);
    channel->checksum += checksum;
    pthread_mutex_unlock(&channel->lock);
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
    const struct bench_options options = bench_options_read_own(arguments, 2, &shape);
    const unsigned wanted = options.threads < 2 ? 2 : options.threads;
    const unsigned pairs = options.choice == FAN ? 1 : (wanted + 1) / 2;
    const unsigned each = options.choice == FAN ? wanted : 2; /* a channel's threads */
    struct channel *channels = bench_need(calloc(pairs, sizeof *channels));
    pthread_t *threads = bench_need(calloc((size_t)pairs * each, sizeof *threads));
    for (unsigned i = 0; i < pairs; i++) {
        channel_init(&channels[i], &options, i);
        bench_start(&threads[i * each], produce, &channels[i]);
        for (unsigned j = 1; j < each; j++)
            bench_start(&threads[i * each + j], consume, &channels[i]);
    }
    uint64_t checksum = 0;
    for (unsigned i = 0; i < pairs; i++) {
        for (unsigned j = 0; j < each; j++)
            bench_join(threads[i * each + j]);
        checksum += channels[i].checksum;
    }
    free(threads);
    free(channels);
    return bench_report(checksum);
}
