/* A function returns early and forgets its block. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int greet(const char *name) {
    char *line = malloc(strlen(name) + 8);
    if (line == NULL)
        return -1;

    if (strlen(name) == 0)
        return -1;

    sprintf(line, "hello, %s", name);
    puts(line);
    free(line);
    return 0;
}

int main(void) {
    greet("loam");
    greet("");
    return EXIT_SUCCESS;
}
