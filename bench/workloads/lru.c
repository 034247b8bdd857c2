/*
 * The loop of a server with a cache: each event has a request and an answer that live as long as
 * it, and looks for an object in a cache that holds so many bytes and drops what was used least
 * lately. The sizes of the objects drift, so that memory of yesterday's sizes must serve today's.
 */
#include "bench.h"

enum { KEYS = 1 << 16, PERIODS = 40, REQUEST = 512 };

static const size_t BUDGET = (size_t)48 << 20;

struct object {
    struct object *newer, *older;
    struct bench_block value;
    uint32_t key;
};

struct cache {
    struct object **by_key;
    struct object ends; /* a ring: the newest is its older, the oldest its newer */
    size_t held;        /* bytes of values */
};

static void object_unlink(struct object *object) {
    object->newer->older = object->older;
    object->older->newer = object->newer;
}

static void object_link(struct cache *cache, struct object *object) {
    object->newer = &cache->ends;
    object->older = cache->ends.older;
    object->older->newer = object;
    cache->ends.older = object;
}

static uint64_t object_drop(struct cache *cache, struct object *object) {
    object_unlink(object);
    cache->held -= object->value.size;
    cache->by_key[object->key] = NULL;
    const uint64_t checksum = bench_block_drop(&object->value) + object->key;
    free(object);
    return checksum;
}

static uint64_t cache_shrink(struct cache *cache, size_t budget) {
    uint64_t checksum = 0;
    while (cache->held > budget)
        checksum += object_drop(cache, cache->ends.newer);
    return checksum;
}

/* Between periods the sizes grow by an eighth of what they are, and fall back after some. */
static size_t object_size(uint64_t *stream, uint64_t period) {
    size_t base = 48 + period % 3 * 16;
    for (uint64_t i = period % 20; i > 0; i--)
        base += base / 8;
    return bench_size_between(stream, base, 4);
}

static struct object *object_new(struct cache *cache, uint32_t key, size_t size, uint64_t tag) {
    struct object *object = bench_need(malloc(sizeof *object));
    object->key = key;
    bench_block_make(&object->value, size, tag);
    cache->held += size;
    cache->by_key[key] = object;
    return object;
}

static uint64_t event(struct cache *cache, uint64_t *stream, uint64_t period) {
    struct bench_block request, answer;
    bench_block_make(&request, 32 + bench_below(stream, REQUEST), bench_random(stream));
    /* The smaller of two: some keys are asked for much more often than others. */
    const uint64_t one = bench_below(stream, KEYS), other = bench_below(stream, KEYS);
    const uint32_t key = (uint32_t)(one < other ? one : other);
    const size_t size = object_size(stream, period);
    uint64_t checksum = 0;
    struct object *object = cache->by_key[key];
    if (object == NULL)
        object = object_new(cache, key, size, request.tag);
    else
        object_unlink(object);
    object_link(cache, object);
    checksum += cache_shrink(cache, BUDGET);
    bench_block_make(&answer, object->value.size + 64, bench_block_read(&object->value));
    checksum += bench_block_drop(&request);
    return checksum + bench_block_drop(&answer);
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    struct cache *cache = bench_need(calloc(1, sizeof *cache));
    cache->by_key = bench_need(calloc(KEYS, sizeof *cache->by_key));
    cache->ends.newer = cache->ends.older = &cache->ends;
    const uint64_t events = bench_scaled(options, 60000);
    uint64_t checksum = 0;
    for (uint64_t period = 0; period < PERIODS; period++)
        for (uint64_t i = 0; i < events; i++)
            checksum += event(cache, &stream, period);
    checksum += cache_shrink(cache, 0);
    free(cache->by_key);
    free(cache);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
