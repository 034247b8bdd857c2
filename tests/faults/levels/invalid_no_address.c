// fault: a number is freed that is no address on x86-64
// size -: 0 abort foreign-free
#include "fault.h"

int main(void) {
    free(hidden(WRONG ? (void *)(uintptr_t)0xdeadbeefdeadbee0 : NULL));
    return end(false);
}
