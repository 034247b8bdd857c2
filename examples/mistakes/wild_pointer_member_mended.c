/* Every member is set before it is used. */
#include <stdio.h>
#include <stdlib.h>

struct person {
    int age;
    const char *name;
};

int main(void) {
    struct person *person = malloc(sizeof *person);
    if (person == NULL)
        return EXIT_FAILURE;

    person->age = 42;
    person->name = "Ada";
    printf("%c.\n", person->name[0]);

    free(person);
    person = NULL;
    return EXIT_SUCCESS;
}
