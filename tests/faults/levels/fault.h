/* What the programs here share. Each makes one mistake (WRONG), or with -DMENDED doesn't (RIGHT);
 * -DSIZE says how large the block is. tests/README.md tells what the lines at their heads mean.
 *
 * A program tells the runner by words on standard output how far it came, one a line:
 *
 *   access      the faulty reads or writes begin: a SIGSEGV from now on is one of theirs
 *   accessed    they are over: a SIGSEGV from now on is a crash in some call
 *   harmless    it ran to its end, and the mistake had no effect that a program could see
 *   unnoticed   it ran to its end, and the mistake was obeyed
 *
 * They are written by write(): a stream's buffer would be one more block of the heap. */
#ifndef LEVELS_FAULT_H
#define LEVELS_FAULT_H

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SIZE
#define SIZE 64
#endif

#ifdef MENDED
enum { WRONG = 0, RIGHT = 1 };
#else
enum { WRONG = 1, RIGHT = 0 };
#endif

enum {
    MIB = 1 << 20,
    LARGE = 64 << 10, /* above it a block is large in every heap that knows the difference */
    TRIES = SIZE > LARGE ? 2000 : 40000, /* blocks to ask for until one lies in a certain place */
    CANT_BE_TRIED = 77, /* exit status: this heap never gives the placement that is needed */
};

static inline void say(const char *word) {
    ssize_t n = write(STDOUT_FILENO, word, strlen(word));
    n += write(STDOUT_FILENO, "\n", 1);
    if (n < 1)
        _exit(1);
}

static inline void access_begins(void) {
    say("access");
}

static inline void access_ends(void) {
    say("accessed");
}

/* For `return end(...)` in main: the manager may look at what is still live after it. */
static inline int end(bool harmless) {
    say(harmless ? "harmless" : "unnoticed");
    return EXIT_SUCCESS;
}

static inline void cant_be_tried(void) {
    say("can't be tried");
    _exit(CANT_BE_TRIED);
}

/* The compiler must not know what it is given to do. */
static inline void *hidden(void *p) {
    void *volatile same = p;
    return same;
}

static inline size_t hidden_size(size_t size) {
    volatile size_t same = size;
    return same;
}

/* ---- Writing and reading -------------------------------------------------------------------- */

/* Bytes at `from` and behind it, one store each, upwards. */
static inline void store_up(void *from, size_t bytes) {
    volatile char *at = (volatile char *)hidden(from);
    access_begins();
    for (size_t i = 0; i < bytes; i++) /* what a canary held by chance would be no mistake */
        at[i] = at[i] ^ 'x';
    access_ends();
}

/* Bytes before `from`, one store each, downwards. */
static inline void store_down(void *from, size_t bytes) {
    volatile char *at = (volatile char *)hidden(from);
    access_begins();
    for (size_t i = 1; i <= bytes; i++) /* what a canary held by chance would be no mistake */
        at[-(ptrdiff_t)i] = at[-(ptrdiff_t)i] ^ 'x';
    access_ends();
}

/* Bytes at `to`, by one memcpy. */
static inline void copy_to(void *to, size_t bytes) {
    static char source[2 * MIB];
    void *(*volatile copy)(void *, const void *, size_t) = memcpy;
    const volatile char *at = (const volatile char *)hidden(to);
    memset(source, 'x', bytes);
    access_begins();
    for (size_t i = 0; i < bytes && i < 64;
         i++) /* what a canary held by chance would be no mistake */
        source[i] = at[i] ^ 'x';
    copy(hidden(to), source, bytes);
    access_ends();
}

/* How many of the block's bytes are `byte`. */
static inline size_t count_of(const void *block, size_t bytes, char byte) {
    const volatile char *at = (const volatile char *)hidden((void *)block);
    size_t n = 0;
    access_begins();
    for (size_t i = 0; i < bytes; i++)
        n += at[i] == byte;
    access_ends();
    return n;
}

/* ---- Placement ------------------------------------------------------------------------------ */

/* Two live blocks of SIZE bytes, neighbours: nothing lies between them but what the manager puts
 * there. Large blocks have guards instead of neighbours: there any two will do. */
typedef struct neighbours {
    char *before;
    char *block;
} neighbours;

static inline int is_among(char **blocks, int count, const char *block) {
    for (int i = 0; i < count; i++)
        if (blocks[i] == block)
            return 1;
    return 0;
}

/* Of small blocks one more lies before them. There are so many, in 12 KiB, that a heap which gives every other place
 * first comes to those between. */
static inline neighbours get_neighbours(void) {
    enum { BLOCKS = SIZE > LARGE ? 2 : SIZE < 4096 ? (12 << 10) / (SIZE + 8) : 200, NEAR = 64 };
    static char *blocks[BLOCKS];
    neighbours found = {NULL, NULL};
    /* From a page on there may be a guard between them. */
    ptrdiff_t least = SIZE > LARGE  ? PTRDIFF_MAX
                      : SIZE < 4096 ? SIZE + SIZE / 4 + NEAR
                                    : 3 * SIZE + NEAR;
    for (int i = 0; i < BLOCKS; i++)
        if (!(blocks[i] = (char *)malloc(SIZE)))
            cant_be_tried();
    for (int i = 0; i < BLOCKS; i++)
        for (int j = 0; j < BLOCKS; j++)
            if (blocks[j] > blocks[i] && blocks[j] - blocks[i] <= least &&
                (SIZE >= 4096 || is_among(blocks, BLOCKS, blocks[i] - (blocks[j] - blocks[i])))) {
                least = blocks[j] - blocks[i];
                found.before = blocks[i];
                found.block = blocks[j];
            }
    if (!found.block)
        cant_be_tried();
    return found;
}

/* Blocks of SIZE bytes that are freed together, but for a few, so that their places stay what they are: then so
 * much is free that the heap will hand it out again. The one to look at is in their middle. */
enum { CROWD = SIZE > LARGE ? 8 : 4000, STAYS = 4 };
static char *crowd[CROWD];

static inline char *get_crowd(void) {
    for (int i = 0; i < CROWD; i++)
        if (!(crowd[i] = (char *)malloc(SIZE)))
            cant_be_tried();
    return crowd[CROWD / 2];
}

static inline int stays(int i) {
    return SIZE < LARGE && i % STAYS == STAYS - 1;
}

static inline void free_crowd(void) {
    for (int i = 0; i < CROWD; i++)
        if (!stays(i))
            free(crowd[i]);
}

/* A new block of SIZE bytes at the address `place`, where a block was freed; NULL when the heap
 * gives none there in many tries. The others stay live. */
static inline char *get_again(const void *place) {
    for (int i = 0; i < TRIES; i++) {
        char *block = (char *)malloc(SIZE);
        if (!block || block == place)
            return block;
    }
    return NULL;
}

/* A new block in the place of one of the crowd that was freed: in which, the heap may leave to chance. */
static inline char *get_again_any(void) {
    for (int i = 0; i < TRIES; i++) {
        char *block = (char *)malloc(SIZE);
        for (int c = 0; c < CROWD; c++)
            if (block == crowd[c] && !stays(c))
                return block;
    }
    cant_be_tried();
    return NULL;
}

/* Makes a block of SIZE bytes, filled with 'x', that another of `size` bytes made by realloc
 * replaces; returns the old address. */
static inline char *moved_by_realloc(size_t size, char **moved) {
    for (int i = 0; i < 100; i++) {
        char *old = (char *)malloc(SIZE);
        if (!old || !malloc(SIZE)) /* the second lies in the way, so that the first can't grow */
            break;
        memset(old, 'x', SIZE);
        *moved = (char *)realloc(old, size);
        if (*moved != hidden(old))
            return old;
    }
    cant_be_tried();
    return NULL;
}

/* ---- Threads -------------------------------------------------------------------------------- */

static inline void *free_it(void *block) {
    free(block);
    return NULL;
}

static inline pthread_t start(void *(*function)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, argument) != 0)
        cant_be_tried();
    return thread;
}

static inline void in_thread(void *(*function)(void *), void *argument) {
    pthread_join(start(function, argument), NULL);
}

#endif
