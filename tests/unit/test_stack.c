#include "support/unit.h"

#include "stack/stack.h"
#include "support/child.h"
#include "support/thread.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define NOINLINE __attribute__((noinline))

enum { FRAMES = 100, SHAPES = 5, SIGNAL_STACK = 64 << 10 };

static uintptr_t frames[FRAMES];
static size_t count;
static uintptr_t returns[4 * FRAMES]; /* what each function knows of its own return address */
static size_t return_count;
static volatile int after; /* keeps calls from becoming jumps */

static void note_return(void *address) {
    returns[return_count++] = (uintptr_t)address;
}

/* Twice: what the first reads in the tables, the second remembers. */
static NOINLINE void capture(void) {
    uintptr_t first[FRAMES];
    return_count = 0;
    note_return(__builtin_return_address(0));
    const size_t first_count = lm_stack_capture(first, FRAMES);
    count = lm_stack_capture(frames, FRAMES);
    assert_int_equal(count, first_count);
    assert_memory_equal(&first[1], &frames[1], (count - 1) * sizeof first[0]);
}

/* The functions' own return addresses are the frames behind the first, which is in capture(). */
static void check_returns(void) {
    assert_true(count > return_count);
    for (size_t i = 0; i < return_count; i++)
        assert_int_equal(frames[i + 1], returns[i]);
}

/* From the second frame on it is what the C library says. */
static void check_like_backtrace(void) {
    void *theirs[FRAMES];
    uintptr_t ours[FRAMES];
    const size_t our_count = lm_stack_capture(ours, FRAMES);
    const size_t their_count = (size_t)backtrace(theirs, FRAMES);
    size_t skip = 1; /* a sanitizer's own function may be the first */
    while (skip < their_count && (uintptr_t)theirs[skip] != ours[1])
        skip++;
    assert_int_equal(their_count - skip, our_count - 1);
    for (size_t i = 1; i < our_count; i++)
        assert_int_equal(ours[i], (uintptr_t)theirs[i - 1 + skip]);
}

/* ---- Functions of all shapes ----------------------------------------------------------------- */

static void (*inmost)(void) = capture;
static NOINLINE void call_shape(int left);

static NOINLINE void plain(int left) {
    call_shape(left);
    note_return(__builtin_return_address(0));
    after++;
}

/* Its stack pointer moves, so it needs a frame pointer. */
static NOINLINE void with_frame_pointer(int left) {
    char *block = __builtin_alloca((size_t)(left + 1) * 24);
    memset(block, left, 24);
    call_shape(left);
    note_return(__builtin_return_address(0));
    after += block[1];
}

/* It aligns its stack, which compilers describe by expressions. */
static NOINLINE void aligned(int left) {
    _Alignas(256) volatile char block[512];
    block[0] = (char)left;
    block[511] = block[0];
    call_shape(left);
    note_return(__builtin_return_address(0));
    after += block[511];
}

static NOINLINE void aligned_and_moving(int left) {
    _Alignas(128) volatile char block[256];
    char *more = __builtin_alloca((size_t)(left + 1) * 40);
    block[255] = (char)left;
    memset(more, left, 40);
    call_shape(left);
    note_return(__builtin_return_address(0));
    after += block[255] + more[2];
}

static NOINLINE void with_many_values(int left) {
    unsigned a = (unsigned)after, b = a * 3, c = b ^ 77, d = c + a, e = d * b, f = e - c;
    call_shape(left);
    note_return(__builtin_return_address(0));
    after = (int)((a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6) % 1000) + left;
}

static NOINLINE void call_shape(int left) {
    static void (*const shapes[SHAPES])(int) = {plain, with_frame_pointer, aligned,
                                                aligned_and_moving, with_many_values};
    if (left == 0)
        inmost();
    else
        shapes[left % SHAPES](left - 1);
    note_return(__builtin_return_address(0));
    after++;
}

static void finds_functions_of_all_shapes(void **state) {
    (void)state;
    call_shape(2 * SHAPES);
    check_returns();
    assert_int_equal(return_count, 2 + 4 * SHAPES);
    inmost = check_like_backtrace;
    call_shape(2 * SHAPES);
    inmost = capture;
}

/* ---- Through the C library ------------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
    check_like_backtrace();
    return *(const int *)a - *(const int *)b;
}

static void goes_through_the_c_library(void **state) {
    int numbers[] = {3, 1, 2};
    (void)state;
    qsort(numbers, 3, sizeof numbers[0], compare);
    assert_int_equal(numbers[0], 1);
}

static void stops_at_max(void **state) {
    uintptr_t few[4] = {0, 0, 0, 47};
    (void)state;
    assert_int_equal(lm_stack_capture(few, 0), 0);
    assert_int_equal(lm_stack_capture(few, 3), 3);
    assert_int_equal(few[3], 47);
    call_shape(FRAMES);
    assert_int_equal(count, FRAMES);
    for (size_t i = 0; i < FRAMES - 1; i++)
        assert_int_equal(frames[i + 1], returns[i]);
}

static void leaves_errno_alone(void **state) {
    (void)state;
    errno = 4711;
    capture();
    assert_int_equal(errno, 4711);
}

/* ---- Threads, coroutines, signals ------------------------------------------------------------ */

static void *work(void *argument) {
    call_shape(SHAPES);
    check_returns();
    check_like_backtrace();
    return argument;
}

static void works_in_threads(void **state) {
    assert_non_null(in_thread(work, state));
}

static ucontext_t outside, coroutine;

static void in_coroutine(void) {
    call_shape(SHAPES);
    check_returns();
    swapcontext(&coroutine, &outside);
    call_shape(3);
    check_returns();
}

static void run_coroutine(char *stack, size_t size) {
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = size;
    coroutine.uc_link = &outside;
    makecontext(&coroutine, in_coroutine, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(swapcontext(&outside, &coroutine), 0);
        /* The C library starts it, and nothing is behind that. */
        assert_true(count <= return_count + 4);
    }
}

/* The coroutine's stack ends at a page that can't be read. */
static void works_in_coroutines(void **state) {
    enum { SIZE = 128 << 10, GUARD = 64 << 10 };
    (void)state;
    char *stack =
        mmap(NULL, SIZE + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(stack, MAP_FAILED);
    assert_int_equal(mprotect(stack + SIZE, GUARD, PROT_NONE), 0);
    run_coroutine(stack, SIZE);
    munmap(stack, SIZE + GUARD);
}

static void *coroutines_in_thread(void *argument) {
    works_in_coroutines(NULL);
    return argument;
}

static void works_in_coroutines_of_threads(void **state) {
    assert_non_null(in_thread(coroutines_in_thread, state));
}

static int handler_depth;

static void handle(int number) {
    (void)number;
    call_shape(3);
    check_returns();
    handler_depth = (int)count;
    check_like_backtrace();
}

static NOINLINE void interrupt(void) {
    raise(SIGUSR1);
    note_return(__builtin_return_address(0));
    after++;
}

/* The function that the signal interrupted is among the frames. */
static NOINLINE void check_interrupted(void) {
    return_count = 0;
    interrupt();
    const uintptr_t wanted = returns[return_count - 1];
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += frames[i] == wanted;
    assert_int_equal(found, 1);
}

static void goes_through_signal_handlers(void **state) {
    struct sigaction action = {.sa_handler = handle};
    (void)state;
    sigaction(SIGUSR1, &action, NULL);
    check_interrupted();
    const int depth = handler_depth;

    stack_t other = {.ss_sp = malloc(SIGNAL_STACK), .ss_size = SIGNAL_STACK};
    assert_int_equal(sigaltstack(&other, NULL), 0);
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, NULL);
    check_interrupted();
    assert_int_equal(handler_depth, depth);
    void *stack = other.ss_sp;
    other.ss_flags = SS_DISABLE;
    sigaltstack(&other, NULL);
    free(stack);
    signal(SIGUSR1, SIG_DFL);
}

/* ---- What a signal interrupted --------------------------------------------------------------- */

#if defined(__x86_64__) || defined(__aarch64__)
static uintptr_t interrupted[FRAMES];
static size_t interrupted_count;

static void take_interrupted(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    interrupted_count = lm_stack_capture_from(context, interrupted, FRAMES);
}

static NOINLINE void raise_here(void) {
    raise(SIGUSR1);
    note_return(__builtin_return_address(0));
    after++;
}

static void check_found(uintptr_t wanted) {
    size_t found = 0;
    for (size_t i = 1; i < interrupted_count; i++)
        found += interrupted[i] == wanted;
    assert_int_equal(found, 1);
}

/* From a handler on the same stack and on another; all that it gives is below the handler. */
static void finds_what_a_signal_interrupted(void **state) {
    struct sigaction action = {.sa_sigaction = take_interrupted, .sa_flags = SA_SIGINFO};
    stack_t other = {.ss_sp = malloc(SIGNAL_STACK), .ss_size = SIGNAL_STACK};
    (void)state;
    assert_int_equal(sigaltstack(&other, NULL), 0);
    for (int turn = 0; turn < 2; turn++) {
        action.sa_flags ^= turn ? SA_ONSTACK : 0;
        sigaction(SIGUSR1, &action, NULL);
        return_count = 0;
        raise_here();
        check_found(returns[0]);
        uintptr_t handler;
        memcpy(&handler, &action.sa_sigaction, sizeof handler);
        for (size_t i = 0; i < interrupted_count; i++)
            assert_false(interrupted[i] - handler < 16);
    }
    void *stack = other.ss_sp;
    other.ss_flags = SS_DISABLE;
    sigaltstack(&other, NULL);
    free(stack);
    signal(SIGUSR1, SIG_DFL);
}

static sigjmp_buf back;

static void leave_fault(int number, siginfo_t *info, void *context) {
    take_interrupted(number, info, context);
    siglongjmp(back, 1);
}

static NOINLINE void write_to(volatile int *place) {
    note_return(__builtin_return_address(0));
    atomic_signal_fence(memory_order_seq_cst);
    *place = 1;
    after++;
}

static NOINLINE void call_nothing(void (*volatile *function)(void)) {
    note_return(__builtin_return_address(0));
    atomic_signal_fence(memory_order_seq_cst);
    (*function)();
    after++;
}

static void on_fault(void) {
    struct sigaction action = {.sa_sigaction = leave_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    return_count = 0;
    sigaction(SIGSEGV, &action, NULL);
}

/* The place of the access is in write_to, which returns to this function. */
static void finds_a_faulting_access(void **state) {
    volatile int *volatile nowhere = NULL;
    (void)state;
    on_fault();
    if (sigsetjmp(back, 1) == 0)
        write_to(nowhere);
    signal(SIGSEGV, SIG_DFL);
    assert_true(interrupted_count > 2);
    assert_int_equal(interrupted[1], returns[0]);
}

#ifdef __x86_64__
/* The place is 0; its caller is in call_nothing, whose caller is this function. */
static void finds_who_called_what_is_no_code(void **state) {
    void (*volatile nothing)(void) = NULL;
    (void)state;
    on_fault();
    if (sigsetjmp(back, 1) == 0)
        call_nothing(&nothing);
    signal(SIGSEGV, SIG_DFL);
    assert_true(interrupted_count > 3);
    assert_int_equal(interrupted[0], 0);
    assert_int_equal(interrupted[2], returns[0]);
}
#endif
#endif

/* ---- Code that nobody describes -------------------------------------------------------------- */

#ifdef __x86_64__

typedef void made_up(void (*function)(void), uintptr_t frame_pointer);

/* push rbp; mov rbp, rsi; call rdi; pop rbp; ret */
static const unsigned char with_garbage[] = {0x55, 0x48, 0x89, 0xf5, 0xff, 0xd7, 0x5d, 0xc3};
/* push rbp; mov rbp, rsp; call rdi; pop rbp; ret */
static const unsigned char with_chain[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};

static unsigned char *code_page;

static made_up *make_up(const unsigned char *code, size_t size) {
    if (!code_page)
        code_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(code_page, MAP_FAILED);
    memcpy(code_page, code, size);
    made_up *function;
    const void *at = code_page;
    memcpy(&function, &at, sizeof function);
    return function;
}

#ifdef __clang__
#define ANY_FUNCTION __attribute__((no_sanitize("function")))
#else
#define ANY_FUNCTION
#endif

static NOINLINE void capture_anything(void) {
    count = lm_stack_capture(frames, FRAMES);
    after++;
}

static ANY_FUNCTION void stops_at_unknown_code(void **state) {
    const uintptr_t bad[] = {0,
                             1,
                             8,
                             4096,
                             (uintptr_t)state | 1,
                             UINTPTR_MAX,
                             UINTPTR_MAX - 7,
                             UINTPTR_MAX - 15,
                             (uintptr_t)1 << 47,
                             (uintptr_t)&frames};
    made_up *function = make_up(with_garbage, sizeof with_garbage);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        function(capture, bad[i]);
        assert_int_equal(count, 2);
        check_returns();
        assert_true(frames[1] - (uintptr_t)code_page < sizeof with_garbage);
    }
    /* Any place of the stack, up to its end and beyond: what lies there may look like a caller. */
    for (uintptr_t at = (uintptr_t)&function & ~(uintptr_t)7, i = 0; i < 100000; i += 8) {
        function(capture_anything, at + i);
        assert_true(count >= 2);
    }
}

static NOINLINE ANY_FUNCTION void call_made_up(made_up *function) {
    function(capture, 0);
    note_return(__builtin_return_address(0));
    after++;
}

static void follows_frame_pointers(void **state) {
    (void)state;
    call_made_up(make_up(with_chain, sizeof with_chain));
    assert_true(count > 4);
    assert_int_equal(frames[3], returns[1]);
}

static void *unknown_code_in_thread(void *argument) {
    stops_at_unknown_code(argument);
    return argument;
}

static void stops_at_unknown_code_in_threads(void **state) {
    assert_non_null(in_thread(unknown_code_in_thread, state));
}

/* As the lazy binder does: the frame ends where rbx says, which the walk must have kept track of. */
void cfa_in_rbx(void (*function)(void));
__asm__(".text\n"
        ".type cfa_in_rbx, @function\n"
        "cfa_in_rbx:\n"
        "    .cfi_startproc\n"
        "    pushq %rbx\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_rel_offset %rbx, 0\n"
        "    movq %rsp, %rbx\n"
        "    .cfi_def_cfa_register %rbx\n"
        "    subq $1024, %rsp\n"
        "    andq $-64, %rsp\n"
        "    callq *%rdi\n"
        "    movq %rbx, %rsp\n"
        "    .cfi_def_cfa_register %rsp\n"
        "    popq %rbx\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_restore %rbx\n"
        "    retq\n"
        "    .cfi_endproc\n"
        ".size cfa_in_rbx, . - cfa_in_rbx\n");

static NOINLINE void call_cfa_in_rbx(void (*function)(void)) {
    cfa_in_rbx(function);
    note_return(__builtin_return_address(0));
    after++;
}

static void shapes_in_between(void) {
    call_shape(SHAPES);
}

static void follows_rules_on_other_registers(void **state) {
    (void)state;
    call_cfa_in_rbx(shapes_in_between);
    const uintptr_t wanted = returns[return_count - 1];
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += frames[i] == wanted;
    assert_int_equal(found, 1);
    call_cfa_in_rbx(check_like_backtrace);
}

/* A jump to nowhere, with registers that lead nowhere: the handler's stack ends there. */
static void at_the_end(int number) {
    uintptr_t few[10];
    (void)number;
    const size_t found = lm_stack_capture(few, 10);
    _exit(found >= 2 && found < 8 ? 7 : 8); /* a sanitizer has a frame or two of its own */
}

static ANY_FUNCTION int jump_to_nowhere(void *argument) {
    (void)argument;
    /* xor esp, esp; mov rbp, rsi; jmp rbp */
    static const unsigned char jump[] = {0x31, 0xe4, 0x48, 0x89, 0xf5, 0xff, 0xe5};
    stack_t other = {.ss_sp = malloc(SIGNAL_STACK), .ss_size = SIGNAL_STACK};
    struct sigaction action = {.sa_handler = at_the_end, .sa_flags = SA_ONSTACK};
    sigaltstack(&other, NULL);
    sigaction(SIGSEGV, &action, NULL);
    make_up(jump, sizeof jump)(capture, 47);
    return 9;
}

static void stops_where_a_crash_left_nothing(void **state) {
    (void)state;
    assert_int_equal(in_child(jump_to_nowhere, NULL), 7);
}
#endif

int main(void) {
    void *first[1];
    backtrace(first, 1); /* it loads a library at its first call */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_functions_of_all_shapes),
        cmocka_unit_test(goes_through_the_c_library),
        cmocka_unit_test(stops_at_max),
        cmocka_unit_test(leaves_errno_alone),
        cmocka_unit_test(works_in_threads),
        cmocka_unit_test(works_in_coroutines),
        cmocka_unit_test(works_in_coroutines_of_threads),
        cmocka_unit_test(goes_through_signal_handlers),
#if defined(__x86_64__) || defined(__aarch64__)
        cmocka_unit_test(finds_what_a_signal_interrupted),
        cmocka_unit_test(finds_a_faulting_access),
#endif
#ifdef __x86_64__
        cmocka_unit_test(finds_who_called_what_is_no_code),
        cmocka_unit_test(stops_at_unknown_code),
        cmocka_unit_test(follows_frame_pointers),
        cmocka_unit_test(follows_rules_on_other_registers),
        cmocka_unit_test(stops_at_unknown_code_in_threads),
        cmocka_unit_test(stops_where_a_crash_left_nothing),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
