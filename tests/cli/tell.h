/* For programs that write what the checker would write of them, with their own addresses, so that reports can
 * be compared to the letter without the checker. Compiled with -no-pie: addresses are the file's own. */
#ifndef TESTS_CLI_TELL_H
#define TESTS_CLI_TELL_H

#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int main(void);

/* The place itself, for an access that isn't a call. */
#define HERE(name)         __asm__ volatile(".globl here_" #name "\nhere_" #name ":")
#define DECLARE_HERE(name) extern char here_##name[]

static void tell_begin(void) {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    printf("loam-check version=1\nprocess pid=100 parent=1 program=%s arguments=0 started=0\n",
           path);
    printf("module id=1 path=%s start=0x400000 end=0x500000 bias=0\n", path);
    printf("module id=2 path=/lib/x86_64-linux-gnu/libc.so.6 start=0 end=0x500000 bias=0\n");
}

/* A stack of `place` (NULL: none) and of the frames from number `skip` on, up to main. */
__attribute__((noinline)) static void tell_frames(int id, const char *place, int skip) {
    void *frames[64];
    const int count = backtrace(frames, 64);
    printf("stack id=%d exact=%d frames=", id, place != NULL);
    if (place != NULL)
        printf("1+%p,", (const void *)place);
    for (int i = skip; i < count && (char *)frames[i] < (char *)0x500000; i++)
        printf("%s1+%p", i == skip ? "" : ",", frames[i]);
    printf("\n");
}

/* The stack of who called the function that calls this. */
#define TELL_CALLER(id) tell_frames(id, NULL, 2)
/* The stack at a place in the function that calls this. */
#define TELL_PLACE(id, name) tell_frames(id, here_##name, 2)

static void tell(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* Stand for the functions of these names, and note where they were called. */
static int allocation_stack = 11, free_stack = 21, call_stack = 31;

__attribute__((noinline, unused)) static void *tell_malloc(size_t size) {
    TELL_CALLER(allocation_stack++);
    return calloc(1, size + 64);
}
__attribute__((noinline, unused)) static void tell_free(void *block) {
    (void)block;
    TELL_CALLER(free_stack++);
}
__attribute__((noinline, unused)) static void tell_call(const void *a, ...) {
    (void)a;
    TELL_CALLER(call_stack++);
}

#ifndef KEEP_NAMES
#define malloc(size)         tell_malloc(size)
#define calloc(n, size)      tell_malloc((n) * (size))
#define free(block)          tell_free(block)
#define strcpy(to, from)     tell_call(to, from)
#define realloc(block, size) (tell_call(block, size), block)
#endif

#endif
