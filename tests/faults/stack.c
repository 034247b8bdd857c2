/* An array on the stack is freed. */
#include "fault.h"

int main(void) {
    char array[64] = "stack";
    free(hidden(array));
    if (strcmp(array, "stack") != 0)
        abort();
    go_on();
    return EXIT_SUCCESS;
}
