#include "support/unit.h"

#include "base/compiler.h"
#include "check/stand.h"
#include "stack/stack.h"
#include "support/child.h"

#include <execinfo.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* ---- In the stead of stack.c, which leaves out Loam's own functions: here they are the test's ------ */

static uintptr_t first; /* 0: all frames, the test's too */

size_t lm_stack_capture(uintptr_t *frames, size_t max) {
    void *all[64];
    const size_t count = (size_t)backtrace(all, 64);
    size_t from = 0, kept = 0;
    while (first && from < count && (uintptr_t)all[from] != first)
        from++;
    for (; from < count && kept < max; from++)
        frames[kept++] = (uintptr_t)all[from];
    return kept;
}

static void files_of_the_c_library(void **state) {
    static const char *const are[] = {
        "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2", "/lib/libc-2.17.so",
        "/lib/ld-musl-x86_64.so.1",        "/lib/libc.musl-x86_64.so.1",  "/libc.so",
    };
    static const char *const are_not[] = {
        "",
        "[stack]",
        "libc.so.6",
        "/",
        "/lib/libcap.so.2",
        "/lib/libc.so.6/x",
        "/lib/liblibc.so",
        "/lib/libc",
    };
    (void)state;
    assert_false(lm_stand_is_c_library(NULL));
    for (size_t i = 0; i < sizeof are / sizeof are[0]; i++)
        assert_true(lm_stand_is_c_library(are[i]));
    for (size_t i = 0; i < sizeof are_not / sizeof are_not[0]; i++)
        assert_false(lm_stand_is_c_library(are_not[i]));
}

/* ---- Here ---------------------------------------------------------------------------------------- */

/* What the caller keeps in registers is saved by the time. */
static __attribute__((noinline, no_sanitize("address"))) bool look_here(uintptr_t inverted) {
    lm_stand stand;
    lm_stand_here(&stand, LM_STAND_FRAME());
    if (stand.count != 0 || stand.sp >= (uintptr_t)__builtin_frame_address(0))
        return false;
    const uintptr_t word = ~inverted;
    for (uintptr_t at = stand.sp; at < stand.sp + 512; at += sizeof word)
        if (*(volatile uintptr_t *)at == word)
            return true;
    return false;
}

static void registers_of_the_caller_count(void **state) {
    (void)state;
#if defined(__x86_64__)
    const uintptr_t inverted = ~(uintptr_t)0x1234567812345678;
    uintptr_t found = 0;
    __asm__ volatile("mov %%rsp, %%r12\n sub $128, %%rsp\n and $-16, %%rsp\n"
                     "mov %%rdi, %%rbx\n not %%rbx\n call *%1\n movzbl %%al, %%eax\n"
                     "mov %%r12, %%rsp"
                     : "=&a"(found)
                     : "r"(look_here), "D"(inverted)
                     : "rbx", "r12", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
    assert_true(found);
#endif
}

/* ---- In what a signal interrupted ---------------------------------------------------------------- */

static void interrupted(void **state) {
    ucontext_t context;
    lm_stand stand;
    (void)state;
    memset(&context, 0, sizeof context);
#if defined(__x86_64__)
    static const int all[] = {REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13,
                              REG_R14, REG_R15, REG_RDI, REG_RSI, REG_RBP, REG_RBX,
                              REG_RDX, REG_RAX, REG_RCX, REG_RSP};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        context.uc_mcontext.gregs[all[i]] = 0x1000 + (greg_t)i;
    context.uc_mcontext.gregs[REG_RIP] = 0x2000;
    context.uc_mcontext.gregs[REG_EFL] = 0x3000;
    lm_stand_interrupted(&stand, &context);
    assert_int_equal(stand.sp, 0x100f - 128); /* the red zone is in use */
    assert_int_equal(stand.count, 16);
    for (uintptr_t word = 0x1000; word < 0x1010; word++) {
        size_t found = 0;
        for (size_t i = 0; i < stand.count; i++)
            found += stand.words[i] == word;
        assert_int_equal(found, 1);
    }
#else
    lm_stand_interrupted(&stand, &context);
#endif
}

/* ---- At exit ------------------------------------------------------------------------------------- */

/* The thread sanitizer calls handlers by a function of its own. */
#if defined(__x86_64__) && !LM_THREAD_SANITIZER

static uintptr_t marker; /* where the program's last frame ends */
enum { MAGIC = 0x31415926 };

static bool holds(const lm_stand *stand, uintptr_t word) {
    for (size_t i = 0; i < stand->count; i++)
        if (stand->words[i] == word)
            return true;
    for (uintptr_t at = stand->sp; at < stand->sp + 4096; at += sizeof word)
        if (memcmp((const void *)at, &word, sizeof word) == 0)
            return true;
    return false;
}

/* 0: what exit has on the stack doesn't count, but what it saved does. */
static void at_exit(void) {
    static lm_stand stand, here;
    const uintptr_t frame = LM_STAND_FRAME();
    first = (uintptr_t)__builtin_return_address(0);
    lm_stand_here(&here, frame);
    lm_stand_at_exit(&stand, frame);
    if (stand.sp <= here.sp)
        _exit(1);
    if (stand.sp != marker)
        _exit(2);
    if (stand.count == 0 || stand.count > LM_STAND_WORDS)
        _exit(3);
    if (!holds(&stand, MAGIC))
        _exit(4);
    _exit(0);
}

/* A register that functions save is all that holds the number. */
static __attribute__((noreturn)) void leave(void) {
    __asm__ volatile("and $-16, %%rsp\n mov %%rsp, %0\n mov %1, %%rbx\n not %%rbx\n"
                     "xor %%edi, %%edi\n call exit"
                     : "=m"(marker)
                     : "r"(~(uintptr_t)MAGIC)
                     : "rbx", "r12", "r13", "r14", "r15", "memory");
    __builtin_unreachable();
}

static int run_and_leave(void *argument) {
    (void)argument;
    if (atexit(at_exit) != 0)
        return 50;
    leave();
}

static void the_c_librarys_frames_do_not_count(void **state) {
    (void)state;
    assert_int_equal(in_child(run_and_leave, NULL), 0);
}

#endif

/* Where nobody left, it is as anywhere else. */
static __attribute__((noinline)) void look_elsewhere(lm_stand *here, lm_stand *at) {
    const uintptr_t frame = LM_STAND_FRAME();
    lm_stand_here(here, frame);
    lm_stand_at_exit(at, frame);
}

static void elsewhere(void **state) {
    static lm_stand here, at;
    (void)state;
    look_elsewhere(&here, &at);
    assert_int_equal(at.sp, here.sp);
    assert_int_equal(at.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_the_c_library),
        cmocka_unit_test(registers_of_the_caller_count),
        cmocka_unit_test(interrupted),
#if defined(__x86_64__) && !LM_THREAD_SANITIZER
        cmocka_unit_test(the_c_librarys_frames_do_not_count),
#endif
        cmocka_unit_test(elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
