#ifndef WILD_STACKS_OWN_H
#define WILD_STACKS_OWN_H

#include <stddef.h>
#include <stdint.h>

size_t own_capture(uintptr_t *frames, size_t max);
void own_call(void (*function)(void));

#endif
