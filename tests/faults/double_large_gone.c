/* A block so large that its memory went back to the system at once is freed twice. */
#include "fault.h"

int main(void) {
    char *block = malloc((size_t)200 << 20);
    free(block);
    free(hidden(block));
    go_on();
    return EXIT_SUCCESS;
}
