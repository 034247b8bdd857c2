/*
 * Numbers of many limbs: the smallest x and y with x * x = d * y * y + 1, by the continued fraction
 * of the root of d. Each step makes new numbers and drops those before, as arithmetic in
 * interpreters and algebra systems does: blocks of 16 bytes to some hundred that hardly live. The
 * equation itself tells whether a heap kept its hands off the limbs.
 */
#include "bench.h"

enum { SMALLEST = 1000, LARGEST = 60000 };

struct number {
    uint32_t size; /* limbs, the lowest first; the highest isn't zero */
    uint32_t limb[];
};

static struct number *number_new(uint32_t size) {
    struct number *number = bench_need(malloc(sizeof *number + size * sizeof *number->limb));
    number->size = size;
    return number;
}

static struct number *number_of(uint32_t value) {
    struct number *number = number_new(1);
    number->limb[0] = value;
    return number;
}

static void number_trim(struct number *number) {
    while (number->size > 0 && number->limb[number->size - 1] == 0)
        number->size--;
}

static struct number *number_add(const struct number *a, const struct number *b) {
    const uint32_t size = a->size > b->size ? a->size : b->size;
    struct number *sum = number_new(size + 1);
    uint64_t carry = 0;
    for (uint32_t i = 0; i < size; i++) {
        carry += (i < a->size ? a->limb[i] : 0);
        carry += (i < b->size ? b->limb[i] : 0);
        sum->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    sum->limb[size] = (uint32_t)carry;
    number_trim(sum);
    return sum;
}

static struct number *number_times(const struct number *a, uint32_t factor) {
    struct number *product = number_new(a->size + 1);
    uint64_t carry = 0;
    for (uint32_t i = 0; i < a->size; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        product->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    product->limb[a->size] = (uint32_t)carry;
    number_trim(product);
    return product;
}

static struct number *number_square(const struct number *a) {
    struct number *square = number_new(2 * a->size);
    memset(square->limb, 0, square->size * sizeof *square->limb);
    for (uint32_t i = 0; i < a->size; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < a->size; j++) {
            carry += (uint64_t)a->limb[i] * a->limb[j] + square->limb[i + j];
            square->limb[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        square->limb[i + a->size] = (uint32_t)carry;
    }
    number_trim(square);
    return square;
}

static int number_equal(const struct number *a, const struct number *b) {
    return a->size == b->size && memcmp(a->limb, b->limb, a->size * sizeof *a->limb) == 0;
}

/* ---- the equation ---- */

/* The two latest numerators or denominators of the fraction. */
struct row {
    struct number *now, *before;
};

static void row_step(struct row *row, uint32_t term) {
    struct number *product = number_times(row->now, term);
    struct number *next = number_add(product, row->before);
    free(product);
    free(row->before);
    row->before = row->now;
    row->now = next;
}

static void row_end(struct row *row) {
    free(row->now);
    free(row->before);
}

static uint64_t solution_check(const struct number *x, const struct number *y, uint32_t d) {
    struct number *left = number_square(x);
    struct number *square = number_square(y);
    struct number *product = number_times(square, d);
    struct number *one = number_of(1);
    struct number *right = number_add(product, one);
    if (!number_equal(left, right))
        bench_die("the numbers don't solve the equation for %" PRIu32, d);
    uint64_t checksum = x->size;
    for (uint32_t i = 0; i < x->size; i++)
        checksum = checksum * 31 + x->limb[i];
    free(left);
    free(square);
    free(product);
    free(one);
    free(right);
    return checksum;
}

static uint32_t root_below(uint32_t d) {
    uint32_t root = 0;
    while ((root + 1) * (root + 1) <= d)
        root++;
    return root;
}

/* After an even number of terms with 1 under the bar, the fraction before it is the solution. */
static uint64_t solve(uint32_t d) {
    const uint32_t root = root_below(d);
    if (root * root == d)
        return 0; /* a square has no such fraction */
    struct row x = {number_of(root), number_of(1)};
    struct row y = {number_of(1), number_new(0)};
    uint32_t m = 0, under = 1, term = root;
    for (unsigned terms = 1;; terms++) {
        m = under * term - m;
        under = (d - m * m) / under;
        term = (root + m) / under;
        if (under == 1 && terms % 2 == 0)
            break;
        row_step(&x, term);
        row_step(&y, term);
    }
    const uint64_t checksum = solution_check(x.now, y.now, d);
    row_end(&x);
    row_end(&y);
    return checksum;
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    uint64_t checksum = 0;
    for (uint64_t i = bench_scaled(options, 200000); i > 0; i--)
        checksum += solve(SMALLEST + (uint32_t)bench_below(&stream, LARGEST - SMALLEST));
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
