#include "tell.h"

DECLARE_HERE(load);

struct node {
    struct node *next;
    int value;
};

static void drop_list(struct node *list) {
    for (struct node *node = list; node != NULL; ({ HERE(load); }), node = node->next) {
        free(node);
    }
}

static struct node *push(struct node *next, int value) {
    struct node *node = malloc(sizeof *node);
    node->next = next;
    node->value = value;
    return node;
}

int main(void) {
    tell_begin();
    struct node *list = push(NULL, 1);
    drop_list(list);
    tell("stack id=41 exact=1 frames=1+%p,1+%p", (void *)here_load, (void *)((char *)main + 40));
    tell("finding id=1 code=use-after-free certainty=exact stack=41 thread=1 time=1500 "
         "access=read bytes=8 pointer=0x1000 block=0x1000 size=16 state=freed first=0 last=7 "
         "inside=0 "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc "
         "freed=21 freed_thread=1 freed_time=1200 freed_call=free signal=11");
    return 0;
}
