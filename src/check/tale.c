#include "check/tale.h"

#include "base/text.h"
#include "check/amounts.h"
#include "check/here.h"
#include "check/known.h"
#include "check/lines.h"
#include "check/patience.h"
#include "check/plain.h"
#include "check/report.h"
#include "check/shadow.h"
#include "check/tell.h"
#include "os/os.h"
#include "stack/modules.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CODE_TEXT(enumerator, code, rule) [enumerator] = code,
static const char *const codes[] = {LM_CODES(CODE_TEXT)};
static const char *const certainties[] = {"exact", "later", "inferred"};

static uint32_t last_id; /* under lm_tale_lock */

void (*lm_tale_hook)(const lm_tale *tale);

const char *lm_tale_code(lm_code code) {
    return codes[code];
}

/* ---- Stacks and modules ----------------------------------------------------------------------- */

/* In the depot. */
enum { FRAMES_MOST = 128 };

static void put_module(uint32_t id) {
    lm_module module;
    if (!id || !lm_known_number(LM_KNOWN_MODULES, id) || !lm_modules_get(id, &module))
        return;
    lm_lines_begin("module");
    lm_lines_number("id", id);
    lm_lines_text("path", module.path);
    lm_lines_address("start", module.start);
    lm_lines_address("end", module.end);
    lm_lines_address("bias", module.bias);
    if (module.build_size)
        lm_lines_hex("build", module.build, module.build_size);
    lm_lines_end();
}

static void put_frame(uintptr_t frame, uint32_t id, bool first) {
    char text[48];
    lm_text out;
    lm_module module;
    bool known = id && lm_modules_get(id, &module);
    lm_text_init(&out, text, sizeof text);
    lm_text_format(&out, "%s%u+%p", first ? "" : ",", known ? id : 0,
                   (void *)(known ? frame - module.bias : frame));
    lm_lines_piece(text);
}

/* The lines of a stack, when the file doesn't have them. */
static void put_stack(uint32_t id) {
    static uintptr_t frames[FRAMES_MOST];
    static uint32_t modules[FRAMES_MOST];
    bool exact;
    if (!id || !lm_known_number(LM_KNOWN_STACKS, id))
        return;
    size_t count = lm_min(lm_depot_get(id, frames, FRAMES_MOST, &exact), FRAMES_MOST);
    lm_depot_modules(id, modules, FRAMES_MOST);
    for (size_t i = 0; i < count; i++)
        put_module(modules[i]);
    lm_lines_begin("stack");
    lm_lines_number("id", id);
    lm_lines_number("exact", exact);
    lm_lines_key("frames");
    for (size_t i = 0; i < count; i++)
        put_frame(frames[i], modules[i], i == 0);
    lm_lines_end();
}

/* ---- A dump of the block ---------------------------------------------------------------------- */

/* Reads memory that may not be readable. Returns how much could be read from its beginning on. */
static size_t read_memory(uintptr_t at, unsigned char *to, size_t size) {
    const void *from = lm_shadow_content((const void *)at);
    while (from && size > 0 && !lm_shadow_content((const void *)(at + size - 1)))
        size--; /* what a tracked block holds lies apart, and no further than its pages */
    struct iovec local = {to, size};
    struct iovec remote = {(void *)(from ? (uintptr_t)from : at), size};
    long got = syscall(SYS_process_vm_readv, lm_os_process(), &local, 1L, &remote, 1L, 0L);
    return got > 0 ? (size_t)got : 0;
}

/* Of a small block all of it and a little behind; of a large one what is around the bad bytes. */
static void choose_window(const lm_tale *tale, ptrdiff_t *at, size_t *size) {
    ptrdiff_t block = (ptrdiff_t)tale->block->size;
    ptrdiff_t first = tale->has_range ? tale->first : 0, last = tale->has_range ? tale->last : 0;
    ptrdiff_t from = first < 0 ? first : 0, to = last >= block ? last + 1 : block;
    if (to - from > LM_DUMP_MOST) {
        from = first > LM_DUMP_AROUND ? first - LM_DUMP_AROUND : from;
        if (from < first - LM_DUMP_AROUND)
            from = first - LM_DUMP_AROUND;
        to = from + LM_DUMP_MOST;
    }
    *at = from;
    *size = (size_t)(to - from);
}

/* A guard before the block is passed over, with what lies in it. */
static size_t read_window(const lm_tale *tale, ptrdiff_t *at, unsigned char *to, size_t size) {
    const uintptr_t from = tale->block->start + (size_t)*at;
    const size_t got = read_memory(from, to, size);
    const size_t left = lm_os.page - (from & (lm_os.page - 1));
    if (got > 0 || left >= size)
        return got;
    *at += (ptrdiff_t)left;
    return read_memory(from + left, to, size - left);
}

static void put_dump(const lm_tale *tale) {
    unsigned char bytes[LM_DUMP_MOST];
    size_t size = tale->dump_size;
    ptrdiff_t at = tale->dump_at;
    const unsigned char *dump = tale->dump;
    if (!dump) {
        if (!tale->block)
            return;
        choose_window(tale, &at, &size);
        size = read_window(tale, &at, bytes, size);
        dump = bytes;
    }
    if (size == 0)
        return;
    lm_lines_hex("dump", dump, size);
    lm_lines_signed("dump_at", at);
    if (tale->valid)
        lm_lines_hex("valid", tale->valid, (size + 7) / 8);
}

/* ---- The line --------------------------------------------------------------------------------- */

static void put_size(const char *key, uint64_t value) {
    if (value)
        lm_lines_number(key, value);
}

static void put_address(const char *key, uintptr_t value) {
    if (value)
        lm_lines_address(key, value);
}

static void put_block(const lm_tale *tale) {
    const lm_block *block = tale->block;
    if (!block)
        return;
    lm_lines_address("block", block->start);
    lm_lines_number("size", tale->bytes_in_all ? tale->bytes_in_all : block->size);
    lm_lines_text("state", block->live ? "live" : "freed");
    if (tale->pointer)
        lm_lines_signed("inside", (int64_t)(tale->pointer - block->start));
    put_size("allocated", block->allocated);
    put_size("allocated_thread", block->allocated_thread);
    lm_lines_number("allocated_time", block->allocated_time);
    lm_lines_text("allocated_call", block->allocated_call);
    if (block->live)
        return;
    put_size("freed", block->freed);
    put_size("freed_thread", block->freed_thread);
    lm_lines_number("freed_time", block->freed_time);
    lm_lines_text("freed_call", block->freed_call);
}

static void put_numbers(const lm_tale *tale) {
    if (tale->has_range) {
        lm_lines_signed("first", tale->first);
        lm_lines_signed("last", tale->last);
    }
    lm_lines_text("where", tale->where);
    put_address("moved_to", tale->moved_to);
    if (tale->certainty == LM_CERTAIN_LATER)
        lm_lines_number("since", tale->since);
    lm_lines_text("was", tale->was);
    lm_lines_text("now", tale->now);
    lm_lines_text("quantity", tale->quantity);
    if (tale->quantity) {
        lm_lines_number("was_size", tale->was_size);
        lm_lines_number("now_size", tale->now_size);
    }
    if (tale->bytes_in_all && !tale->block)
        lm_lines_number("size", tale->bytes_in_all);
    put_size("blocks", tale->blocks);
    put_size("indirect_blocks", tale->indirect_blocks);
    put_size("indirect_bytes", tale->indirect_bytes);
}

static void put_crash(const lm_tale *tale) {
    put_size("failed", tale->failed);
    if (tale->failed_call) {
        lm_lines_text("failed_call", tale->failed_call);
        lm_lines_number("failed_size", tale->failed_size);
        lm_lines_number("failed_time", tale->failed_time);
        lm_lines_signed("failed_error", tale->failed_error);
    }
    lm_lines_text("fill", tale->fill);
    lm_lines_text("register", tale->register_name);
    if (tale->register_name || tale->fill)
        lm_lines_address("value", tale->value);
    if (tale->signal)
        lm_lines_signed("signal", tale->signal);
    if (tale->has_fault)
        lm_lines_address("fault", tale->fault);
    lm_lines_text("reaches", tale->reaches);
}

static void put_finding(const lm_tale *tale, uint32_t id, uint32_t thread) {
    put_stack(tale->stack);
    put_stack(tale->failed);
    if (tale->block) {
        put_stack(tale->block->allocated);
        put_stack(tale->block->freed);
    }
    for (size_t i = 0; i < tale->module_count; i++)
        put_module(tale->modules[i]);
    lm_lines_begin("finding");
    lm_lines_number("id", id);
    lm_lines_text("code", codes[tale->code]);
    lm_lines_text("certainty", certainties[tale->certainty]);
    put_size("stack", tale->stack);
    if (thread)
        lm_lines_number("thread", thread);
    lm_lines_number("time", lm_clock_now());
    lm_lines_text("call", tale->call);
    lm_lines_text("access", tale->access);
    put_size("bytes", tale->bytes);
    put_address("pointer", tale->pointer);
    put_block(tale);
    put_numbers(tale);
    put_crash(tale);
    put_dump(tale);
    lm_lines_text("holders", tale->holders);
    lm_lines_text("helper", tale->helper);
    lm_lines_end();
}

/* ---- Telling ---------------------------------------------------------------------------------- */

/* Damage that is found later may be found anywhere: what counts is the block. */
static lm_known *find_known(const lm_tale *tale) {
    bool later = tale->certainty == LM_CERTAIN_LATER;
    uint32_t stack = later || tale->no_stack ? 0 : tale->stack;
    uint32_t allocated = tale->block ? tale->block->allocated : 0;
    uint64_t place = stack || allocated ? 0
                     : tale->pointer    ? tale->pointer
                     : tale->block      ? tale->block->start
                                        : 0;
    return lm_known_find(tale->code, stack, allocated, place);
}

static void put_again(lm_known *known) {
    known->written = known->count;
    lm_lines_begin("again");
    lm_lines_number("id", known->id);
    lm_lines_number("count", known->count);
    lm_lines_end();
}

/* Who asked for leaks before and asks again gets them all, as they are now. */
static bool is_leak(lm_code code) {
    return code == LM_CODE_LEAK || code == LM_CODE_POSSIBLE_LEAK;
}

/* Of a program that is killed the last count that is a power of two remains. */
static void tell(const lm_tale *tale, lm_known *known, uint32_t thread) {
    known->count++;
    if (known->id == 0 || is_leak(tale->code)) {
        known->id = known->id ? known->id : ++last_id;
        known->written = known->count;
        if (lm_lines_wanted())
            put_finding(tale, known->id, thread);
        else
            lm_plain_tell(tale);
    } else if (lm_lines_wanted() && (known->count & (known->count - 1)) == 0) {
        put_again(known);
    }
    lm_lines_flush();
}

void lm_tale_tell(const lm_tale *tale) {
    lm_tale own = *tale;
    if (!own.stack && !own.no_stack)
        own.stack = lm_here();
    if (lm_tale_hook) {
        lm_tale_hook(&own);
        return;
    }
    uint32_t thread = own.no_stack ? 0 : lm_watcher_here()->number;
    if (!lm_patience_take(&lm_tale_lock))
        return;
    lm_known *known = find_known(&own);
    if (known)
        tell(&own, known, thread);
    lm_lock_give(&lm_tale_lock);
}
