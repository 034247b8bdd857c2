/* Clearing and looking with wide vectors: compiled as src/heap/wide.c is. */
#include "rooms.h"

#include "os/os.h"

int main(void) {
    enum { SKIPPED = 77 };
    lm_os_start();
    if (LM_WIDE && !lm_os.wide_vectors)
        return SKIPPED;
    return cmocka_run_group_tests(room_tests, NULL, NULL);
}
