/* Faults at NULL, with a handler of its own: handler HOW. */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *how;
static sigjmp_buf place;

static void handle(int number) {
    if (strcmp(how, "jump") == 0)
        siglongjmp(place, 1);
    if (strcmp(how, "_exit") == 0)
        _exit(6);
    if (strcmp(how, "raise") == 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
    if (strcmp(how, "abort") == 0)
        abort();
}

int main(int argc, char **argv) {
    volatile char *volatile null = NULL;
    how = argc > 1 ? argv[1] : "jump";
    signal(SIGSEGV, handle);
    if (sigsetjmp(place, 1) == 0)
        null[8] = 1;
    return 0;
}
