/* What an instruction's operand in memory is: the assembler says how long each is, and the processor, which runs
 * it at the end of what can be read or written, how many bytes it touches, and whether it writes. */
#include "support/unit.h"

#include "check/decode_operand.h"
#include "os/os.h"
#include "support/child.h"
#include "support/operands.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__x86_64__)

static const unsigned char *code_of(const operand *o) {
    return (const unsigned char *)(uintptr_t)o->at;
}

static void as_the_tables_say(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof operands / sizeof operands[0]; i++) {
        const operand *o = &operands[i];
        const size_t length = (uintptr_t)o->end - (uintptr_t)o->at;
        lm_instruction in;
        lm_memory m;
        if (!lm_decode(code_of(o), length, &in) || in.length != length || !in.memory)
            fail_msg("%s isn't decoded: %u bytes of %zu", o->text, in.length, length);
        for (size_t less = 0; less < length; less++)
            assert_false(lm_decode(code_of(o), less, &in)); /* cut short */
        assert_true(lm_decode(code_of(o), SIZE_MAX, &in));
        if (!lm_decode_operand(&in, &m))
            fail_msg("%s isn't understood", o->text);
        if (m.bytes != o->bytes || m.how != o->how || m.effect != o->effect)
            fail_msg("%s: %zu bytes, how %u, effect %d", o->text, m.bytes, m.how, (int)m.effect);
    }
}

static void not_understood(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        lm_instruction in;
        lm_memory m;
        if (lm_decode(code_of(&strange[i]), SIZE_MAX, &in) && lm_decode_operand(&in, &m))
            fail_msg("%s is said to be understood", strange[i].text);
    }
}

/* ---- What the processor does --------------------------------------------------------------------- */

static bool has(const char *feature) {
    const struct {
        const char *name;
        bool is;
    } features[] = {{"", true},
                    {"no", false}, /* its last bytes are nobody's: processors needn't touch them */
                    {"popcnt", __builtin_cpu_supports("popcnt")},
                    {"bmi", __builtin_cpu_supports("bmi")},
                    {"bmi2", __builtin_cpu_supports("bmi2")},
                    {"sse3", __builtin_cpu_supports("sse3")},
                    {"ssse3", __builtin_cpu_supports("ssse3")},
                    {"sse4.1", __builtin_cpu_supports("sse4.1")},
                    {"sse4.2", __builtin_cpu_supports("sse4.2")},
                    {"avx", __builtin_cpu_supports("avx")},
                    {"avx2", __builtin_cpu_supports("avx2")},
                    {"fma", __builtin_cpu_supports("fma")},
                    {"avx512f", __builtin_cpu_supports("avx512f")},
                    {"avx512vl", __builtin_cpu_supports("avx512vl")}};
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (strcmp(features[i].name, feature) == 0)
            return features[i].is;
    abort();
}

static char *pages; /* one that can be touched, and one that can't */
static sigjmp_buf back;
static uintptr_t fault; /* its address */
static bool wrote;

static void on_fault(int number, siginfo_t *info, void *context) {
    enum { WRITE = 2 };
    (void)number;
    fault = (uintptr_t)info->si_addr;
    wrote = ((const ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & WRITE;
    siglongjmp(back, 1);
}

/* False: it faulted. */
static bool runs(const operand *o, char *at) {
    const unsigned mode = 0x1f80;
    const bool through = sigsetjmp(back, 1) == 0;
    if (through)
        o->run(at);
    __asm__ volatile("fninit\n ldmxcsr %0" : : "m"(mode));
    if (o->needs[0] == 'a' || o->needs[0] == 'f')
        __asm__ volatile(".byte 0xc5, 0xf8, 0x77"); /* vzeroupper */
    return through;
}

/* The control word of floating point again and again: any operand is a fair number, and a fair mode. */
static void fill(char *end) {
    const unsigned mode = 0x1f80;
    mprotect(pages, lm_os.page, PROT_READ | PROT_WRITE);
    for (char *at = end; at >= pages + sizeof mode; at -= sizeof mode)
        memcpy(at - sizeof mode, &mode, sizeof mode);
}

/* Of what must be aligned the next byte is as far away as it may be. */
static bool reaches_beyond(const operand *o, char *at, const char *end) {
    static const unsigned char steps[] = {1, 16, 32, 64};
    for (size_t i = 0; i < sizeof steps; i++) {
        if (runs(o, at + steps[i]))
            return false;
        if (fault == (uintptr_t)end)
            return true;
    }
    return false;
}

/* 0, or the number of the first that differs, plus 1. */
static int on_the_processor(void *argument) {
    const size_t from = *(size_t *)argument;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    for (size_t i = from; i < sizeof operands / sizeof operands[0] && i < from + 100; i++) {
        const operand *o = &operands[i];
        char *end = pages + lm_os.page, *at = end - o->bytes;
        if (!has(o->needs))
            continue;
        fill(end);
        const bool fits = runs(o, at);
        fill(end);
        if (!fits || (o->bytes == 0 && !runs(o, at + 1)))
            return (int)(i - from) + 1;
        if (o->bytes > 0 && (!reaches_beyond(o, at, end) || wrote != ((o->how & LM_WRITES) != 0)))
            return (int)(i - from) + 1;
        fill(end);
        mprotect(pages, lm_os.page, PROT_READ);
        if (runs(o, at) == ((o->how & LM_WRITES) != 0))
            return (int)(i - from) + 1;
    }
    return 0;
}

static void as_the_processor_does(void **state) {
    (void)state;
    pages = mmap(NULL, 2 * lm_os.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + lm_os.page, lm_os.page, PROT_NONE), 0);
    for (size_t from = 0; from < sizeof operands / sizeof operands[0]; from += 100) {
        const int failed = in_child(on_the_processor, &from);
        if (failed > 0)
            fail_msg("%s is another than the processor's",
                     operands[from + (size_t)failed - 1].text);
        assert_int_equal(failed, 0);
    }
    munmap(pages, 2 * lm_os.page);
}

/* Registers in memory's stead: as lm_decode_effect asks. */
static void without_memory(void **state) {
    static const struct {
        const char *code;
        lm_effect effect;
    } table[] = {
        {"\x89\xc1", MOVE}, {"\x01\xc1", USE}, {"\x31\xc1", LOGIC}, {"\x0f\xb6\xc1", MOVE}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        lm_instruction in;
        lm_memory m;
        assert_true(lm_decode((const unsigned char *)table[i].code, 3, &in) && !in.memory);
        assert_true(lm_decode_operand(&in, &m));
        assert_int_equal(m.effect, table[i].effect);
    }
}

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

#endif

int main(void) {
#if defined(__x86_64__)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_tables_say),
        cmocka_unit_test(not_understood),
        cmocka_unit_test(as_the_processor_does),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
#endif
}
