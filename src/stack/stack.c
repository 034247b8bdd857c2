#include "stack/stack.h"

#include "stack/climb.h"
#include "stack/extent.h"
#include "stack/machine.h"
#include "stack/object.h"

LM_NOINLINE size_t lm_stack_capture(uintptr_t *frames, size_t max) {
    lm_climb walk;
    walk.registers.known = LM_MACHINE_KEPT | (uint64_t)1 << LM_MACHINE_PC;
    walk.exact = true;
    lm_machine_capture(walk.registers.at);
    return lm_climb_follow(&walk, frames, max);
}

/* After a call of what is no code only the return address tells where it came from. */
static bool leave_call(lm_climb *walk) {
    uintptr_t *at = walk->registers.at;
    const lm_extent extent = lm_extent_of(at[LM_MACHINE_SP]);
    uintptr_t caller;
    lm_object object;
    if (!lm_extent_read(&extent, at[LM_MACHINE_SP], &caller) ||
        !lm_object_find(caller - 1, &object))
        return false;
    at[LM_MACHINE_PC] = caller;
    at[LM_MACHINE_SP] += sizeof caller;
    walk->exact = false;
    return true;
}

size_t lm_stack_capture_from(const ucontext_t *context, uintptr_t *frames, size_t max) {
    lm_climb walk;
    size_t count = 0;
    walk.exact = true;
    walk.registers.known = lm_machine_interrupted(context, walk.registers.at);
    if (walk.registers.known == 0)
        return 0;
    if (count < max)
        frames[count++] = walk.registers.at[LM_MACHINE_PC];
    if (count < max && lm_machine_jumped_astray(context) && leave_call(&walk))
        frames[count++] = walk.registers.at[LM_MACHINE_PC];
    return count + lm_climb_follow(&walk, frames + count, max - count);
}
