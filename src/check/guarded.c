#include "check/guarded.h"

#include "check/catch.h"
#include "check/failed.h"
#include "check/here.h"
#include "check/judge.h"
#include "check/process.h"
#include "check/shadow.h"
#include "check/signals.h"
#include "check/tale.h"
#include "check/tell.h"
#include "check/watched.h"
#include "check/zone.h"
#include "heap/init.h"
#include "stack/modules.h"
#include "stack/stack.h"

#include <string.h>

/* ---- What the handler of faults asks ---------------------------------------------------------- */

static uint32_t stack_of(const ucontext_t *context) {
    enum { FRAMES = 64 };
    uintptr_t frames[FRAMES];
    const size_t count = lm_stack_capture_from(context, frames, FRAMES);
    return count > 0 ? lm_depot_put(frames, count, true) : 0;
}

static bool failed_last(lm_failed *failed) {
    return lm_failed_latest(lm_watcher_here()->number, failed);
}

static bool is_library_name(const char *path) {
    static const char *const names[] = {"libc.so",    "libc-",      "ld-linux",
                                        "ld-2",       "libm.so",    "libm-",
                                        "libpthread", "linux-vdso", "libloam-check"};
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* Asked at every access to a tracked block; answers are kept. Racing threads may keep the same one twice. */
static bool is_library(uintptr_t pc) {
    enum { KEPT = 8 };
    static struct {
        _Atomic uintptr_t start, end;
        _Atomic bool is;
    } kept[KEPT];
    static _Atomic unsigned turn;
    for (unsigned i = 0; i < KEPT; i++)
        if (pc - kept[i].start < kept[i].end - kept[i].start)
            return kept[i].is;
    lm_module module;
    if (!lm_modules_find(pc, &module))
        return false;
    const unsigned i = turn++ % KEPT;
    kept[i].end = kept[i].start = 0;
    kept[i].is = is_library_name(module.path);
    kept[i].start = module.start;
    kept[i].end = module.end;
    return kept[i].is;
}

void lm_guarded_start(void) {
    static const lm_exact_mode exact[] = {[LM_EXACT_AUTO] = LM_EXACT_MODE_AUTO,
                                          [LM_EXACT_ALL] = LM_EXACT_MODE_ALL,
                                          [LM_EXACT_OFF] = LM_EXACT_MODE_OFF};
    static const lm_shadow_mode uninit[] = {[LM_UNINIT_AUTO] = LM_SHADOW_MODE_AUTO,
                                            [LM_UNINIT_ALL] = LM_SHADOW_MODE_ALL,
                                            [LM_UNINIT_OFF] = LM_SHADOW_MODE_OFF};
    lm_catch_seam = (lm_catch_seams){stack_of, failed_last, lm_tell_where, is_library};
    lm_exact_setting.mode = exact[lm_options_now.exact];
    lm_shadow_setting.mode = uninit[lm_options_now.uninit];
    /* Its single steps and faults would stop the program in a debugger again and again. */
    if (lm_shadow_setting.mode == LM_SHADOW_MODE_AUTO && lm_process_traced())
        lm_shadow_setting.mode = LM_SHADOW_MODE_OFF;
    lm_exact_start();
    if (lm_catch_start())
        lm_watched_bytes = lm_shadow_start();
    else
        lm_exact_setting.mode = LM_EXACT_MODE_OFF; /* nobody would explain the faults */
}

/* ---- Making ----------------------------------------------------------------------------------- */

/* Blocks that the C library takes for itself aren't tracked. */
static bool is_program(uint32_t stack) {
    uintptr_t frame;
    return lm_depot_get(stack, &frame, 1, NULL) > 0 && !is_library(frame - 1);
}

void *lm_guarded_new(size_t size, size_t alignment, lm_call call, bool zeros, uint32_t stack) {
    if (LM_LIKELY(!lm_exact_due(stack)))
        return NULL;
    lm_watcher *watcher = lm_watcher_here();
    const lm_block story = {.allocated_call = lm_ways[call].call,
                            .allocated = stack,
                            .allocated_thread = watcher->number,
                            .allocated_time = lm_moment_time(lm_moment_here(watcher))};
    void *p = lm_exact_new(size, alignment, &story);
    if (!p)
        return NULL;
    lm_watcher_allocated(watcher, size);
    if (!zeros)
        memset(p, LM_FILL_FRESH, size);
    if (lm_shadow_due(stack) && is_program(stack))
        lm_shadow_track(p, zeros);
    return p;
}

void lm_guarded_given(const void *at, size_t bytes) {
    lm_block block;
    if (lm_exact_live((uintptr_t)at, &block) && block.size == bytes &&
        lm_shadow_due(block.allocated))
        lm_shadow_track((void *)block.start, true);
}

/* ---- Freeing ---------------------------------------------------------------------------------- */

static void tell_pointer(uintptr_t p, const char *call) {
    lm_block block;
    lm_tale tale = {.code = LM_CODE_INVALID_FREE, .call = call, .access = "free", .pointer = p};
    if (lm_exact_find(p, &block)) {
        tale.block = &block;
        if (!block.live && block.start == p) {
            tale.code = LM_CODE_DOUBLE_FREE;
            tale.moved_to = lm_tell_moved(p);
        }
    } else {
        tale.where = "heap";
    }
    lm_tale_tell(&tale);
}

static const lm_way *way_of(const char *call) {
    for (int i = 0; i < LM_CALLS_COUNT; i++)
        if (lm_ways[i].call == call)
            return &lm_ways[i];
    return &lm_ways[LM_CALL_MALLOC];
}

static void judge_form(const lm_block *block, size_t size, size_t alignment, lm_call call) {
    const lm_form made = {.way = way_of(block->allocated_call),
                          .size = block->size,
                          .alignment = block->alignment > LM_GRAIN ? block->alignment : 0};
    lm_tale tale = {.access = "free", .pointer = block->start, .block = block};
    if (lm_judge_differs(&tale, &made, size, alignment, call))
        lm_tale_tell(&tale);
}

void lm_guarded_free(void *p, size_t size, size_t alignment, lm_call call) {
    lm_block block;
    lm_watcher *watcher = lm_watcher_here();
    if (!lm_guarded_live(p, &block)) {
        tell_pointer((uintptr_t)p, lm_ways[call].call);
        return;
    }
    judge_form(&block, size, alignment, call);
    block.freed_call = lm_ways[call].call;
    block.freed = lm_here();
    block.freed_thread = watcher->number;
    block.freed_time = lm_moment_time(lm_moment_here(watcher));
    if (lm_exact_free(p, &block))
        lm_watcher_freed(watcher, block.size);
    else
        tell_pointer((uintptr_t)p, lm_ways[call].call);
}

bool lm_guarded_live(void *p, lm_block *block) {
    if (!lm_exact_live((uintptr_t)p, block))
        return false;
    lm_shadow_release(p, block->size ? block->size : 1);
    return true;
}

/* ---- Calls into the C library ----------------------------------------------------------------- */

static void tell_range(const char *call, const lm_block *block, uintptr_t at, size_t bytes,
                       lm_access how) {
    const ptrdiff_t first = (ptrdiff_t)(at - block->start), size = (ptrdiff_t)block->size;
    const size_t most = PTRDIFF_MAX - (size_t)(first > 0 ? first : 0);
    const ptrdiff_t last = first + (ptrdiff_t)lm_min(bytes, most) - 1;
    lm_tale tale = {.code = !block->live ? LM_CODE_USE_AFTER_FREE
                            : first < 0  ? LM_CODE_HEAP_UNDERFLOW
                                         : LM_CODE_HEAP_OVERFLOW,
                    .call = call,
                    .access = how == LM_ACCESS_WRITE ? "write" : "read",
                    .bytes = bytes,
                    .pointer = at,
                    .block = block,
                    .has_range = true,
                    .first = first,
                    .last = last};
    if (block->live && first < 0)
        tale.last = last < 0 ? last : -1;
    else if (block->live && first < size)
        tale.first = size;
    if (!block->live)
        tale.moved_to = lm_tell_moved(block->start);
    lm_catch_set_told(block->start);
    lm_exact_forgive(block->start);
    lm_tale_tell(&tale);
}

static bool check_written(const char *call, const lm_block *block, uintptr_t at, size_t bytes) {
    size_t first;
    if (lm_shadow_written((const void *)at, bytes, &first))
        return true;
    lm_tale tale = {.code = LM_CODE_UNINITIALISED_READ,
                    .call = call,
                    .access = "read",
                    .bytes = bytes,
                    .pointer = at,
                    .block = block,
                    .has_range = true,
                    .first = (ptrdiff_t)(at + first - block->start),
                    .last = (ptrdiff_t)(at + first - block->start)};
    lm_shadow_release((const void *)at, bytes); /* told once; and the teller reads it */
    lm_tale_tell(&tale);
    return false;
}

bool lm_guarded_check(const char *call, const void *at, size_t bytes, lm_access how) {
    lm_block block;
    const uintptr_t from = (uintptr_t)at;
    if (bytes == 0 || !lm_exact_find(from, &block))
        return true;
    const uintptr_t inside = from - block.start;
    if (!block.live || inside > block.size || bytes > block.size - inside) {
        tell_range(call, &block, from, bytes, how);
        return false;
    }
    return how != LM_ACCESS_READ || check_written(call, &block, from, bytes);
}

size_t lm_guarded_extent(const void *at) {
    lm_block block;
    if (!lm_exact_find((uintptr_t)at, &block))
        return SIZE_MAX;
    const uintptr_t inside = (uintptr_t)at - block.start;
    return block.live && inside < block.size ? block.size - inside : 0;
}
