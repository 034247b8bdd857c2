/* Whether a loaded value is used. Each piece of code is run by single steps, and followed from its first instruction
 * on, as the checker does it with reads of what was never written. */
#include "support/unit.h"

#include "check/blocks.h"
#include "check/catch.h"
#include "check/use.h"
#include "os/os.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)

/* ---- In the stead of blocks.c and catch.c -------------------------------------------------------- */

static _Alignas(64) unsigned char heap[4096];

bool lm_blocks_find(uintptr_t at, lm_block *block) {
    (void)block;
    return at - (uintptr_t)heap < sizeof heap;
}

lm_catch_seams lm_catch_seam;

/* ---- The code ------------------------------------------------------------------------------------ */

/* What the code may use: (%rdi) is the value, and (%rsi) another block, which is all zeros; a variable; a function
 * of the C library. */
extern uint64_t use_variable[8];
uint64_t use_variable[8];
void use_library(void);
void use_library_end(void);
__asm__(".text\n.globl use_library, use_library_end\n"
        "use_library: nop\n xor %eax, %eax\n ret\nuse_library_end: nop\n");

static bool is_library(uintptr_t pc) {
    return pc >= (uintptr_t)use_library && pc < (uintptr_t)use_library_end;
}

/* What the value is. */
enum { ZERO, ITSELF /* its own address */, FUNCTION, ONE };

#define NO    LM_USE_NO
#define YES   LM_USE_YES
#define WATCH LM_USE_WATCH /* neither, by the end */

#define FRAME "push %rbp\n mov %rsp, %rbp\n sub $64, %rsp\n"
#define LEAVE "leave\n"
#define CLEAR "xor %eax, %eax\n movq $0, use_variable(%rip)\n"

/* name, what is done before, the code from the load on, what is done after, the value, the verdict */
#define WHOLE(X)                                                                                   \
    /* calculated with */                                                                          \
    X(added, "", "mov (%rdi), %eax\n add $1, %eax", "", ZERO, YES)                                 \
    X(added_from_memory, "", "add (%rdi), %eax", "", ZERO, YES)                                    \
    X(added_to_memory, "", "addl $1, (%rdi)", "", ZERO, YES)                                       \
    X(as_sum, "", "mov (%rdi), %rax\n lea 1(%rax), %rcx", "", ZERO, YES)                           \
    X(copied_then_added, "", "mov (%rdi), %eax\n mov %eax, %ecx\n xor %eax, %eax\n add $1, %ecx",  \
      "", ZERO, YES)                                                                               \
    X(extended_then_added, "", "movzbl (%rdi), %eax\n cltq\n add $1, %rax", "", ZERO, YES)         \
    X(half_overwritten, "", "mov (%rdi), %eax\n mov $1, %ax\n add $1, %eax", "", ZERO, YES)        \
    X(float_added, "", "movsd (%rdi), %xmm0\n addsd %xmm0, %xmm1", "", ZERO, YES)                  \
    X(vector_added, "", "movups (%rdi), %xmm0\n paddd %xmm0, %xmm0", "", ZERO, YES)                \
    X(old_float, "", "flds (%rdi)", "fstp %st(0)\n", ZERO, YES)                                    \
    X(old_long_float, "", "fldt (%rdi)", "fstp %st(0)\n", ZERO, YES)                               \
    X(anded_and_branched, "", "and (%rdi), %eax\n je 1f\n1:", "", ZERO, YES)                       \
    X(chosen_over, "xor %ecx, %ecx\n", "mov (%rdi), %eax\n cmove %ecx, %eax\n add $1, %eax", "",   \
      ZERO, NO)                                                                                    \
    /* branches */                                                                                 \
    X(tested, "", "mov (%rdi), %eax\n test %eax, %eax\n je 1f\n1:", "", ZERO, YES)                 \
    X(compared, "", "cmpl $0, (%rdi)\n jne 1f\n1:", "", ZERO, YES)                                 \
    X(compared_in_vain, "", "cmpl $0, (%rdi)\n cmp %ecx, %ecx\n je 1f\n1:", "", ZERO, NO)          \
    X(shifted, "", "mov (%rdi), %eax\n shl $3, %eax\n js 1f\n1:", "", ZERO, YES)                   \
    X(set, "", "cmpl $0, (%rdi)\n sete %al\n test %al, %al\n je 1f\n1:", "", ZERO, YES)            \
    X(chosen_by, "", "cmpl $0, (%rdi)\n cmove %ecx, %edx", "", ZERO, YES)                          \
    X(chosen, "xor %eax, %eax\n", "cmove (%rdi), %eax\n add $1, %eax", "", ZERO, YES)              \
    X(not_chosen, "xor %eax, %eax\n", "cmovne (%rdi), %eax\n add $1, %eax", "", ZERO, NO)          \
    X(not_chosen_later, "xor %ecx, %ecx\n",                                                        \
      "mov (%rdi), %eax\n cmovne %eax, %ecx\n xor %eax, %eax\n add $1, %ecx", "", ZERO, NO)        \
    X(string_compared, "mov %rdi, %rdx\n", "cmpsb", "mov %rdx, %rdi\n", ZERO, YES)                 \
    /* addresses */                                                                                \
    X(base, "", "mov (%rdi), %rax\n mov (%rax), %ecx", "", ITSELF, YES)                            \
    X(index, "", "mov (%rdi), %rax\n mov (%rsi,%rax,8), %ecx", "", ZERO, YES)                      \
    X(store_base, "", "mov (%rdi), %rax\n mov %ecx, (%rax)", "", ITSELF, YES)                      \
    X(called, "", "mov (%rdi), %rax\n call *%rax", "", FUNCTION, YES)                              \
    /* arguments */                                                                                \
    X(argument, "", "mov (%rdi), %edi\n call use_library", "", ZERO, YES)                          \
    X(sixth_argument, "", "mov (%rdi), %r9\n call use_library", "", ZERO, YES)                     \
    X(float_argument, "", "movsd (%rdi), %xmm7\n call use_library", "", ZERO, YES)                 \
    X(no_argument, "", "mov (%rdi), %r11\n call use_library", "", ZERO, NO)                        \
    X(vector_argument, "", "movups (%rdi), %xmm0\n call use_library", "", ZERO, NO)                \
    X(stored_argument, "", "mov (%rdi), %edx\n mov %edx, (%rsi)\n call use_library", "", ZERO, NO) \
    X(to_the_kernel, "", "mov (%rdi), %edi\n mov $39, %eax\n syscall", "", ZERO, YES)              \
    X(not_to_the_kernel, "", "mov (%rdi), %r15d\n mov $39, %eax\n syscall", "", ZERO, NO)          \
    /* variables of its own */                                                                     \
    X(variable, "", "mov (%rdi), %eax\n mov %eax, use_variable(%rip)\n" CLEAR, "", ZERO, YES)      \
    X(variable_and_block, "",                                                                      \
      "mov (%rdi), %eax\n mov %eax, use_variable(%rip)\n mov %eax, (%rsi)\n" CLEAR                 \
      "movl $0, (%rsi)\n",                                                                         \
      "", ZERO, NO)                                                                                \
    X(on_stack, FRAME,                                                                             \
      "mov (%rdi), %eax\n mov %eax, -16(%rbp)\n xor %eax, %eax\n movl $0, -16(%rbp)", LEAVE, ZERO, \
      YES)                                                                                         \
    X(on_stack_soon, FRAME,                                                                        \
      "mov (%rdi), %eax\n nop\n nop\n mov %eax, -16(%rbp)\n xor %eax, %eax\n movl $0, -16(%rbp)",  \
      LEAVE, ZERO, YES)                                                                            \
    X(on_stack_later, FRAME,                                                                       \
      "mov (%rdi), %eax\n nop\n nop\n nop\n mov %eax, -16(%rbp)\n xor %eax, %eax\n"                \
      "movl $0, -16(%rbp)",                                                                        \
      LEAVE, ZERO, NO)                                                                             \
    X(on_stack_by_compiler, FRAME,                                                                 \
      "mov (%rdi), %eax\n mov %eax, 8(%rsp)\n xor %eax, %eax\n movl $0, 8(%rsp)", LEAVE, ZERO, NO) \
    X(vector_variable, "",                                                                         \
      "movups (%rdi), %xmm0\n movups %xmm0, use_variable(%rip)\n pxor %xmm0, %xmm0\n"              \
      "movups %xmm0, use_variable(%rip)",                                                          \
      "", ZERO, NO)                                                                                \
    /* from where it was stored */                                                                 \
    X(stored_and_used, FRAME,                                                                      \
      "mov (%rdi), %rax\n mov %rax, 8(%rsp)\n xor %eax, %eax\n mov 8(%rsp), %rcx\n add $1, %rcx",  \
      LEAVE, ZERO, YES)                                                                            \
    X(stored_and_added, FRAME,                                                                     \
      "mov (%rdi), %rax\n mov %rax, 8(%rsp)\n xor %eax, %eax\n add 8(%rsp), %rcx", LEAVE, ZERO,    \
      YES)                                                                                         \
    X(stored_and_lost, FRAME,                                                                      \
      "mov (%rdi), %rax\n mov %rax, 8(%rsp)\n xor %eax, %eax\n movq $1, 8(%rsp)\n"                 \
      "mov 8(%rsp), %rcx\n add $1, %rcx",                                                          \
      LEAVE, ZERO, NO)                                                                             \
    X(pushed, "", "mov (%rdi), %rax\n push %rax\n xor %eax, %eax\n pop %rcx\n add $1, %rcx", "",   \
      ZERO, YES)                                                                                   \
    /* copies */                                                                                   \
    X(copied, "", "mov (%rdi), %rax\n mov %rax, (%rsi)\n xor %eax, %eax\n movq $0, (%rsi)", "",    \
      ZERO, NO)                                                                                    \
    X(copied_with_neighbour, "",                                                                   \
      "mov (%rdi), %rax\n mov 8(%rdi), %rdx\n mov %rax, use_variable(%rip)\n" CLEAR, "", ZERO, NO) \
    X(copied_with_one_before, "",                                                                  \
      "mov (%rdi), %rax\n movzwl -2(%rdi), %edx\n mov %rax, use_variable(%rip)\n" CLEAR, "", ZERO, \
      NO)                                                                                          \
    X(too_far_for_a_neighbour, "",                                                                 \
      "mov (%rdi), %rax\n mov 9(%rdi), %rdx\n mov %rax, use_variable(%rip)\n" CLEAR, "", ZERO,     \
      YES)                                                                                         \
    X(another_ones_neighbour, "",                                                                  \
      "mov (%rdi), %rax\n mov 8(%rsi), %rdx\n mov %rax, use_variable(%rip)\n" CLEAR, "", ZERO,     \
      YES)                                                                                         \
    X(not_the_same_base_any_more, "",                                                              \
      "mov (%rdi), %rax\n mov %rsi, %rdi\n mov 8(%rdi), %rdx\n mov %rax, "                         \
      "use_variable(%rip)\n" CLEAR,                                                                \
      "", ZERO, YES)                                                                               \
    X(string_copied, "mov %rdi, %rdx\n mov %rsi, %rcx\n xchg %rdi, %rsi\n", "movsb",               \
      "mov %rdx, %rdi\n mov %rcx, %rsi\n", ZERO, NO)                                               \
    X(exchanged, "", "xchg %eax, (%rdi)", "", ZERO, NO)                                            \
    /* bit fields */                                                                               \
    X(field_set, "", "mov (%rdi), %eax\n and $-8, %eax\n or $1, %eax\n mov %eax, (%rdi)", "",      \
      ZERO, NO)                                                                                    \
    X(field_added, "", "mov (%rdi), %eax\n and $7, %eax\n add $1, %eax\n mov %eax, (%rdi)", "",    \
      ZERO, NO)                                                                                    \
    X(field_in_memory, "", "orl $1, (%rdi)", "", ZERO, NO)                                         \
    X(field_tested, "", "mov (%rdi), %eax\n and $7, %eax\n je 1f\n1:", "", ZERO, YES)              \
    /* never used */                                                                               \
    X(cleared, "", "mov (%rdi), %eax\n xor %eax, %eax\n add $1, %eax", "", ZERO, NO)               \
    X(loaded_over, "", "mov (%rdi), %eax\n mov (%rsi), %eax\n add $1, %eax", "", ZERO, NO)         \
    X(shuffled, "",                                                                                \
      "movups (%rdi), %xmm0\n pshufd $1, %xmm0, %xmm1\n pxor %xmm0, %xmm0\n"                       \
      "pxor %xmm1, %xmm1",                                                                         \
      "", ZERO, NO)                                                                                \
    X(shuffled_over, "", "movups (%rdi), %xmm0\n pshufd $1, %xmm1, %xmm0\n paddd %xmm0, %xmm0",    \
      "", ZERO, NO)                                                                                \
    X(moved_over, "", "movups (%rdi), %xmm0\n movaps %xmm1, %xmm0\n paddd %xmm0, %xmm0", "", ZERO, \
      NO)                                                                                          \
    X(kept, "", "mov (%rdi), %eax\n nop", "", ZERO, WATCH)                                         \
    X(not_known, "", "mov (%rdi), %ecx\n rdtsc\n add $1, %ecx", "", ZERO, NO)                      \
    X(followed_so_far, "", "mov (%rdi), %eax\n .rept 149\n nop\n .endr\n add $1, %eax", "", ZERO,  \
      YES)                                                                                         \
    X(followed_no_farther, "", "mov (%rdi), %eax\n .rept 150\n nop\n .endr\n add $1, %eax", "",    \
      ZERO, NO)

/* The load before this one was of the next eight bytes: it is the first instruction that is run. */
#define AFTER_ANOTHER(X)                                                                           \
    X(after_neighbour, "mov 8(%rdi), %rdx\n",                                                      \
      "mov (%rdi), %rax\n mov %rax, use_variable(%rip)\n" CLEAR, "", ZERO, NO)                     \
    X(after_neighbour_by_other, "mov 8(%rdi), %rdx\n mov %rdi, %rcx\n",                            \
      "mov (%rcx), %rax\n mov %rax, use_variable(%rip)\n" CLEAR, "", ZERO, YES)                    \
    X(after_neighbour_and_change, "mov 8(%rdi), %rdx\n mov %rdi, %rcx\n mov %rcx, %rdi\n",         \
      "mov (%rdi), %rax\n mov %rax, use_variable(%rip)\n" CLEAR, "", ZERO, YES)                    \
    X(after_neighbour_far_back, "mov 8(%rdi), %rdx\n .rept 45\n nop\n .endr\n",                    \
      "mov (%rdi), %rax\n mov %rax, use_variable(%rip)\n" CLEAR, "", ZERO, YES)

/* Of each four bytes the lowest was written. */
#define PARTS(X)                                                                                   \
    X(part_taken, "", "mov (%rdi), %eax\n and $0xff, %eax\n test %eax, %eax\n je 1f\n1:", "",      \
      ZERO, NO)                                                                                    \
    X(part_not_written, "",                                                                        \
      "mov (%rdi), %eax\n and $0xff00, %eax\n test %eax, %eax\n je 1f\n1:", "", ZERO, YES)         \
    X(part_by_shift, "", "mov (%rdi), %eax\n shr $8, %eax\n test %eax, %eax\n je 1f\n1:", "",      \
      ZERO, YES)                                                                                   \
    X(part_shifted_out, "", "mov (%rdi), %eax\n shl $24, %eax\n test %eax, %eax\n je 1f\n1:", "",  \
      ZERO, NO)                                                                                    \
    X(part_extended, "", "mov (%rdi), %eax\n movzbl %al, %eax\n test %eax, %eax\n je 1f\n1:", "",  \
      ZERO, NO)                                                                                    \
    X(part_as_argument, "", "mov (%rdi), %edi\n shr $8, %edi\n call use_library", "", ZERO, YES)   \
    X(part_tested, "", "testl $0x81, (%rdi)\n je 1f\n1:", "", ZERO, NO)                            \
    X(part_not_written_tested, "", "testl $0x180, (%rdi)\n je 1f\n1:", "", ZERO, YES)              \
    X(whole_compared, "", "cmpl $0, (%rdi)\n je 1f\n1:", "", ZERO, YES)                            \
    X(whole_decided, "", "cmpl $0, (%rdi)\n je 1f\n1: xor %eax, %eax", "", ONE, NO)                \
    X(whole_ordered, "", "cmpl $0, (%rdi)\n jl 1f\n1:", "", ONE, YES)                              \
    X(whole_stored, "", "mov (%rdi), %eax\n mov %eax, use_variable(%rip)\n" CLEAR, "", ZERO, NO)   \
    X(whole_put_back, "", "mov (%rdi), %eax\n or $1, %eax\n mov %eax, (%rdi)", "", ZERO, NO)       \
    X(whole_by_stack, FRAME,                                                                       \
      "mov (%rdi), %eax\n mov %eax, -16(%rbp)\n mov -16(%rbp), %ecx\n test $0x100, %ecx\n"         \
      "je 1f\n1:",                                                                                 \
      LEAVE, ZERO, YES)                                                                            \
    X(whole_added, "", "mov (%rdi), %eax\n add $1, %eax", "", ZERO, NO)                            \
    X(whole_as_index, "", "mov (%rdi), %rax\n mov (%rsi,%rax,8), %ecx", "", ZERO, YES)             \
    X(whole_as_argument, "", "mov (%rdi), %edi\n call use_library", "", ZERO, NO)                  \
    X(part_in_vector, "", "movups (%rdi), %xmm0\n paddd %xmm0, %xmm0", "", ZERO, NO)               \
    X(part_of_string, "mov %rdi, %rdx\n", "cmpsl", "mov %rdx, %rdi\n", ZERO, NO)                   \
    X(part_of_sum_in_memory, "", "addl $1, (%rdi)", "", ZERO, NO)                                  \
    X(part_followed_so_far, "",                                                                    \
      "mov (%rdi), %eax\n .rept 22\n nop\n .endr\n test $0x100, %eax\n je 1f\n1:", "", ZERO, YES)  \
    X(part_followed_no_farther, "",                                                                \
      "mov (%rdi), %eax\n .rept 23\n nop\n .endr\n test $0x100, %eax\n je 1f\n1:", "", ZERO, NO)

#define CODE(name, before, code, after, value, verdict)                                            \
    void run_##name(void);                                                                         \
    void at_##name(void);                                                                          \
    void end_##name(void);                                                                         \
    __asm__(".text\n.globl run_" #name ", at_" #name ", end_" #name "\nrun_" #name ":\n" before    \
            "at_" #name ":\n" code "\nend_" #name ":\n" after "ret\n");
WHOLE(CODE)
AFTER_ANOTHER(CODE)
PARTS(CODE)

typedef struct piece {
    const char *name;
    void (*run)(void);
    void (*at)(void);
    void (*end)(void);
    int value;
    lm_use verdict;
} piece;

#define PIECE(name, before, code, after, value, verdict)                                           \
    {#name, run_##name, at_##name, end_##name, value, verdict},
static const piece whole[] = {WHOLE(PIECE)};
static const piece after_another[] = {AFTER_ANOTHER(PIECE)};
static const piece parts[] = {PARTS(PIECE)};

/* ---- Following ----------------------------------------------------------------------------------- */

static struct {
    const piece *piece;
    uint64_t written; /* bits of the value */
    lm_read before;
    bool begun;
    lm_watch watch;
    lm_use verdict;
} now;

static unsigned char *const value = heap + 1024, *const other = heap + 2048;

static lm_use begin(const lm_halt *m) {
    const lm_touch *touch = &m->deed.touch[0];
    uint64_t loaded = 0;
    memcpy(&loaded, (const void *)touch->at, touch->bytes < 8 ? touch->bytes : 8);
    const uint64_t all = lm_bits_ones(touch->bytes);
    const lm_bits bits = {.unwritten = all & ~now.written, .written = all & now.written};
    return lm_use_begin(&now.watch, m, touch, &now.before, &bits, loaded);
}

static void on_step(int number, siginfo_t *info, void *context) {
    const uintptr_t pc = lm_halt_pc(context);
    lm_halt m;
    (void)number, (void)info;
    if (!now.begun && pc != (uintptr_t)now.piece->at)
        return;
    lm_halt_read_here(context, &m);
    if (!now.begun)
        now.verdict = begin(&m);
    else if (pc != (uintptr_t)now.piece->end)
        now.verdict = lm_use_look(&now.watch, &m);
    now.begun = true;
    if (now.verdict != LM_USE_WATCH || pc == (uintptr_t)now.piece->end)
        lm_halt_single(context, false);
}

static void run(const piece *p) {
    const uintptr_t values[] = {0, (uintptr_t)value, (uintptr_t)use_library, 1};
    memset(heap, 0, sizeof heap);
    memcpy(value, &values[p->value], sizeof values[0]);
    now.piece = p;
    now.begun = false;
    now.verdict = LM_USE_WATCH;
    const void *first = value, *second = other;
    __asm__ volatile("sub $128, %%rsp\n pushfq\n orl $0x100, (%%rsp)\n popfq\n call *%2\n"
                     "pushfq\n andl $~0x100, (%%rsp)\n popfq\n add $128, %%rsp"
                     : "+D"(first), "+S"(second)
                     : "b"(p->run)
                     : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r15", "xmm0", "xmm1", "xmm7",
                       "memory", "cc");
}

static void check(const piece *pieces, size_t count) {
    static const char *const verdicts[] = {"not used", "used", "not decided"};
    const struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    struct sigaction before;
    bool failed = false;
    assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
    for (size_t i = 0; i < count; i++) {
        const piece *p = &pieces[i];
        now.before.pc = now.before.pc ? (uintptr_t)p->run : 0;
        run(p);
        if (!now.begun || now.verdict != p->verdict) {
            print_error("%s: %s\n", p->name, now.begun ? verdicts[now.verdict] : "not run");
            failed = true;
        }
    }
    sigaction(SIGTRAP, &before, NULL);
    assert_false(failed);
}

static void set(uint64_t written, bool after) {
    now.written = written;
    now.before = (lm_read){after, (uintptr_t)value + 8, 8};
}

static void of_what_was_never_written(void **state) {
    (void)state;
    set(0, false);
    check(whole, sizeof whole / sizeof whole[0]);
}

static void after_another_read(void **state) {
    (void)state;
    set(0, true);
    check(after_another, sizeof after_another / sizeof after_another[0]);
}

static void of_what_was_written_in_part(void **state) {
    (void)state;
    set(0x000000ff000000ff, false);
    check(parts, sizeof parts / sizeof parts[0]);
}

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_catch_seam.is_library = is_library;
    return 0;
}

#endif

int main(void) {
#if defined(__x86_64__)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_what_was_never_written),
        cmocka_unit_test(after_another_read),
        cmocka_unit_test(of_what_was_written_in_part),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
#endif
}
