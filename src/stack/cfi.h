/* Finds the unwind table's entry for a place in the code.
 *
 *     .eh_frame_hdr                      .eh_frame
 *     version, encodings                 CIE  what FDEs have in common: alignments, first rules
 *     where .eh_frame is, count    +---> FDE  code from..to, program of rules, where its CIE is
 *     { code, FDE } sorted --------+     FDE
 *
 * Nothing of it is trusted: every read is within the bytes that the caller vouches for. */
#ifndef LM_STACK_CFI_H
#define LM_STACK_CFI_H

#include "stack/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Readable bytes in which both tables lie. */
typedef struct lm_cfi_tables {
    const uint8_t *start;
    const uint8_t *end;
    const uint8_t *header; /* .eh_frame_hdr, within them */
} lm_cfi_tables;

typedef struct lm_cfi {
    lm_cfi_tables tables;
    uintptr_t code_start, code_end; /* what the entry describes */
    lm_bytes initial;               /* the CIE's program, from which every row starts */
    lm_bytes program;               /* the FDE's */
    uint64_t code_align;            /* factors of the programs */
    int64_t data_align;
    uint64_t return_register;
    uint8_t encoding; /* of code addresses */
    bool signal;      /* the frame is one in which the kernel called a handler */
} lm_cfi;

/* False when there is no entry for `pc`, or none that makes sense. */
bool lm_cfi_find(const lm_cfi_tables *tables, uintptr_t pc, lm_cfi *cfi);

#endif
