#include "check/dangling.h"

#include "base/bits.h"
#include "base/text.h"
#include "check/access.h"
#include "check/mark.h"
#include "check/roots.h"
#include "check/tale.h"
#include "check/watched.h"
#include "check/world.h"
#include "stack/extent.h"
#include "stack/machine.h"
#include "stack/modules.h"
#include "stack/stack.h"

#include <stdatomic.h>
#include <string.h>

enum {
    NOTES = 1024,          /* places on stacks that are remembered; a power of two */
    LOOKED_AT = 16,        /* of them at each free */
    STACK_BYTES = 1 << 15, /* of the stack that are searched at a free */
    FRAMES = 24,
    PLACES = 2048, /* that are told at once */
    HOLDERS = 12,  /* of one block in a report */
    TEXT_BYTES = 1024,
    HOLDER_BYTES =
        1 << 16, /* of a block that is freed, in which dangling pointers are looked for */
};

/* A place on a stack. The slot is where the return address of the function's own caller stands: as long as it
 * is there, the function hasn't returned. */
typedef struct place_on_stack {
    uintptr_t holder, block; /* block 0: free */
    uintptr_t slot, returns_to;
    uintptr_t pc;      /* in the function */
    uintptr_t control; /* the thread's */
    uint64_t noted;    /* at which free */
    bool sure;         /* to be told */
} place_on_stack;

typedef struct place {
    uintptr_t holder, block;
    uintptr_t inside; /* the block that it lies in, the code that has it on its stack, or 0 */
    const char *kind;
} place;

static place_on_stack notes[NOTES];
static size_t next_note, next_look;
static uint64_t frees;
static atomic_flag taken = ATOMIC_FLAG_INIT;

static place places[PLACES];
static size_t place_count;

/* ---- At a free --------------------------------------------------------------------------------- */

LM_UNWATCHED static uintptr_t word_at(uintptr_t at) {
    return *(const lm_extent_word *)at;
}

/* Whether the function with the place on its stack still runs and nobody wrote to the place. In its own
 * thread, whose stack is in use from `sp` on. */
static bool still_holds(const place_on_stack *n, uintptr_t sp) {
    return n->holder >= sp && word_at(n->slot) == n->returns_to && word_at(n->holder) == n->block;
}

static void look_again(uintptr_t sp) {
    const uintptr_t control = lm_machine_thread();
    for (unsigned i = 0; i < LOOKED_AT; i++) {
        place_on_stack *n = &notes[next_look++ % NOTES];
        if (n->block == 0 || n->sure || n->control != control)
            continue;
        if (!still_holds(n, sp))
            n->block = 0;
        else if (frees - n->noted >= LM_DANGLING_FREES)
            n->sure = true;
    }
}

/* Places that are sure stay; else the oldest makes room. */
static void add_note(const place_on_stack *n) {
    for (unsigned tries = 0; tries < LOOKED_AT; tries++) {
        place_on_stack *to = &notes[next_note++ % NOTES];
        if (to->block != 0 && to->sure)
            continue;
        *to = *n;
        return;
    }
}

/* Finds the frame that a place lies in: the first return address above it, of those of the stack, which were
 * captured. What lies below the first of them is in the library's own frames. */
LM_UNWATCHED static bool find_frame(const lm_extent *extent, const uintptr_t *frames, size_t count,
                                    place_on_stack *n) {
    uintptr_t word;
    for (uintptr_t at = n->holder; lm_extent_read(extent, at, &word); at += sizeof word)
        for (size_t i = 0; i < count; i++)
            if (word == frames[i]) {
                n->slot = at;
                n->returns_to = word;
                n->pc = i > 0 ? frames[i - 1] : 0;
                return i > 0;
            }
    return false;
}

LM_UNWATCHED static void search_stack(uintptr_t block, uintptr_t sp) {
    uintptr_t frames[FRAMES];
    size_t count = 0;
    lm_extent extent = lm_extent_of(sp);
    uintptr_t word;
    for (uintptr_t at = sp; at - sp < STACK_BYTES && lm_extent_read(&extent, at, &word);
         at += sizeof word) {
        if (word != block)
            continue;
        if (count == 0)
            count = lm_stack_capture(frames, FRAMES);
        place_on_stack n = {
            .holder = at, .block = block, .control = lm_machine_thread(), .noted = frees};
        if (find_frame(&extent, frames, count, &n))
            add_note(&n);
    }
}

void lm_dangling_at_free(const lm_block *block, uintptr_t frame) {
    const uintptr_t sp = (frame + sizeof frame - 1) & ~(sizeof frame - 1);
    if (atomic_flag_test_and_set_explicit(&taken, memory_order_acquire))
        return; /* another thread is at it; this place is passed over */
    frees++;
    look_again(sp);
    search_stack(block->start, sp);
    atomic_flag_clear_explicit(&taken, memory_order_release);
}

/* ---- When leaks are looked for ------------------------------------------------------------------ */

static void add_place(const char *kind, uintptr_t holder, uintptr_t inside, uintptr_t block) {
    if (place_count < PLACES)
        places[place_count++] =
            (place){.holder = holder, .block = block, .inside = inside, .kind = kind};
}

/* Where the stack of a note's thread is in use; 0: the thread is gone, or runs. */
static uintptr_t sp_of(uintptr_t control, const lm_stand *stand) {
    size_t count;
    const lm_world_thread *threads = lm_world_threads(&count);
    if (control == lm_machine_thread())
        return stand->sp;
    for (size_t i = 0; i < count; i++)
        if (threads[i].control == control && threads[i].state == LM_WORLD_HERE)
            return threads[i].sp;
    return 0;
}

static bool holds(uintptr_t at, uintptr_t value) {
    uintptr_t word;
    return lm_roots_word(at, &word) && word == value;
}

static void look_at_stacks(const lm_stand *stand) {
    for (size_t i = 0; i < NOTES; i++) {
        place_on_stack *n = &notes[i];
        if (n->block == 0)
            continue;
        const uintptr_t sp = sp_of(n->control, stand);
        if (n->sure || (sp != 0 && n->holder >= sp && holds(n->slot, n->returns_to) &&
                        holds(n->holder, n->block)))
            add_place("stack", n->holder, n->pc, n->block);
        n->block = 0;
        n->sure = false;
    }
}

/* The start of the freed block that the word points into; 0: none. */
static uintptr_t freed_block(uintptr_t word) {
    lm_block block;
    if (word == 0 || lm_mark_find(word) || !lm_blocks_find(word, &block) || block.live ||
        word - block.start >= lm_max(block.size, 1))
        return 0;
    return block.start;
}

static void look_at_static(const uintptr_t *words, size_t count, uintptr_t from, void *context) {
    (void)context;
    if (from == 0 || !lm_roots_is_static(from))
        return;
    for (size_t i = 0; i < count; i++) {
        const uintptr_t block = freed_block(words[i]);
        if (block)
            add_place("static", from + i * sizeof *words, 0, block);
    }
}

static void look_at_block(const uintptr_t *words, size_t count, uintptr_t from, void *context) {
    const uintptr_t *inside = context;
    for (size_t i = 0; i < count; i++)
        if (words[i] && freed_block(words[i]) == words[i])
            add_place("block", from + i * sizeof *words, *inside, words[i]);
}

void lm_dangling_look(const lm_stand *stand) {
    size_t count;
    const lm_marked *blocks = lm_mark_blocks(&count);
    place_count = 0;
    look_at_stacks(stand);
    lm_roots_each(look_at_static, NULL);
    for (size_t i = 0; i < count && place_count < PLACES; i++)
        if (blocks[i].reach == LM_REACH_REACHED) {
            uintptr_t inside = blocks[i].start;
            lm_roots_memory(blocks[i].start, lm_marked_size(&blocks[i]), look_at_block, &inside);
        }
}

/* ---- Telling ----------------------------------------------------------------------------------- */

/* What the holders of one block are told with. */
typedef struct telling {
    lm_text text;
    char buffer[TEXT_BYTES];
    uint32_t modules[HOLDERS];
    size_t module_count;
} telling;

static void put_code(telling *t, uintptr_t at) {
    lm_text *text = &t->text;
    lm_module module;
    const bool known = lm_modules_find(at, &module);
    if (known && t->module_count < HOLDERS)
        t->modules[t->module_count++] = module.id;
    if (known)
        lm_text_format(text, "%u+0x%zx", module.id, (size_t)(at - module.bias));
    else
        lm_text_format(text, "0+0x%zx", (size_t)at);
}

static void put_place(telling *t, const place *p) {
    lm_text *text = &t->text;
    lm_text_format(text, "%s%s:0x%zx:", text->length ? "," : "", p->kind, (size_t)p->holder);
    if (p->kind[0] == 'b')
        lm_text_format(text, "0x%zx+%zu", (size_t)p->inside, (size_t)(p->holder - p->inside));
    else
        put_code(t, p->inside ? p->inside : p->holder);
}

static void tell(uintptr_t address, const telling *t) {
    lm_block block;
    if (!lm_blocks_find(address, &block) || block.live || block.start != address)
        return;
    const lm_tale tale = {.code = LM_CODE_DANGLING_POINTER,
                          .certainty = LM_CERTAIN_LATER,
                          .stack = block.freed,
                          .no_stack = true,
                          .pointer = address,
                          .block = &block,
                          .holders = t->buffer,
                          .modules = t->modules,
                          .module_count = t->module_count};
    lm_tale_tell(&tale);
}

/* Tells all places of one block, and crosses them out. */
static void tell_block(size_t first) {
    const uintptr_t address = places[first].block;
    telling t = {.module_count = 0};
    unsigned holders = 0;
    lm_text_init(&t.text, t.buffer, sizeof t.buffer);
    for (size_t i = first; i < place_count; i++) {
        if (places[i].block != address)
            continue;
        if (holders++ < HOLDERS)
            put_place(&t, &places[i]);
        places[i].block = 0;
    }
    tell(address, &t);
}

void lm_dangling_tell(void) {
    for (size_t i = 0; i < place_count; i++)
        if (places[i].block != 0)
            tell_block(i);
    place_count = 0;
}

/* ---- When a holder is freed ---------------------------------------------------------------------- */

static bool freed_by_c(const char *call) {
    return call && (strcmp(call, "free") == 0 || strcmp(call, "realloc") == 0);
}

void lm_dangling_before_free(const void *p) {
    lm_block holder, held;
    if (!lm_blocks_find((uintptr_t)p, &holder) || !holder.live || holder.start != (uintptr_t)p)
        return;
    const lm_extent_word *words = lm_access_content(p);
    const size_t count = lm_min(holder.size, HOLDER_BYTES) / sizeof *words;
    for (size_t i = 0; i < count; i++) {
        const uintptr_t word = words[i];
        if (!lm_is_watched((const void *)word) || !lm_blocks_find(word, &held) || held.live ||
            held.start != word || !freed_by_c(held.freed_call))
            continue;
        const uintptr_t at = holder.start + i * sizeof word;
        telling t = {.module_count = 0};
        lm_text_init(&t.text, t.buffer, sizeof t.buffer);
        put_place(&t, &(place){at, word, holder.start, "block"});
        tell(word, &t);
    }
}
