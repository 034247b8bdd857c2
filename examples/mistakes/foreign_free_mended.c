/* Memory from mmap is given back by munmap. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SIZE = 8192 };

int main(void) {
    char *letters = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (letters == MAP_FAILED)
        return EXIT_FAILURE;

    letters[0] = 'a';
    puts(letters);

    munmap(letters, SIZE);
    letters = NULL;
    return EXIT_SUCCESS;
}
