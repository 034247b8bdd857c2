/* A string is copied, and the NUL at its end has no room. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *text) {
    char *copy = malloc(strlen(text));
    if (copy != NULL)
        strcpy(copy, text);
    return copy;
}

int main(void) {
    char *name = copy_of("loamloam");
    if (name == NULL)
        return EXIT_FAILURE;

    printf("%.8s\n", name);

    free(name);
    name = NULL;
    return EXIT_SUCCESS;
}
