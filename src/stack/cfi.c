#include "stack/cfi.h"

enum {
    HEADER_VERSION = 1,
    ROW_SIZE = 8, /* two signed 32-bit offsets from the header */
};

/* A length that says: a longer one follows. No table of code within 2 GiB has it. */
static const uint32_t length_64_bit = 0xffffffff;

static uintptr_t table_address(const uint8_t *header, const uint8_t *field) {
    int32_t offset;
    memcpy(&offset, field, sizeof offset);
    return (uintptr_t)header + (uintptr_t)offset;
}

/* The address of the FDE with the highest start that isn't above `pc`; 0 when there is none. */
static uintptr_t search(const uint8_t *header, const uint8_t *rows, size_t count, uintptr_t pc) {
    size_t low = 0, high = count; /* rows below `low` start at or before pc, from `high` on after */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (table_address(header, rows + middle * ROW_SIZE) <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : table_address(header, rows + (low - 1) * ROW_SIZE + sizeof(int32_t));
}

/* Linkers write the sorted table in one form only; without it there is nothing to search in. */
static uintptr_t find_entry(const lm_cfi_tables *tables, uintptr_t pc) {
    lm_bytes bytes = {tables->header, tables->end, tables->header < tables->start};
    const uint8_t version = lm_bytes_u8(&bytes);
    const uint8_t frame_encoding = lm_bytes_u8(&bytes);
    const uint8_t count_encoding = lm_bytes_u8(&bytes);
    const uint8_t row_encoding = lm_bytes_u8(&bytes);
    if (version != HEADER_VERSION || count_encoding != LM_POINTER_UDATA4 ||
        row_encoding != (LM_POINTER_FROM_TABLE | LM_POINTER_SDATA4))
        return 0;
    lm_bytes_skip_pointer(&bytes, frame_encoding);
    const size_t count = lm_bytes_u32(&bytes);
    if (bytes.bad || count > lm_bytes_left(&bytes) / ROW_SIZE)
        return 0;
    return search(tables->header, bytes.at, count, pc);
}

/* A CIE or FDE, without its length field. */
static lm_bytes record_at(const lm_cfi_tables *tables, uintptr_t address) {
    if (address < (uintptr_t)tables->start || address >= (uintptr_t)tables->end)
        return (lm_bytes){tables->end, tables->end, true};
    lm_bytes bytes = {tables->start + (address - (uintptr_t)tables->start), tables->end, false};
    const uint32_t length = lm_bytes_u32(&bytes);
    if (length == 0 || length == length_64_bit)
        lm_bytes_fail(&bytes);
    return lm_bytes_part(&bytes, length);
}

/* What the letters after 'z' announce. An unknown letter ends it: the length is known. */
static void read_augmentation(lm_bytes letters, lm_bytes data, lm_cfi *cfi) {
    for (;;) {
        switch (lm_bytes_u8(&letters)) {
        case 'R':
            cfi->encoding = lm_bytes_u8(&data);
            break;
        case 'P':
            lm_bytes_skip_pointer(&data, lm_bytes_u8(&data));
            break;
        case 'L':
            (void)lm_bytes_u8(&data);
            break;
        case 'S':
            cfi->signal = true;
            break;
        default:
            return;
        }
    }
}

/* Sets *augmented when FDEs have augmentation data too. */
static bool read_cie(lm_bytes bytes, lm_cfi *cfi, bool *augmented) {
    if (lm_bytes_u32(&bytes) != 0)
        return false; /* not a CIE */
    const uint8_t version = lm_bytes_u8(&bytes);
    if (version != 1 && version != 3)
        return false;
    const uint8_t *letters = bytes.at;
    while (lm_bytes_u8(&bytes) != 0)
        ;
    if (bytes.bad)
        return false;
    lm_bytes augmentation = {letters, bytes.at, false};
    cfi->code_align = lm_bytes_uleb(&bytes);
    cfi->data_align = lm_bytes_sleb(&bytes);
    cfi->return_register = version == 1 ? lm_bytes_u8(&bytes) : lm_bytes_uleb(&bytes);
    cfi->encoding = 0;
    cfi->signal = false;
    const uint8_t first = lm_bytes_u8(&augmentation);
    *augmented = first == 'z';
    if (*augmented) {
        const uint64_t size = lm_bytes_uleb(&bytes);
        read_augmentation(augmentation, lm_bytes_part(&bytes, size), cfi);
    } else if (first != 0)
        return false;
    cfi->initial = bytes;
    return !bytes.bad;
}

bool lm_cfi_find(const lm_cfi_tables *tables, uintptr_t pc, lm_cfi *cfi) {
    const uintptr_t entry = find_entry(tables, pc);
    if (entry == 0)
        return false;
    lm_bytes fde = record_at(tables, entry);
    const uintptr_t here = (uintptr_t)fde.at;
    const uint32_t back = lm_bytes_u32(&fde);
    bool augmented;
    if (fde.bad || back == 0 || !read_cie(record_at(tables, here - back), cfi, &augmented))
        return false;
    cfi->code_start = lm_bytes_pointer(&fde, cfi->encoding);
    const uintptr_t size = lm_bytes_pointer(&fde, cfi->encoding & LM_POINTER_FORM);
    if (augmented)
        lm_bytes_skip(&fde, lm_bytes_uleb(&fde));
    cfi->code_end = cfi->code_start + size;
    cfi->program = fde;
    cfi->tables = *tables;
    return !fde.bad && pc >= cfi->code_start && pc < cfi->code_end;
}
