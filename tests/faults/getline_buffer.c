/* The array that getline was given is no block; getline asks for more. */
#include "fault.h"

int main(void) {
    char array[8];
    char *line = array;
    size_t size = sizeof array;
    FILE *input = fopen("/proc/self/status", "r");
    if (!input || getline(&line, &size, input) > 0)
        abort();
    fclose(input);
    go_on();
    return EXIT_SUCCESS;
}
