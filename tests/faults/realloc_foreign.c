/* A static array is resized. */
#include "fault.h"

int main(void) {
    static char array[64];
    if (realloc(hidden(array), 128))
        abort();
    go_on();
    return EXIT_SUCCESS;
}
