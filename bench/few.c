/*
 * loam-bench-few [--scale PERCENT]: a small program. It allocates 100 blocks, holds them, and says
 * how much memory is resident then.
 *
 * From smaps_rollup, whose figures are exact: the kernel's peak of a process may be off by some
 * hundred KiB, which is more than what is to be seen here.
 */
#include "workloads/bench.h"

enum { BLOCKS = 100, TEXT = 2048 };

static void print_field(const char *text, const char *name, const char *as) {
    const char *found = strstr(text, name);
    if (found == NULL)
        bench_die("smaps_rollup has no %s", name);
    printf("%s %" PRIu64 "\n", as, (uint64_t)strtoull(found + strlen(name), NULL, 10));
}

static void print_resident(void) {
    char text[TEXT];
    const int file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        bench_die("there is no smaps_rollup");
    const ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = '\0';
    print_field(text, "\nRss:", "held_rss_kib");
    print_field(text, "\nAnonymous:", "held_anonymous_kib");
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    const uint64_t blocks = bench_scaled(&options, BLOCKS);
    struct bench_block *block = bench_need(calloc(blocks, sizeof *block));
    uint64_t state = bench_stream(options.seed, 0);
    for (uint64_t i = 0; i < blocks; i++)
        bench_block_make(&block[i], bench_size(&state), bench_random(&state));
    print_resident();
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < blocks; i++)
        checksum += bench_block_drop(&block[i]);
    free(block);
    return bench_report(checksum);
}
