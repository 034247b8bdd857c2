/* One mistake with the heap, named by the first argument; tests/scripts/check_core.sh looks at what is told of it. */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "flaw.h"

/* The compiler must neither see where a pointer comes from nor leave a write out. */
static char *hidden(void *p) {
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

static void put(char *p, long at, char value) {
    ((volatile char *)p)[at] = value;
}

static char unfreed;
static char *kept;

static void overflow_by_one(void) {
    char *p = hidden(malloc(6));
    put(p, 6, '\0');
    free(p);
}

static void overflow_in_slack(void) {
    char *p = hidden(malloc(33));
    put(p, 35, 'x');
    free(p);
}

static void overflow_never_freed(void) {
    kept = hidden(malloc(20));
    put(kept, 20, 'x');
}

static void overflow_large(void) {
    char *p = hidden(malloc(200001));
    put(p, 200001, 'x');
    free(p);
}

static void underflow(void) {
    char *p = hidden(malloc(6));
    put(p, -1, 'x');
    free(p);
}

static void underflow_aligned(void) {
    char *p = hidden(aligned_alloc(256, 256));
    put(p, -20, 'x');
    free(p);
}

static void write_after_free(void) {
    char *p = hidden(malloc(100));
    free(p);
    put(hidden(p), 50, 'x');
}

static void write_after_realloc(void) {
    char *p = hidden(malloc(100));
    kept = hidden(realloc(p, 5000));
    put(hidden(p), 99, 'x');
}

static void double_free(void) {
    char *p = hidden(malloc(10));
    free(p);
    free(hidden(p));
}

static void double_free_after_realloc(void) {
    char *p = hidden(malloc(100));
    kept = hidden(realloc(p, 5000));
    free(hidden(p));
}

static void *free_it(void *p) {
    free(p);
    return NULL;
}

static void double_free_by_thread(void) {
    char *p = hidden(malloc(10));
    pthread_t other;
    pthread_create(&other, NULL, free_it, p);
    pthread_join(other, NULL);
    free(hidden(p));
}

static void free_inside(void) {
    kept = hidden(malloc(40));
    free(hidden(kept + 8));
}

static void free_stack(void) {
    char buffer[64];
    free(hidden(buffer));
}

static void free_static(void) {
    free(hidden(&unfreed));
}

static void free_mapped(void) {
    free(hidden(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
}

static void bad_size(void) {
    volatile size_t size = SIZE_MAX;
    kept = hidden(malloc(size));
}

static void bad_product(void) {
    volatile size_t count = SIZE_MAX / 2;
    kept = hidden(calloc(count, 8));
}

static void usable_of_freed(void) {
    char *p = hidden(malloc(10));
    free(p);
    malloc_usable_size(hidden(p));
}

static void the_same_often(void) {
    char *p = hidden(malloc(10));
    free(p);
    for (int i = 0; i < 100; i++)
        free(hidden(p));
}

/* No mistake: every kind of call once. */
static void nothing(void) {
    char *p = hidden(malloc(10));
    char *copy = strdup("nine char");
    p = hidden(realloc(p, 20));
    fputs(copy, stdout);
    printf(" %zu\n", malloc_usable_size(p));
    char *zeros = hidden(calloc(5, 8));
    void *aligned = NULL;
    int failed = posix_memalign(&aligned, 64, 100);
    printf("%d\n", !failed && !zeros[39] && (uintptr_t)aligned % 64 == 0);
    free(p);
    free(copy);
    free(zeros);
    free(hidden(aligned));
}

#define FLAW(name)                                                                                 \
    { #name, name }
static const flaw flaws[] = {
    FLAW(overflow_by_one),
    FLAW(overflow_in_slack),
    FLAW(overflow_never_freed),
    FLAW(overflow_large),
    FLAW(underflow),
    FLAW(underflow_aligned),
    FLAW(write_after_free),
    FLAW(write_after_realloc),
    FLAW(double_free),
    FLAW(double_free_after_realloc),
    FLAW(double_free_by_thread),
    FLAW(free_inside),
    FLAW(free_stack),
    FLAW(free_static),
    FLAW(free_mapped),
    FLAW(bad_size),
    FLAW(bad_product),
    FLAW(usable_of_freed),
    FLAW(the_same_often),
    FLAW(nothing),
};

int main(int argc, char **argv) {
    return run_flaw(flaws, sizeof flaws / sizeof *flaws, argc > 1 ? argv[1] : "");
}
