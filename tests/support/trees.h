/* Random trees of calls, by functions of all shapes: with and without frame pointers, with stacks that
 * move and stacks that are aligned, through the C library and back. At their leaves, and on the way, they
 * call tree.visit. The same seed gives the same tree, so that a stack comes again. */
#ifndef TESTS_SUPPORT_TREES_H
#define TESTS_SUPPORT_TREES_H

#include "support/random.h"

#include <stdlib.h>
#include <string.h>

#define TREE_NOINLINE __attribute__((noinline, unused))
#if defined(__clang__)
#define TREE_FP    TREE_NOINLINE
#define TREE_NO_FP TREE_NOINLINE
#else
#define TREE_FP    __attribute__((noinline, unused, optimize("no-omit-frame-pointer")))
#define TREE_NO_FP __attribute__((noinline, unused, optimize("omit-frame-pointer")))
#endif

typedef struct tree {
    random_state random;
    void (*visit)(void *argument);
    void *argument;
    volatile int after; /* keeps calls from becoming jumps */
} tree;

static TREE_NOINLINE void tree_grow(tree *t, int depth);

static TREE_FP void tree_with_frame_pointer(tree *t, int depth) {
    volatile char block[40];
    block[3] = (char)depth;
    tree_grow(t, depth);
    t->after += block[3];
}

static TREE_NO_FP void tree_without_frame_pointer(tree *t, int depth) {
    volatile char block[72];
    block[3] = (char)depth;
    tree_grow(t, depth);
    t->after += block[3];
}

/* The same frame as the last: only what they return to differs. */
static TREE_NO_FP void tree_twin(tree *t, int depth) {
    volatile char block[72];
    block[4] = (char)depth;
    tree_grow(t, depth);
    t->after += block[4];
}

/* Its frame pointer is a value like others. */
static TREE_NO_FP void tree_with_many_values(tree *t, int depth) {
    unsigned a = (unsigned)random_bits(&t->random), b = a * 3, c = b ^ 77, d = c + a, e = d * b,
             f = e - c;
    tree_grow(t, depth);
    t->after = (int)((a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6) % 1000);
}

static TREE_NOINLINE void tree_with_moving_stack(tree *t, int depth) {
    const size_t size = 24 * (1 + random_below(&t->random, 3));
    char *block = __builtin_alloca(size);
    memset(block, depth, 24);
    tree_grow(t, depth);
    t->after += block[1];
}

static TREE_NOINLINE void tree_aligned(tree *t, int depth) {
    _Alignas(128) volatile char block[256];
    block[0] = (char)depth;
    tree_grow(t, depth);
    t->after += block[0];
}

static TREE_NOINLINE void tree_aligned_and_moving(tree *t, int depth) {
    _Alignas(64) volatile char block[64];
    char *more = __builtin_alloca((size_t)(depth % 4 + 1) * 40);
    block[0] = (char)depth;
    memset(more, depth, 40);
    tree_grow(t, depth);
    t->after += block[0] + more[2];
}

typedef struct tree_step {
    tree *tree;
    int depth;
} tree_step;

static _Thread_local tree_step tree_next;

static int tree_compare(const void *a, const void *b) {
    if (tree_next.tree) {
        const tree_step step = tree_next;
        tree_next.tree = NULL;
        tree_grow(step.tree, step.depth);
        step.tree->after++;
    }
    return *(const int *)a - *(const int *)b;
}

static TREE_NOINLINE void tree_through_the_c_library(tree *t, int depth) {
    int numbers[] = {2, 1};
    tree_next = (tree_step){t, depth};
    qsort(numbers, 2, sizeof numbers[0], tree_compare);
    t->after += numbers[0];
}

/* Visits, and goes on with up to three branches. */
static TREE_NOINLINE void tree_grow(tree *t, int depth) {
    static void (*const shapes[])(tree *, int) = {
        tree_with_frame_pointer, tree_without_frame_pointer, tree_twin,
        tree_with_many_values,   tree_with_moving_stack,     tree_aligned,
        tree_aligned_and_moving, tree_through_the_c_library};
    const size_t branches = depth == 0 ? 0 : 1 + random_below(&t->random, depth % 4 == 0 ? 3 : 1);
    for (size_t i = 0; i < branches; i++)
        shapes[random_below(&t->random, sizeof shapes / sizeof shapes[0])](t, depth - 1);
    if (depth == 0 || random_once_in(&t->random, 4))
        t->visit(t->argument);
    t->after++;
}

static TREE_NOINLINE void tree_run(uint64_t seed, int depth, void (*visit)(void *),
                                   void *argument) {
    tree t = {{seed}, visit, argument, 0};
    tree_grow(&t, depth);
}

#endif
