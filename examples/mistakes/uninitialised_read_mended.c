/* Words are counted in memory that calloc has cleared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    const char *words[] = {"a", "heap", "of", "words"};
    int *by_length = calloc(8, sizeof *by_length);
    if (by_length == NULL)
        return EXIT_FAILURE;

    for (int i = 0; i < 4; i++)
        by_length[strlen(words[i])]++;
    if (by_length[4] == 1)
        puts("one word has four letters");

    free(by_length);
    by_length = NULL;
    return EXIT_SUCCESS;
}
