/* What is left of a buffer is less than nothing, which malloc takes for a huge number. */
#include <stdio.h>
#include <stdlib.h>

static char *room_for_rest(size_t size, size_t used) {
    return malloc(size - used);
}

int main(void) {
    char *rest = room_for_rest(10, 20);
    if (rest == NULL)
        puts("no room");
    free(rest);
    return EXIT_SUCCESS;
}
