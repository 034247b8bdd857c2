/* One pointer walks over the blanks; freed is the one that malloc returned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char *text = malloc(8);
    if (text == NULL)
        return EXIT_FAILURE;

    strcpy(text, "   loam");
    char *at = text;
    while (*at == ' ')
        at++;
    puts(at);

    free(text);
    text = NULL;
    return EXIT_SUCCESS;
}
