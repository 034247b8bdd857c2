/* A short text is kept in an array on the stack; freed is only what came from malloc. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char small[32];
    char *text = small;
    const char *wanted = "a short text";

    if (strlen(wanted) + 1 > sizeof small)
        text = malloc(strlen(wanted) + 1);
    if (text == NULL)
        return EXIT_FAILURE;

    strcpy(text, wanted);
    puts(text);

    if (text != small)
        free(text);
    return EXIT_SUCCESS;
}
