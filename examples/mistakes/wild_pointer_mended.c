/* `pi =` stores into pi where the block is; `*pi =` stores into the block. */
#include <stdio.h>
#include <stdlib.h>

static void leave_numbers_on_the_stack(void) {
    volatile long numbers[64];
    for (int i = 0; i < 64; i++)
        numbers[i] = 0x1122334455667788 + i;
    (void)numbers[0];
}

static void work(void) {
    int *pi;
    pi = (int *)malloc(sizeof(int));
    if (pi == NULL)
        return;
    *pi = 5;
    printf("%d\n", *pi);
    free(pi);
}

int main(void) {
    leave_numbers_on_the_stack(); /* what pi holds by chance is one of these */
    work();
    return EXIT_SUCCESS;
}
