/* A static array is freed. */
#include "fault.h"

int main(void) {
    static char array[64];
    free(hidden(array));
    go_on();
    return EXIT_SUCCESS;
}
