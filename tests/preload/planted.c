/* Mistakes that a program makes again and again, each with a block of its own: sooner or later one of the
 * blocks is a sampled one, and the access is stopped. Without a mistake in its name it makes none.
 * tests/scripts/sampled.sh says what must become of it. */
#include "check.h"

#include <stdint.h>

enum { TIMES = 20000, SIZE = 32 }; /* byte 32 lies behind a sampled block, but within any slot */

static volatile unsigned char sum;

__attribute__((noinline)) static volatile char *make_it(void) {
    volatile char *p = malloc(SIZE);
    p[0] = 1;
    return p;
}

__attribute__((noinline)) static void drop_it(volatile char *p) {
    free((char *)(uintptr_t)p);
    __asm__ volatile("");
}

int main(int argc, char **argv) {
    const char *mistake = argc > 1 ? argv[1] : "none";
    for (int i = 0; i < TIMES; i++) {
        volatile char *p = make_it();
        if (strcmp(mistake, "overflow") == 0)
            sum += (unsigned char)p[32];
        if (strcmp(mistake, "underflow") == 0)
            sum += (unsigned char)p[-1];
        drop_it(p);
        if (strcmp(mistake, "use-after-free") == 0)
            sum += (unsigned char)p[0];
    }
    puts("done");
    return 0;
}
