/*
 * Blocks of 256 KiB to 32 MiB, allocated, touched and freed, with a dozen of them held: images,
 * matrices, buffers of files. Page faults decide it: what a heap gives back to the system must be
 * faulted in again, and what it keeps is memory.
 */
#include "bench.h"

enum { PLACES = 12, WRITTEN = 65536 };

struct place {
    unsigned char *data;
    size_t size, touched;
    unsigned char filler;
};

/* Every fourth comes from calloc, as matrices do; it must be zero, and a heap that knows it is need
 * not clear it. */
static unsigned char *place_allocate(size_t size, int zeroed) {
    if (!zeroed)
        return bench_need(malloc(size));
    unsigned char *data = bench_need(calloc(size, 1));
    for (size_t at = 0; at < size; at += size / 8)
        if (data[at] != 0)
            bench_die("calloc gave a block of %zu bytes that isn't zero", size);
    return data;
}

static void place_make(struct place *place, uint64_t *stream) {
    const uint64_t word = bench_random(stream);
    place->size = bench_size_between(stream, (size_t)256 << 10, 7);
    place->data = place_allocate(place->size, (word & 3) == 0);
    /* One in four is larger than its contents, as buffers for the worst case are. */
    place->touched = (word >> 2 & 3) == 0 ? place->size / 4 : place->size;
    place->filler = (unsigned char)(word >> 8);
    const size_t written = place->touched < WRITTEN ? place->touched : WRITTEN;
    memset(place->data, place->filler, written);
    for (size_t at = written; at < place->touched; at += BENCH_PAGE)
        place->data[at] = place->filler;
}

static uint64_t place_drop(struct place *place) {
    uint64_t checksum = place->size;
    for (size_t at = 0; at < place->touched; at += (size_t)16 * BENCH_PAGE) {
        if (place->data[at] != place->filler)
            bench_die("a block of %zu bytes was changed by someone else", place->size);
        checksum += place->data[at];
    }
    free(place->data);
    place->data = NULL;
    return checksum;
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    struct place places[PLACES] = {{0}};
    const uint64_t count = bench_scaled(options, 1200);
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct place *place = &places[bench_below(&stream, PLACES)];
        if (place->data != NULL)
            checksum += place_drop(place);
        place_make(place, &stream);
    }
    for (size_t i = 0; i < PLACES; i++)
        if (places[i].data != NULL)
            checksum += place_drop(&places[i]);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
