/* A string literal is freed. */
#include "fault.h"

int main(void) {
    const char *text = "not from malloc";
    void *p;
    memcpy(&p, &text, sizeof p);
    free(hidden(p));
    go_on();
    return EXIT_SUCCESS;
}
