/* Reads what unwind tables are made of, never past their end. The first read that can't be done
 * makes the reader bad; it stays so, and every further read gives 0. */
#ifndef LM_STACK_BYTES_H
#define LM_STACK_BYTES_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct lm_bytes {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
} lm_bytes;

/* How a pointer is written (DW_EH_PE_): a form, and what it is relative to. */
enum {
    LM_POINTER_OMITTED = 0xff,
    LM_POINTER_FORM = 0x0f,
    LM_POINTER_BASE = 0x70,
    LM_POINTER_FROM_ITSELF = 0x10, /* pcrel */
    LM_POINTER_FROM_TABLE = 0x30,  /* datarel */
    LM_POINTER_INDIRECT = 0x80,
    LM_POINTER_UDATA4 = 0x03,
    LM_POINTER_SDATA4 = 0x0b,
};

LM_INLINE size_t lm_bytes_left(const lm_bytes *bytes) {
    return bytes->bad ? 0 : (size_t)(bytes->end - bytes->at);
}

LM_INLINE void lm_bytes_fail(lm_bytes *bytes) {
    bytes->bad = true;
    bytes->at = bytes->end;
}

/* Copies `size` bytes in the machine's own order. */
LM_INLINE void lm_bytes_take(lm_bytes *bytes, void *value, size_t size) {
    if (LM_UNLIKELY(lm_bytes_left(bytes) < size)) {
        lm_bytes_fail(bytes);
        memset(value, 0, size);
        return;
    }
    memcpy(value, bytes->at, size);
    bytes->at += size;
}

LM_INLINE void lm_bytes_skip(lm_bytes *bytes, uint64_t size) {
    if (LM_UNLIKELY(lm_bytes_left(bytes) < size))
        lm_bytes_fail(bytes);
    else
        bytes->at += size;
}

LM_INLINE uint8_t lm_bytes_u8(lm_bytes *bytes) {
    uint8_t value;
    lm_bytes_take(bytes, &value, sizeof value);
    return value;
}

LM_INLINE uint16_t lm_bytes_u16(lm_bytes *bytes) {
    uint16_t value;
    lm_bytes_take(bytes, &value, sizeof value);
    return value;
}

LM_INLINE uint32_t lm_bytes_u32(lm_bytes *bytes) {
    uint32_t value;
    lm_bytes_take(bytes, &value, sizeof value);
    return value;
}

LM_INLINE uint64_t lm_bytes_u64(lm_bytes *bytes) {
    uint64_t value;
    lm_bytes_take(bytes, &value, sizeof value);
    return value;
}

/* LEB128, at most 64 bits. */
uint64_t lm_bytes_uleb(lm_bytes *bytes);
int64_t lm_bytes_sleb(lm_bytes *bytes);

/* The next `size` bytes as a reader of their own. */
lm_bytes lm_bytes_part(lm_bytes *bytes, uint64_t size);

/* A pointer as `encoding` says. Relative to itself or absolute; anything else fails. */
uintptr_t lm_bytes_pointer(lm_bytes *bytes, uint8_t encoding);

/* Passes over a pointer, whatever it is relative to. */
void lm_bytes_skip_pointer(lm_bytes *bytes, uint8_t encoding);

#endif
