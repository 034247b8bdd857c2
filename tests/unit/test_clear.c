/* Clearing and looking with vectors that every processor has. */
#include "rooms.h"

int main(void) {
    return cmocka_run_group_tests(room_tests, NULL, NULL);
}
