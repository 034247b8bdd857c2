#include "check/plain.h"

#include "base/bits.h"
#include "base/system.h"
#include "base/text.h"
#include "stack/depot.h"
#include "stack/stack.h"

enum { TEXT_MOST = 8192, FRAMES_SHOWN = 8 };

static const char *sentence(lm_code code) {
    switch (code) {
    case LM_CODE_HEAP_OVERFLOW:
        return "beyond the end of a block";
    case LM_CODE_HEAP_UNDERFLOW:
        return "before the start of a block";
    case LM_CODE_USE_AFTER_FREE:
        return "in a block that was freed";
    case LM_CODE_DOUBLE_FREE:
        return "the block was freed before";
    case LM_CODE_INVALID_FREE:
        return "not the first byte of a block";
    case LM_CODE_FOREIGN_FREE:
        return "no block of this heap";
    case LM_CODE_MISMATCHED_FREE:
        return "the block was allocated in another way";
    case LM_CODE_SIZE_MISMATCH:
        return "the block was not allocated with this size";
    case LM_CODE_BAD_SIZE:
        return "no block can be so large";
    case LM_CODE_LEAK:
        return "nothing leads to the block any more";
    default:
        return "";
    }
}

static void put_signed(lm_text *text, ptrdiff_t value) {
    lm_text_format(text, "%s%zu", value < 0 ? "-" : "", (size_t)(value < 0 ? -value : value));
}

static void put_stack(lm_text *text, const char *what, uint32_t id) {
    uintptr_t frames[FRAMES_SHOWN];
    size_t count = lm_min(lm_depot_get(id, frames, FRAMES_SHOWN, NULL), FRAMES_SHOWN);
    if (count == 0)
        return;
    lm_text_format(text, "loam:   %s\n", what);
    lm_stack_put(text, frames, count);
}

static void put_block(lm_text *text, const lm_tale *tale) {
    const lm_block *block = tale->block;
    if (!block)
        return;
    lm_text_format(text, "loam:   block %p of %zu bytes, %s", (void *)block->start, block->size,
                   block->live ? "live" : "freed");
    if (tale->has_range) {
        lm_text_put(text, "; bytes ");
        put_signed(text, tale->first);
        lm_text_put(text, " to ");
        put_signed(text, tale->last);
    }
    lm_text_put(text, "\n");
}

void lm_plain_tell(const lm_tale *tale) {
    static char buffer[TEXT_MOST];
    lm_text text;
    lm_text_init(&text, buffer, sizeof buffer);
    lm_text_format(&text, "loam: error[%s]: %s", lm_tale_code(tale->code),
                   tale->call     ? tale->call
                   : tale->access ? tale->access
                                  : "at exit");
    if (tale->pointer)
        lm_text_format(&text, "(%p)", (void *)tale->pointer);
    lm_text_format(&text, ": %s%s\n", sentence(tale->code),
                   tale->certainty == LM_CERTAIN_LATER ? " (found later)" : "");
    put_block(&text, tale);
    if (tale->was)
        lm_text_format(&text, "loam:   allocated by %s, freed by %s\n", tale->was, tale->now);
    put_stack(&text, tale->certainty == LM_CERTAIN_LATER ? "found:" : "here:", tale->stack);
    if (tale->block) {
        put_stack(&text, "allocated:", tale->block->allocated);
        put_stack(&text, "freed:", tale->block->freed);
    }
    lm_os_message(buffer, lm_min(text.length, sizeof buffer - 1));
}
