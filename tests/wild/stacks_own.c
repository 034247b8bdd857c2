/* A library that takes a stack through functions of its own, called from outside and from within. */
#include "stacks_own.h"

#include "stack/stack.h"

size_t own_capture(uintptr_t *frames, size_t max) {
    const size_t count = lm_stack_capture(frames, max);
    __asm__ volatile(""); /* a call, not a jump */
    return count;
}

void own_call(void (*function)(void)) {
    function();
    __asm__ volatile("");
}
