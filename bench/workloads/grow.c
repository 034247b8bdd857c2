/*
 * Buffers that grow by realloc: many small ones at once, half of them by half their size, as
 * vectors do, half by a fixed step, as simple string code does; and one that grows in 4 KiB steps
 * to 256 MiB, as a program does that reads a stream of unknown length. A heap that copies at every
 * step is found out here.
 */
#include "bench.h"

enum { BUFFERS = 2000, STEP = 256 };

static const size_t GIANT = (size_t)256 << 20;

struct buffer {
    unsigned char *data;
    size_t length, capacity;
    size_t target; /* when it is this long it is dropped, and another begins */
    unsigned char filler;
};

static void buffer_begin(struct buffer *buffer, uint64_t *stream) {
    buffer->capacity = bench_size_between(stream, 16, 2);
    buffer->data = bench_need(malloc(buffer->capacity));
    buffer->length = 0;
    buffer->target = bench_size_between(stream, 256, 8);
    buffer->filler = (unsigned char)bench_random(stream);
}

/* Reads a part of what was appended: all of it would measure reading. */
static uint64_t buffer_drop(struct buffer *buffer) {
    uint64_t checksum = 0;
    for (size_t at = 0; at < buffer->length; at += 64) {
        if (buffer->data[at] != buffer->filler)
            bench_die("a buffer of %zu bytes lost its contents", buffer->length);
        checksum += buffer->data[at] + at;
    }
    free(buffer->data);
    buffer->data = NULL;
    return checksum;
}

static void buffer_append(struct buffer *buffer, size_t added, int by_half) {
    const size_t wanted = buffer->length + added;
    if (wanted > buffer->capacity) {
        size_t capacity = buffer->capacity + (by_half ? buffer->capacity / 2 : STEP);
        if (capacity < wanted)
            capacity = wanted;
        buffer->data = bench_need(realloc(buffer->data, capacity));
        buffer->capacity = capacity;
        if (buffer->length > 0 && buffer->data[buffer->length - 1] != buffer->filler)
            bench_die("a buffer of %zu bytes lost its end", buffer->length);
    }
    memset(buffer->data + buffer->length, buffer->filler, added);
    buffer->length = wanted;
}

static uint64_t grow_many(const struct bench_options *options, uint64_t stream) {
    struct buffer *buffers = bench_need(calloc(BUFFERS, sizeof *buffers));
    const uint64_t count = bench_scaled(options, 8000000);
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t place = bench_below(&stream, BUFFERS);
        struct buffer *buffer = &buffers[place];
        if (buffer->data != NULL && buffer->length >= buffer->target)
            checksum += buffer_drop(buffer);
        if (buffer->data == NULL)
            buffer_begin(buffer, &stream);
        buffer_append(buffer, bench_size_between(&stream, 16, 4), place % 2 == 0);
    }
    for (size_t i = 0; i < BUFFERS; i++)
        if (buffers[i].data != NULL)
            checksum += buffer_drop(&buffers[i]);
    free(buffers);
    return checksum;
}

static uint64_t grow_giant(size_t limit) {
    unsigned char *data = NULL;
    uint64_t checksum = 0;
    for (size_t length = 0; length < limit; length += BENCH_PAGE) {
        data = bench_need(realloc(data, length + BENCH_PAGE));
        memset(data + length, (int)(length / BENCH_PAGE & 255), BENCH_PAGE);
    }
    for (size_t at = 0; at < limit; at += BENCH_PAGE) {
        if (data[at] != (unsigned char)(at / BENCH_PAGE) || data[at + BENCH_PAGE - 1] != data[at])
            bench_die("the giant buffer lost its contents at %zu", at);
        checksum += data[at];
    }
    free(data);
    return checksum;
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    uint64_t checksum = grow_many(options, stream);
    /* A small scale makes the giant smaller, a large one repeats it. */
    const size_t percent = options->scale < 100 ? (size_t)options->scale : 100;
    const size_t limit = GIANT / 100 * percent & ~(size_t)(BENCH_PAGE - 1);
    for (uint64_t i = bench_scaled(options, 1); i > 0; i--)
        checksum += grow_giant(limit);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
