/* pi points nowhere yet, and `*pi =` stores where it points. Meant was `pi =`. */
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
    *pi = (int *)malloc(sizeof(int));
    printf("%d\n", *pi);
    free(pi);
}

int main(void) {
    leave_numbers_on_the_stack(); /* pi holds what this left behind */
    work();
    return EXIT_SUCCESS;
}
