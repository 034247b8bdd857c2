/* Loses a block, and then: acts [threads | wait | double]. With a file `go` it goes on, with one `killed` it ends itself. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *volatile kept;

__attribute__((noinline)) static void lose(void) {
    kept = malloc(100);
    memset((char *)kept, 1, 100);
    kept = NULL;
}

/* What functions that have returned left on the stack and in registers. */
__attribute__((noinline)) static void spoil(void) {
    char junk[8000];
    memset(junk, 0, sizeof junk);
    __asm__ volatile("" : : "r"(junk) : "memory");
}

static void *sleep_with_a_block(void *held) {
    for (;;)
        pause();
    return held;
}

static void wait_to_go(void) {
    enum { TURNS = 6000 };
    for (int i = 0; i < TURNS && access("go", F_OK) != 0; i++) {
        free(malloc(10));
        usleep(10 * 1000);
    }
    if (access("killed", F_OK) == 0)
        raise(SIGKILL);
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    pthread_t thread;
    lose();
    spoil();
    if (strcmp(how, "threads") == 0)
        for (int i = 0; i < 3; i++)
            pthread_create(&thread, NULL, sleep_with_a_block, malloc(50));
    if (strcmp(how, "double") == 0) {
        char *volatile p = malloc(10);
        free(p);
        free(p);
        wait_to_go();
    }
    if (strcmp(how, "wait") == 0) {
        printf("%d\n", (int)getpid());
        fflush(stdout);
        wait_to_go();
    }
    return 0;
}
