/* A list is freed. Each step takes the next node before this one goes. */
#include <stdio.h>
#include <stdlib.h>

struct node {
    struct node *next;
    int number;
};

static struct node *put_before(struct node *list, int number) {
    struct node *node = malloc(sizeof *node);
    if (node == NULL)
        exit(EXIT_FAILURE);
    node->next = list;
    node->number = number;
    return node;
}

static void free_list(struct node *list) {
    while (list != NULL) {
        struct node *next = list->next;
        free(list);
        list = next;
    }
}

int main(void) {
    struct node *list = put_before(put_before(NULL, 2), 1);
    printf("%d %d\n", list->number, list->next->number);
    free_list(list);
    return EXIT_SUCCESS;
}
