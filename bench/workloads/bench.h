/*
 * What every workload shares: options, a generator of random numbers, block sizes, blocks that know
 * their contents, threads, and the report at the end.
 *
 * A workload does the same work with every heap: all that it decides comes from the seed, nothing
 * from time, addresses, the order in which threads happen to run, or the compiler's choice of what
 * it evaluates first. So the checksums of two runs can be compared.
 *
 * Include this header first: it asks the C library for its GNU interface.
 */
#ifndef LOAM_BENCH_H
#define LOAM_BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, RTLD_DEFAULT */
#endif

#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BENCH_PAGE = 4096 };

struct bench_options {
    uint64_t scale; /* percent of the full work */
    unsigned threads;
    uint64_t seed;
    unsigned choice; /* which word of the program's own option; the first if it isn't given */
};

/* An option of one program alone, whose value is one of some words. */
struct bench_choice {
    const char *option;
    const char *const *words; /* up to NULL */
};

/* ---- failure ---- */

__attribute__((noreturn, format(printf, 1, 2))) static inline void bench_die(const char *format,
                                                                             ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("loam-bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static inline void *bench_need(void *block) {
    if (block == NULL)
        bench_die("the heap is out of memory");
    return block;
}

/* ---- options ---- */

static inline uint64_t bench_number(const char *option, const char *text, uint64_t least,
                                    uint64_t most) {
    char *end = NULL;
    const uint64_t number = text == NULL ? 0 : strtoull(text, &end, 10);
    if (text == NULL || end == text || *end != '\0' || number < least || number > most)
        bench_die("%s wants a number from %" PRIu64 " to %" PRIu64, option, least, most);
    return number;
}

static inline unsigned bench_word(const struct bench_choice *choice, const char *text) {
    for (unsigned i = 0; text != NULL && choice->words[i] != NULL; i++)
        if (strcmp(choice->words[i], text) == 0)
            return i;
    bench_die("%s knows no %s", choice->option, text == NULL ? "missing value" : text);
}

/* `own` is the option that only this program has, NULL if it has none. */
static inline struct bench_options bench_options_read_own(char **argument, unsigned threads,
                                                          const struct bench_choice *own) {
    struct bench_options options = {.scale = 100, .threads = threads, .seed = 1};
    for (argument++; *argument != NULL; argument += 2) {
        if (strcmp(argument[0], "--scale") == 0)
            options.scale = bench_number(argument[0], argument[1], 1, 100000);
        else if (strcmp(argument[0], "--threads") == 0)
            options.threads = (unsigned)bench_number(argument[0], argument[1], 1, 256);
        else if (strcmp(argument[0], "--seed") == 0)
            options.seed = bench_number(argument[0], argument[1], 0, UINT64_MAX);
        else if (own != NULL && strcmp(argument[0], own->option) == 0)
            options.choice = bench_word(own, argument[1]);
        else
            bench_die("usage: [--scale PERCENT] [--threads N] [--seed N]");
    }
    return options;
}

static inline struct bench_options bench_options_read(char **argument, unsigned threads) {
    return bench_options_read_own(argument, threads, NULL);
}

/* How often to do what is done `full` times at scale 100; at least once. */
static inline uint64_t bench_scaled(const struct bench_options *options, uint64_t full) {
    const uint64_t count = full * options->scale / 100;
    return count == 0 ? 1 : count;
}

/* ---- random numbers and sizes ---- */

/* splitmix64: one addition and two multiplications, so that the generator stays small beside
 * malloc. */
static inline uint64_t bench_random(uint64_t *state) {
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

/* The start of a stream of its own for each (seed, number). */
static inline uint64_t bench_stream(uint64_t seed, uint64_t number) {
    uint64_t state = seed * UINT64_C(0xd1342543de82ef95) + number;
    return bench_random(&state);
}

static inline uint64_t bench_below(uint64_t *state, uint32_t limit) {
    return ((bench_random(state) >> 32) * limit) >> 32;
}

/* A size from `least` to below `least << bands`, each power of two as likely as the next. */
static inline size_t bench_size_between(uint64_t *state, size_t least, unsigned bands) {
    const uint64_t word = bench_random(state);
    const size_t base = least << (((word & 0xffff) * bands) >> 16);
    return base + (((word >> 32) * base) >> 32);
}

/*
 * A size as programs ask for: of 1000, some 860 from 16 to 256 bytes, 132 to 2 KiB, 8 to 64 KiB.
 * Most are a multiple of 8, as structures are; the others are any number, as strings are.
 */
static inline size_t bench_size(uint64_t *state) {
    const uint64_t word = bench_random(state);
    const unsigned pick = (unsigned)(word & 1023);
    size_t size;
    if (pick < 880)
        size = bench_size_between(state, 16, 4);
    else if (pick < 1016)
        size = bench_size_between(state, 256, 3);
    else
        size = bench_size_between(state, 2048, 5);
    return (word >> 10 & 3) == 0 ? size : (size + 7) & ~(size_t)7;
}

/* ---- blocks that know what is in them ---- */

struct bench_block {
    unsigned char *data; /* NULL: no block */
    size_t size;         /* at least 16 */
    uint64_t tag;        /* its first 8 bytes; the low byte of it fills the rest */
};

/* Small blocks are written whole, of others the start, one byte in each page, and the last byte. */
static inline void bench_block_fill(const struct bench_block *block) {
    const unsigned char filler = (unsigned char)block->tag;
    if (block->size <= 1024) {
        memset(block->data, filler, block->size);
    } else {
        memset(block->data, filler, 512);
        for (size_t at = BENCH_PAGE; at < block->size; at += BENCH_PAGE)
            block->data[at] = filler;
        block->data[block->size - 1] = filler;
    }
    memcpy(block->data, &block->tag, sizeof block->tag);
}

static inline void bench_block_make(struct bench_block *block, size_t size, uint64_t tag) {
    block->data = bench_need(malloc(size));
    block->size = size;
    block->tag = tag;
    bench_block_fill(block);
}

/* The tag as it stands in the block; stops the program if the block isn't what was written. */
static inline uint64_t bench_block_read(const struct bench_block *block) {
    uint64_t tag;
    memcpy(&tag, block->data, sizeof tag);
    if (tag != block->tag || block->data[block->size - 1] != (unsigned char)tag)
        bench_die("a block of %zu bytes was changed by someone else", block->size);
    return tag;
}

static inline uint64_t bench_block_drop(struct bench_block *block) {
    const uint64_t tag = bench_block_read(block);
    free(block->data);
    block->data = NULL;
    return tag;
}

/* Drops all blocks that there are in the places. Returns the sum of their tags. */
static inline uint64_t bench_blocks_drop(struct bench_block *blocks, size_t count) {
    uint64_t checksum = 0;
    for (size_t i = 0; i < count; i++)
        if (blocks[i].data != NULL)
            checksum += bench_block_drop(&blocks[i]);
    return checksum;
}

/* ---- threads ---- */

typedef uint64_t bench_body(const struct bench_options *options, uint64_t stream);

struct bench_thread {
    pthread_t id;
    bench_body *body;
    const struct bench_options *options;
    uint64_t stream;
    uint64_t checksum;
};

static inline void *bench_thread_main(void *argument) {
    struct bench_thread *thread = argument;
    thread->checksum = thread->body(thread->options, thread->stream);
    return NULL;
}

static inline void bench_start(pthread_t *id, void *(*body)(void *), void *argument) {
    if (pthread_create(id, NULL, body, argument) != 0)
        bench_die("cannot start a thread");
}

static inline void bench_join(pthread_t id) {
    if (pthread_join(id, NULL) != 0)
        bench_die("cannot wait for a thread");
}

/*
 * Runs the body in as many threads as wished and adds up what they return. One thread means none
 * beside main: a heap may be faster in a process that has never had a second one, and most programs
 * haven't.
 */
static inline uint64_t bench_parallel(const struct bench_options *options, bench_body *body) {
    if (options->threads == 1)
        return body(options, bench_stream(options->seed, 0));
    struct bench_thread *threads = bench_need(calloc(options->threads, sizeof *threads));
    for (unsigned i = 0; i < options->threads; i++) {
        threads[i].body = body;
        threads[i].options = options;
        threads[i].stream = bench_stream(options->seed, i);
        bench_start(&threads[i].id, bench_thread_main, &threads[i]);
    }
    uint64_t checksum = 0;
    for (unsigned i = 0; i < options->threads; i++) {
        bench_join(threads[i].id);
        checksum += threads[i].checksum;
    }
    free(threads);
    return checksum;
}

/* ---- the report ---- */

/* The file whose function of this name the process calls. */
static inline const char *bench_owner(const char *function) {
    Dl_info info;
    const void *address = dlsym(RTLD_DEFAULT, function);
    if (address == NULL || dladdr(address, &info) == 0 || info.dli_fname == NULL)
        return "?";
    return info.dli_fname;
}

/* Resident memory now; read without stdio, whose buffer would come from the heap. */
static inline uint64_t bench_resident_kib(void) {
    char text[128];
    const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    const ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    char *second = strchr(text, ' ');
    return second == NULL ? 0 : strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* Lines of name and value on standard output. The runner believes a figure only with the right
 * owners. */
static inline int bench_report(uint64_t checksum) {
    static const char *const functions[] = {"malloc", "free", "calloc", "realloc"};
    const uint64_t resident = bench_resident_kib();
    printf("checksum %016" PRIx64 "\n", checksum);
    printf("final_rss_kib %" PRIu64 "\n", resident);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        printf("owner.%s %s\n", functions[i], bench_owner(functions[i]));
    return fflush(stdout) == 0 ? 0 : 1;
}

#endif
