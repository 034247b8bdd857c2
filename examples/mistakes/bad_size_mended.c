/* Sizes are compared before one is subtracted from the other. */
#include <stdio.h>
#include <stdlib.h>

static char *room_for_rest(size_t size, size_t used) {
    if (used > size)
        return NULL;
    return malloc(size - used);
}

int main(void) {
    char *rest = room_for_rest(10, 20);
    if (rest == NULL)
        puts("no room");
    free(rest);
    return EXIT_SUCCESS;
}
