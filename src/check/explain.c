#include "check/explain.h"

#include "check/blocks.h"
#include "check/catch.h"
#include "check/raw.h"
#include "check/shadow.h"
#include "check/tale.h"
#include "check/zone.h"
#include "os/os.h"

#include <string.h>
#include <sys/syscall.h>

enum {
    NULL_END = 1 << 16,     /* what is below is NULL and a member or an index */
    SEARCH_MOST = 16 << 10, /* bytes of a block in which a value is looked for */
    STACK_FRAME = 1 << 20,  /* how far beside the stack pointer an access still is the stack's */
};

/* The upper bytes decide: a member's offset may have been added. */
const char *lm_explain_fill(uintptr_t value) {
    const uintptr_t ones = UINTPTR_MAX / 255;
    const uintptr_t upper = value >> 24;
    if (upper == (ones * LM_FILL_FRESH) >> 24)
        return "fresh";
    return upper == (ones * LM_FILL_FREED) >> 24 ? "freed" : NULL;
}

/* ---- Which register brought it there --------------------------------------------------------- */

/* Registers that make the address: the first one whose value is a fill, else the base. */
static unsigned culprit(const lm_halt *m) {
    if (!m->decoded)
        return LM_NO_REGISTER;
    const lm_instruction *in = &m->in;
    if (in->map == 0 && (in->op & 0xfe) >= 0xa4 && in->op <= 0xaf && !in->has_modrm)
        return lm_explain_fill(m->general[LM_RSI]) || (in->op & 0xfe) == 0xac ? LM_RSI : LM_RDI;
    if (!in->memory) {
        const bool jumps = in->map == 0 && in->op == 0xff && in->has_modrm;
        return jumps ? in->rm : LM_NO_REGISTER;
    }
    if (in->index != LM_NO_REGISTER && lm_explain_fill(m->general[in->index]))
        return in->index;
    return in->base;
}

/* The address that the instruction wanted, where the processor gave none: not canonical. */
static uintptr_t wanted_address(const lm_halt *m) {
    if (m->judged && m->deed.touches > 0)
        return m->deed.touch[0].at;
    return m->decoded && m->in.memory ? lm_decode_address(&m->in, m->general, m->pc, 0) : 0;
}

static const char *reaches(const lm_halt *m, uintptr_t at, bool page_fault) {
    const lm_touch *touch = lm_halt_touch(m, at);
    if (m->pc == at)
        return "execute";
    if (touch && touch->how != (LM_READS | LM_WRITES))
        return touch->how == LM_WRITES ? "write" : "read";
    if (page_fault)
        return lm_halt_writes(m->context) ? "write" : "read";
    return touch ? "write" : "read";
}

/* ---- Where the value was read ----------------------------------------------------------------- */

/* The place in the block that holds the value; 0: none. The block's bytes may not be there any more. */
static uintptr_t search(const lm_block *block, uintptr_t value) {
    uintptr_t words[64];
    const size_t size = block->size < SEARCH_MOST ? block->size : SEARCH_MOST;
    for (size_t from = 0; from < size; from += sizeof words) {
        const size_t wish = size - from < sizeof words ? size - from : sizeof words;
        const size_t got = lm_halt_copy(words, block->start + from, wish);
        for (size_t i = 0; i < got / sizeof words[0]; i++)
            if (words[i] == value)
                return block->start + from + i * sizeof words[0];
        if (got < wish)
            return 0;
    }
    return 0;
}

/* The read of it was told just before; or other registers still point to where it came from, often. Two blocks
 * that hold it are none: which of them it was can't be known. */
static uintptr_t find_origin(const lm_halt *m, uintptr_t value, lm_block *block) {
    lm_block other;
    uintptr_t found = lm_shadow_told(value, block);
    if (found)
        return found;
    for (unsigned i = 0; i < LM_GENERAL_REGISTERS; i++) {
        if (m->general[i] == value || !lm_blocks_find(m->general[i], &other))
            continue;
        const uintptr_t at = search(&other, value);
        if (at && found && other.start != block->start)
            return 0;
        if (at) {
            found = at;
            *block = other;
        }
    }
    return found;
}

/* ---- The tales -------------------------------------------------------------------------------- */

static lm_tale begin(const lm_halt *m, uintptr_t at, int number, bool page_fault) {
    const lm_touch *touch = lm_halt_touch(m, at);
    const char *reach = reaches(m, at, page_fault);
    return (lm_tale){
        .certainty = LM_CERTAIN_EXACT,
        .access = reach,
        .reaches = reach,
        .bytes = touch ? touch->bytes : 0,
        .pointer = touch ? touch->at : at,
        .signal = number,
        .has_fault = true,
        .fault = at,
        .stack = lm_catch_seam.stack_of ? lm_catch_seam.stack_of(m->context) : 0,
    };
}

static void tell_null(lm_tale *tale) {
    lm_failed failed;
    tale->code = LM_CODE_NULL_DEREF;
    tale->where = "null";
    if (lm_catch_seam.failed_last && lm_catch_seam.failed_last(&failed)) {
        tale->failed = failed.stack;
        tale->failed_size = failed.size;
        tale->failed_call = failed.call;
        tale->failed_time = failed.time;
        tale->failed_error = failed.error;
    }
    lm_tale_tell(tale);
}

static void tell_fill(lm_tale *tale, const lm_halt *m, unsigned number, const char *fill) {
    lm_block block;
    tale->code = LM_CODE_WILD_POINTER;
    tale->fill = fill;
    tale->register_name = lm_halt_name(number);
    tale->value = m->general[number];
    tale->where = "unmapped";
    const uintptr_t origin = find_origin(m, tale->value, &block);
    if (origin) {
        tale->block = &block;
        tale->pointer = origin;
        tale->where = NULL;
    }
    lm_tale_tell(tale);
    tale->block = NULL;
}

static void tell_block(lm_tale *tale, const lm_block *block, size_t bytes) {
    const ptrdiff_t first = (ptrdiff_t)(tale->pointer - block->start);
    tale->block = block;
    tale->has_range = true;
    tale->first = first;
    tale->last = first + (ptrdiff_t)(bytes ? bytes : 1) - 1;
    tale->reaches = NULL;
    tale->code = !block->live ? LM_CODE_USE_AFTER_FREE
                 : first < 0  ? LM_CODE_HEAP_UNDERFLOW
                              : LM_CODE_HEAP_OVERFLOW;
    if (tale->code == LM_CODE_HEAP_UNDERFLOW && tale->last >= 0)
        tale->last = -1;
    if (tale->code == LM_CODE_HEAP_OVERFLOW && tale->first < (ptrdiff_t)block->size)
        tale->first = (ptrdiff_t)block->size;
    lm_tale_tell(tale);
}

static bool is_mapped(uintptr_t at) {
    unsigned char resident;
    return lm_raw_call(SYS_mincore, (long)(at & ~(lm_os.page - 1)), (long)lm_os.page,
                       (long)&resident, 0, 0, 0) == 0;
}

static const char *where(const lm_halt *m, uintptr_t at) {
    const uintptr_t stack = m->general[LM_RSP];
    if (at - (stack - STACK_FRAME) < 2 * (uintptr_t)STACK_FRAME && !is_mapped(at))
        return "stack";
    if (lm_catch_seam.where)
        return lm_catch_seam.where(at);
    return is_mapped(at) ? "mapped" : "unmapped";
}

static bool is_inside(const lm_block *block, const lm_tale *tale) {
    return block->live && tale->pointer >= block->start &&
           tale->pointer + tale->bytes <= block->start + block->size;
}

static bool explain_access(int number, const lm_halt *m, uintptr_t at, bool page_fault, bool sure) {
    const unsigned suspect = culprit(m);
    lm_tale tale = begin(m, at, number, page_fault);
    lm_block block;
    const char *fill = suspect != LM_NO_REGISTER ? lm_explain_fill(m->general[suspect]) : NULL;
    if (fill) {
        tell_fill(&tale, m, suspect, fill);
    } else if (page_fault && lm_blocks_find(at, &block) && !is_inside(&block, &tale)) {
        tell_block(&tale, &block, tale.bytes);
    } else if (sure) {
        return false;
    } else if (page_fault && at < NULL_END) {
        tell_null(&tale);
    } else {
        tale.code = LM_CODE_WILD_POINTER;
        tale.where = page_fault ? where(m, at) : "unmapped";
        tale.register_name = suspect != LM_NO_REGISTER ? lm_halt_name(suspect) : NULL;
        tale.value = suspect != LM_NO_REGISTER ? m->general[suspect] : 0;
        lm_tale_tell(&tale);
    }
    return true;
}

/* An instruction that isn't one, where data lies: somebody jumped there. */
static void explain_code(int number, const lm_halt *m) {
    lm_block block;
    if (!lm_blocks_find(m->pc, &block))
        return;
    lm_tale tale = begin(m, m->pc, number, false);
    tale.code = LM_CODE_WILD_POINTER;
    tale.block = &block;
    lm_tale_tell(&tale);
}

bool lm_explain(int number, const siginfo_t *info, const lm_halt *m, bool sure) {
    lm_shadow_release_all();
    if (number == SIGILL) {
        explain_code(number, m);
    } else if (number == SIGSEGV || number == SIGBUS) {
        const bool page_fault = info->si_code != SI_KERNEL;
        const uintptr_t at = page_fault ? (uintptr_t)info->si_addr : wanted_address(m);
        return explain_access(number, m, at, page_fault, sure);
    }
    return true;
}
