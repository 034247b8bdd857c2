/* What one instruction of the processor does to memory and registers: enough to say which bytes a fault was
 * about, and whether it only moves them. x86-64 only; elsewhere nothing is understood. What isn't understood
 * is never judged.
 *
 * Written for this: no library for it can be linked statically, and a handler of faults in a stranger's
 * process wants no library of its own. tests/unit/test_decode_operand.c holds it against the processor.
 *
 * Nothing here keeps state, allocates or calls the system. */
#ifndef LM_CHECK_DECODE_H
#define LM_CHECK_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LM_READS = 1, LM_WRITES = 2 };

/* Numbers of registers as instructions have them (rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, ...). */
enum { LM_RAX, LM_RCX, LM_RDX, LM_RBX, LM_RSP, LM_RBP, LM_RSI, LM_RDI, LM_GENERAL_REGISTERS = 16 };

/* Sets of registers: bit n is general register n, bit 16 + n vector register n. */
typedef uint32_t lm_register_set;
#define LM_GENERAL(n) ((lm_register_set)1 << ((n)&15))
#define LM_VECTOR(n)  ((lm_register_set)1 << (16 + ((n)&15)))

typedef enum lm_effect {
    LM_EFFECT_MOVE,  /* the bytes only go elsewhere, perhaps extended */
    LM_EFFECT_LOGIC, /* their bits go elsewhere: and, or, xor, shifts, shuffles */
    LM_EFFECT_USE,   /* the result depends on their value */
} lm_effect;

enum {
    LM_PREFIX_NONE = 0,
    LM_PREFIX_66 = 0x66,
    LM_PREFIX_F2 = 0xf2,
    LM_PREFIX_F3 = 0xf3,
    LM_NO_REGISTER = 0xff,
};

typedef struct lm_instruction {
    unsigned char length; /* bytes */
    unsigned char map;    /* 0: one byte; 1: 0F; 2: 0F 38; 3: 0F 3A */
    unsigned char op;     /* the last byte of the opcode */
    unsigned char prefix; /* the mandatory one: LM_PREFIX_ */
    unsigned char size;   /* bytes of a general operand: 2, 4 or 8 */
    unsigned char vector; /* bytes of a vector: 16, 32 or 64 */
    bool vex, evex, wide; /* wide: REX.W, VEX.W */
    bool rex, repeat, half_addresses, segment;
    bool has_modrm, memory, rip;
    bool broadcast;
    unsigned char mask;        /* EVEX: number of the mask register, 0: none */
    unsigned char mod;         /* of ModRM */
    unsigned char digit;       /* ModRM.reg without extension: says which of a group */
    unsigned char reg, rm;     /* registers, extended; rm is one only when `memory` is false */
    unsigned char vvvv;        /* VEX: the other source */
    unsigned char base, index; /* LM_NO_REGISTER: none */
    unsigned char scale;       /* 1, 2, 4, 8 */
    bool short_displacement;   /* EVEX: is to be multiplied by the operand's size */
    int64_t displacement;      /* or the whole address of a moffs */
    int64_t immediate;
} lm_instruction;

typedef struct lm_touch {
    uintptr_t at;
    size_t bytes;
    unsigned how; /* LM_READS | LM_WRITES */
} lm_touch;

enum { LM_TOUCHES_MOST = 2 };

/* What it will do in this state of the registers. */
typedef struct lm_deed {
    unsigned touches;
    lm_touch touch[LM_TOUCHES_MOST];
    lm_effect effect; /* on what is read */
    bool string;      /* movs, stos, ...: perhaps many times */
} lm_deed;

/* The instruction at `code`, of which `most` bytes can be read. False: not understood. */
bool lm_decode(const unsigned char *code, size_t most, lm_instruction *in);

/* Its accesses to memory. `general`: the registers; `pc`: where it stands; `backward`: the direction flag.
 * False: not understood, or memory whose address isn't known (segments, gathers, masks). */
bool lm_decode_deed(const lm_instruction *in, const uintptr_t general[LM_GENERAL_REGISTERS],
                    uintptr_t pc, bool backward, lm_deed *deed);

/* The address of its explicit operand in memory; `bytes`: that operand's size. */
uintptr_t lm_decode_address(const lm_instruction *in, const uintptr_t *general, uintptr_t pc,
                            size_t bytes);

/* Which registers it reads (also for addresses) and writes. False: not known. */
bool lm_decode_registers(const lm_instruction *in, lm_register_set *reads, lm_register_set *writes);

/* How it treats its register operands. */
lm_effect lm_decode_effect(const lm_instruction *in);

#endif
