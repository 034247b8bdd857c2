/* Blanks are cut off a text's end. Of a text of blanks only, nothing stops the loop at the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void cut_blanks(char *text) {
    char *last = text + strlen(text) - 1;
    while (*last == ' ')
        *last-- = '\0';
}

int main(void) {
    char *text = malloc(4);
    if (text == NULL)
        return EXIT_FAILURE;

    strcpy(text, "   ");
    cut_blanks(text);
    printf("'%s'\n", text);

    free(text);
    text = NULL;
    return EXIT_SUCCESS;
}
