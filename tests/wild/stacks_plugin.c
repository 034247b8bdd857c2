/* A library with one function, whose frame has FRAME bytes. Two builds with different ones have the
 * same code at the same places, but for a number in it. */
#include "stacks_plugin.h"

#ifndef FRAME
#define FRAME 1000
#endif

void stacks_call(struct stacks_places *places, void (*function)(struct stacks_places *)) {
    volatile char frame[FRAME];
    frame[0] = frame[FRAME - 1] = 'x';
    places->caller = __builtin_return_address(0);
    function(places);
    frame[1] = frame[0];
}
