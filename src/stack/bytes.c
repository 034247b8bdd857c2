#include "stack/bytes.h"

enum { LEB_BITS = 7, LEB_MORE = 0x80, LEB_SIGN = 0x40, WORD_BITS = 64 };

/* The bits, and how many of them. */
static uint64_t leb(lm_bytes *bytes, unsigned *bits, uint8_t *last) {
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = lm_bytes_u8(bytes);
        if (shift < WORD_BITS)
            value |= (uint64_t)(byte & (LEB_MORE - 1)) << shift;
        else
            lm_bytes_fail(bytes);
        shift += LEB_BITS;
    } while ((byte & LEB_MORE) && !bytes->bad);
    *bits = shift;
    *last = byte;
    return value;
}

uint64_t lm_bytes_uleb(lm_bytes *bytes) {
    unsigned bits;
    uint8_t last;
    const uint64_t value = leb(bytes, &bits, &last);
    return bytes->bad ? 0 : value;
}

int64_t lm_bytes_sleb(lm_bytes *bytes) {
    unsigned bits;
    uint8_t last;
    uint64_t value = leb(bytes, &bits, &last);
    if ((last & LEB_SIGN) && bits < WORD_BITS)
        value |= ~(uint64_t)0 << bits;
    return bytes->bad ? 0 : (int64_t)value;
}

lm_bytes lm_bytes_part(lm_bytes *bytes, uint64_t size) {
    const uint8_t *start = bytes->at;
    lm_bytes_skip(bytes, size);
    if (bytes->bad)
        return (lm_bytes){bytes->end, bytes->end, true};
    return (lm_bytes){start, bytes->at, false};
}

static uintptr_t pointer_form(lm_bytes *bytes, uint8_t encoding) {
    switch (encoding & LM_POINTER_FORM) {
    case 0x00: /* absptr */
    case 0x04: /* udata8 */
    case 0x0c: /* sdata8 */
        return (uintptr_t)lm_bytes_u64(bytes);
    case 0x01:
        return (uintptr_t)lm_bytes_uleb(bytes);
    case 0x02:
        return lm_bytes_u16(bytes);
    case LM_POINTER_UDATA4:
        return lm_bytes_u32(bytes);
    case 0x09:
        return (uintptr_t)lm_bytes_sleb(bytes);
    case 0x0a: /* sdata2 */
        return (uintptr_t)(int16_t)lm_bytes_u16(bytes);
    case LM_POINTER_SDATA4:
        return (uintptr_t)(int32_t)lm_bytes_u32(bytes);
    default:
        lm_bytes_fail(bytes);
        return 0;
    }
}

uintptr_t lm_bytes_pointer(lm_bytes *bytes, uint8_t encoding) {
    const uintptr_t itself = (uintptr_t)bytes->at;
    const uintptr_t value = pointer_form(bytes, encoding);
    const unsigned base = encoding & (LM_POINTER_BASE | LM_POINTER_INDIRECT);
    if (base == LM_POINTER_FROM_ITSELF)
        return itself + value;
    if (base != 0)
        lm_bytes_fail(bytes);
    return value;
}

void lm_bytes_skip_pointer(lm_bytes *bytes, uint8_t encoding) {
    if (encoding != LM_POINTER_OMITTED)
        (void)pointer_form(bytes, encoding);
}
