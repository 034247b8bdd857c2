/* A string has one byte more than it has letters: the NUL at its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *text) {
    char *copy = malloc(strlen(text) + 1);
    if (copy != NULL)
        strcpy(copy, text);
    return copy;
}

int main(void) {
    char *name = copy_of("loamloam");
    if (name == NULL)
        return EXIT_FAILURE;

    puts(name);

    free(name);
    name = NULL;
    return EXIT_SUCCESS;
}
