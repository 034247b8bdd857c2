#include "support/unit.h"

#include "check/decode.h"

#if defined(__x86_64__)

enum { R = LM_READS, W = LM_WRITES, RW = LM_READS | LM_WRITES, NONE = 0 };
enum { BASE = 0x10000, PC = 0x400000 };

typedef struct expected {
    const char *text, *code;
    size_t length, bytes;
    unsigned how;
    uintptr_t at;
    lm_effect effect;
} expected;

/* Register n holds BASE * (n + 1); rcx 3. */
static const expected table[] = {
    {"mov eax,[rdi+4]", "\x8b\x47\x04", 3, 4, R, BASE * 8 + 4, LM_EFFECT_MOVE},
    {"mov rax,[r8+r9*8-8]", "\x4b\x8b\x44\xc8\xf8", 5, 8, R, BASE * 9 + BASE * 80 - 8,
     LM_EFFECT_MOVE},
    {"mov [rsi],al", "\x88\x06", 2, 1, W, BASE * 7, LM_EFFECT_MOVE},
    {"mov word [rdx],0x1234", "\x66\xc7\x02\x34\x12", 5, 2, W, BASE * 3, LM_EFFECT_MOVE},
    {"mov dword [rip+0x10],5", "\xc7\x05\x10\x00\x00\x00\x05\x00\x00\x00", 10, 4, W, PC + 26,
     LM_EFFECT_MOVE},
    {"add [rax],ecx", "\x01\x08", 2, 4, RW, BASE, LM_EFFECT_USE},
    {"or byte [rax],1", "\x80\x08\x01", 3, 1, RW, BASE, LM_EFFECT_LOGIC},
    {"cmp [rax],ecx", "\x39\x08", 2, 4, R, BASE, LM_EFFECT_USE},
    {"test byte [rax],4", "\xf6\x00\x04", 3, 1, R, BASE, LM_EFFECT_USE},
    {"movzx eax,byte [rbx]", "\x0f\xb6\x03", 3, 1, R, BASE * 4, LM_EFFECT_MOVE},
    {"movsxd rax,[rbx]", "\x48\x63\x03", 3, 4, R, BASE * 4, LM_EFFECT_MOVE},
    {"movsd xmm0,[rax]", "\xf2\x0f\x10\x00", 4, 8, R, BASE, LM_EFFECT_MOVE},
    {"movss [rax],xmm1", "\xf3\x0f\x11\x08", 4, 4, W, BASE, LM_EFFECT_MOVE},
    {"addsd xmm0,[rax]", "\xf2\x0f\x58\x00", 4, 8, R, BASE, LM_EFFECT_USE},
    {"movups xmm0,[rax]", "\x0f\x10\x00", 3, 16, R, BASE, LM_EFFECT_MOVE},
    {"movdqu [rax],xmm2", "\xf3\x0f\x7f\x10", 4, 16, W, BASE, LM_EFFECT_MOVE},
    {"movq xmm0,[rax]", "\xf3\x0f\x7e\x00", 4, 8, R, BASE, LM_EFFECT_MOVE},
    {"cvtsi2sd xmm0,dword [rax]", "\xf2\x0f\x2a\x00", 4, 4, R, BASE, LM_EFFECT_USE},
    {"vmovdqu ymm0,[rax]", "\xc5\xfe\x6f\x00", 4, 32, R, BASE, LM_EFFECT_MOVE},
    {"vmovdqu64 zmm16,[rax+0x40]", "\x62\xe1\xfe\x48\x6f\x40\x01", 7, 64, R, BASE + 64,
     LM_EFFECT_MOVE},
    {"lea rax,[rdi+8]", "\x48\x8d\x47\x08", 4, 0, NONE, 0, LM_EFFECT_MOVE},
    {"prefetcht0 [rax]", "\x0f\x18\x08", 3, 0, NONE, 0, LM_EFFECT_MOVE},
    {"push rax", "\x50", 1, 8, W, BASE * 5 - 8, LM_EFFECT_MOVE},
    {"call +5", "\xe8\x05\x00\x00\x00", 5, 8, W, BASE * 5 - 8, LM_EFFECT_MOVE},
    {"rep stosb", "\xf3\xaa", 2, 3, W, BASE * 8, LM_EFFECT_MOVE},
    {"stosq", "\x48\xab", 2, 8, W, BASE * 8, LM_EFFECT_MOVE},
    {"lock cmpxchg [rdi],ecx", "\xf0\x0f\xb1\x0f", 4, 4, RW, BASE * 8, LM_EFFECT_USE},
    {"fld tword [rax]", "\xdb\x28", 2, 10, R, BASE, LM_EFFECT_MOVE},
    {"bt [rdi],rcx: bit 3", "\x48\x0f\xa3\x0f", 4, 8, R, BASE * 8, LM_EFFECT_USE},
};

static void set_registers(uintptr_t *general) {
    for (unsigned i = 0; i < LM_GENERAL_REGISTERS; i++)
        general[i] = (uintptr_t)BASE * (i + 1);
    general[LM_RCX] = 3;
}

static void instructions(void **state) {
    uintptr_t general[LM_GENERAL_REGISTERS];
    (void)state;
    set_registers(general);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const expected *e = &table[i];
        lm_instruction in;
        lm_deed deed;
        print_message("%s\n", e->text);
        assert_true(lm_decode((const unsigned char *)e->code, 15, &in));
        assert_int_equal(in.length, e->length);
        assert_true(lm_decode_deed(&in, general, PC, false, &deed));
        assert_int_equal(deed.touches, e->bytes ? 1 : 0);
        if (e->bytes) {
            assert_int_equal(deed.touch[0].at, e->at);
            assert_int_equal(deed.touch[0].bytes, e->bytes);
            assert_int_equal(deed.touch[0].how, e->how);
            assert_int_equal(deed.effect, e->effect);
        }
    }
}

static void two_operands(void **state) {
    uintptr_t general[LM_GENERAL_REGISTERS];
    lm_instruction in;
    lm_deed deed;
    (void)state;
    set_registers(general);
    assert_true(lm_decode((const unsigned char *)"\xf3\x48\xa5", 3, &in)); /* rep movsq */
    assert_true(lm_decode_deed(&in, general, PC, true, &deed));
    assert_int_equal(deed.touches, 2);
    assert_int_equal(deed.touch[0].at, BASE * 7 - 16); /* backward */
    assert_int_equal(deed.touch[0].bytes, 24);
    assert_int_equal(deed.touch[1].at, BASE * 8 - 16);
    assert_int_equal(deed.touch[1].how, W);
}

/* Gathers, segments, masks and other processors' extensions: no judgement. */
static void not_understood(void **state) {
    static const char *const codes[] = {
        "\x64\x8b\x04\x25\x28\x00\x00\x00", /* mov eax, fs:0x28 */
        "\xc4\xe2\x69\x90\x04\x08",         /* vpgatherdd */
        "\x62\xf1\x7f\x49\x7f\x00",         /* vmovdqu8 [rax]{k1}, zmm0 */
        "\x0f\xae\x20",                     /* xsave [rax] */
    };
    uintptr_t general[LM_GENERAL_REGISTERS];
    lm_instruction in;
    lm_deed deed;
    (void)state;
    set_registers(general);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const bool decoded = lm_decode((const unsigned char *)codes[i], 15, &in);
        assert_false(decoded && lm_decode_deed(&in, general, PC, false, &deed));
    }
    assert_false(lm_decode((const unsigned char *)"\x8b", 1, &in)); /* cut short */
}

static void registers(void **state) {
    lm_instruction in;
    lm_register_set reads, writes;
    (void)state;
    assert_true(lm_decode((const unsigned char *)"\x8b\x47\x04", 3, &in));
    assert_true(lm_decode_registers(&in, &reads, &writes));
    assert_int_equal(reads, LM_GENERAL(LM_RDI));
    assert_int_equal(writes, LM_GENERAL(LM_RAX));
    assert_true(lm_decode((const unsigned char *)"\x31\xc0", 2, &in)); /* xor eax,eax */
    assert_true(lm_decode_registers(&in, &reads, &writes));
    assert_int_equal(reads, 0);
    assert_int_equal(writes, LM_GENERAL(LM_RAX));
    assert_true(lm_decode((const unsigned char *)"\xf2\x0f\x58\xca", 4, &in)); /* addsd xmm1,xmm2 */
    assert_true(lm_decode_registers(&in, &reads, &writes));
    assert_int_equal(reads, LM_VECTOR(1) | LM_VECTOR(2));
    assert_int_equal(writes, LM_VECTOR(1));
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
        cmocka_unit_test(instructions),
        cmocka_unit_test(two_operands),
        cmocka_unit_test(not_understood),
        cmocka_unit_test(registers),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
