/* Blanks are cut off a text's end. The loop stops at the text's first byte at the latest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void cut_blanks(char *text) {
    char *end = text + strlen(text);
    while (end > text && end[-1] == ' ')
        *--end = '\0';
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
