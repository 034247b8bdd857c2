#ifndef WILD_STACKS_PLUGIN_H
#define WILD_STACKS_PLUGIN_H

struct stacks_places {
    void *inside; /* where the function that was called returns to: in stacks_call */
    void *caller; /* where stacks_call returns to */
};

void stacks_call(struct stacks_places *places, void (*function)(struct stacks_places *));

#endif
