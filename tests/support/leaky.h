/* A heap of the test's own for tests of leaks: what the checker says of its blocks is what this table holds. Included by
 * one file of a program. */
#ifndef TESTS_SUPPORT_LEAKY_H
#define TESTS_SUPPORT_LEAKY_H

#include "check/leaks.h"
#include "check/tale.h"
#include "os/os.h"

#include <stdio.h>
#include <string.h>

enum { HEAP = 512 << 20, BLOCKS = 2200000 };

static char *heap;
static size_t heap_used;
static lm_block *table;
static size_t block_count;

bool lm_blocks_find(uintptr_t at, lm_block *block) {
    for (size_t i = 0; i < block_count; i++)
        if (at >= (uintptr_t)heap && at < (uintptr_t)heap + heap_used && table[i].start == at) {
            *block = table[i];
            return true;
        }
    return false;
}

void lm_blocks_each(bool (*visit)(const lm_block *block, void *context), void *context) {
    for (size_t i = 0; i < block_count; i++)
        if (table[i].live && !visit(&table[i], context))
            return;
}

/* None of the test's variables holds a block's address but those that shall: all this is no root. */
enum { TALES = 64, TALES_BYTES = 64 << 10 };
static struct told {
    lm_tale tale;
    lm_block block;
    char holders[256];
} * tales;
static size_t tale_count;

void lm_tale_tell(const lm_tale *tale) {
    assert_true(tale_count < TALES);
    tales[tale_count].tale = *tale;
    if (tale->block)
        tales[tale_count].block = *tale->block;
    if (tale->holders)
        snprintf(tales[tale_count].holders, sizeof tales[0].holders, "%s", tale->holders);
    tale_count++;
}

static size_t note_count;

static void note(const char *text) {
    print_message("note: %s\n", text);
    note_count++;
}

/* `stack` is what tells groups apart. */
static __attribute__((noinline)) void *make(size_t size, uint32_t stack) {
    void *p = heap + heap_used;
    heap_used += (size + 15) / 16 * 16 + 16;
    assert_true(heap_used < HEAP && block_count < BLOCKS);
    table[block_count++] = (lm_block){.start = (uintptr_t)p,
                                      .size = size,
                                      .live = true,
                                      .allocated = stack,
                                      .allocated_call = "malloc",
                                      .allocated_time = 1};
    return p;
}

static int start(void **state) {
    static const lm_leaks_needs needs = {.note = note, .enabled = true};
    (void)state;
    lm_os_start();
    heap = lm_os_reserve(HEAP, 0);
    table = lm_os_reserve(BLOCKS * sizeof *table, 0);
    assert_true(lm_os_commit(heap, HEAP) &&
                lm_os_commit(table, BLOCKS * sizeof *table / 4096 * 4096));
    tales = lm_os_reserve(TALES_BYTES, 0);
    assert_true(lm_os_commit(tales, TALES_BYTES));
    lm_leaks_start(&needs);
    return 0;
}

static const lm_leaks_needs without = {.note = note, .enabled = true};

/* The block with the lowest address, which the marker itself keeps. */
static void *volatile lowest;

static int clean(void **state) {
    (void)state;
    memset(heap, 0, heap_used);
    heap_used = block_count = tale_count = note_count = 0;
    lowest = make(16, 1);
    lm_leaks_start(&without);
    return 0;
}

/* What functions that have returned left on the stack. */
static __attribute__((noinline)) void wipe(void) {
    char junk[16384];
    memset(junk, 0, sizeof junk);
    __asm__ volatile("" : : "r"(junk) : "memory");
}

static const lm_tale *told(uint32_t stack) {
    for (size_t i = 0; i < tale_count; i++)
        if (tales[i].tale.block && tales[i].block.allocated == stack)
            return &tales[i].tale;
    return NULL;
}

static void look(void) {
    wipe();
    tale_count = 0;
    lm_leaks_tell();
}

#define assert_leak(its_stack, its_blocks, its_indirect)                                           \
    do {                                                                                           \
        const lm_tale *t = told(its_stack);                                                        \
        assert_non_null(t);                                                                        \
        assert_int_equal(t->code, LM_CODE_LEAK);                                                   \
        assert_int_equal(t->blocks, its_blocks);                                                   \
        assert_int_equal(t->indirect_blocks, its_indirect);                                        \
    } while (0)

typedef struct node {
    struct node *next, *other;
} node;

static __attribute__((unused)) node *volatile global;

static __attribute__((noinline, unused)) node *list(size_t length, uint32_t stack) {
    node *first = NULL;
    for (size_t i = 0; i < length; i++) {
        node *n = make(sizeof *n, i + 1 == length ? stack : stack + 1);
        n->next = first;
        first = n;
    }
    return first;
}

/* An address inside a block that is held. */
static __attribute__((unused)) char *volatile inner;

static __attribute__((noinline, unused)) void put(void *volatile *to, uint32_t stack) {
    *to = make(40, stack);
}

#endif
