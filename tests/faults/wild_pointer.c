/* A number is freed that was never an address. */
#include "fault.h"
#include <stdint.h>

int main(void) {
    free(hidden((void *)(uintptr_t)0xdeadbeefdeadbee0)); /* no address at all on x86-64 */
    go_on();
    return EXIT_SUCCESS;
}
