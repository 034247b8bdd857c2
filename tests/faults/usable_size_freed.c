/* The size of a freed block is asked for. */
#include "fault.h"
#include <malloc.h>

int main(void) {
    char *block = malloc(33);
    free(block);
    if (malloc_usable_size(hidden(block)) != 0)
        abort();
    go_on();
    return EXIT_SUCCESS;
}
