/* The pointer that walked over the blanks is freed, not the one that malloc returned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char *text = malloc(8);
    if (text == NULL)
        return EXIT_FAILURE;

    strcpy(text, "   loam");
    while (*text == ' ')
        text++;
    puts(text);

    free(text);
    text = NULL;
    return EXIT_SUCCESS;
}
