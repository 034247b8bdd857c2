#include "heap/trap.h"

#include "heap/arena.h"
#include "heap/find.h"
#include "heap/large.h"
#include "heap/sampled.h"
#include "heap/slab.h"
#include "os/fault.h"
#include "os/os.h"

static bool judge_span(const lm_span *span, uint64_t offset, lm_finding *finding) {
    finding->block = (char *)lm_once.lookups[span->arena].base + span->start;
    finding->block_size = lm_large_asked(span).size;
    if (atomic_load_explicit(&span->live, memory_order_relaxed) != 1)
        finding->kind = LM_USE_AFTER_FREE;
    else
        finding->kind = offset < span->start ? LM_HEAP_UNDERFLOW : LM_HEAP_OVERFLOW;
    return true;
}

static bool judge_slot(lm_slab *slab, size_t slot, lm_finding *finding, lm_kind kind) {
    finding->block = lm_slab_address(slab) + slot * lm_slab_size(slab);
    finding->block_size = slab->class == LM_CLASS_ZERO ? 0 : lm_most_in(lm_slab_room(slab));
    finding->size_at_most = slab->class != LM_CLASS_ZERO;
    finding->class_size = lm_slab_room(slab);
    finding->kind = lm_slot_live(slab, slot) ? kind : LM_USE_AFTER_FREE;
    return true;
}

/* The first slot of the slab behind a guard, or behind what lies before the arena. */
static bool judge_before(uintptr_t address, lm_finding *finding) {
    lm_arena *arena = lm_arena_of(address + LM_UNIT);
    if (!arena)
        return false;
    lm_slab *slab = lm_record_at(arena->lookup, address + LM_UNIT - arena->lookup->base);
    return slab->kind == LM_KIND_SLAB && judge_slot(slab, 0, finding, LM_HEAP_UNDERFLOW);
}

/* The guard at a slab's end: of the blocks beside it the nearer one. */
static bool judge_end(lm_slab *slab, uint64_t inside, uintptr_t address, lm_finding *finding) {
    uint64_t last = (uint64_t)slab->slots * lm_slab_size(slab);
    if (lm_slab_bytes(slab) - inside < inside - last && judge_before(address, finding))
        return true;
    return judge_slot(slab, slab->slots - 1u, finding, LM_HEAP_OVERFLOW);
}

/* A slot of no bytes, or the guard at a slot's end or at the slab's. */
static bool judge_slab(lm_slab *slab, uint64_t offset, uintptr_t address, lm_finding *finding) {
    uint64_t inside = offset - lm_slab_start(slab);
    size_t slot = (size_t)(inside / lm_slab_size(slab));
    if (slab->guarded && slot >= slab->slots)
        return judge_end(slab, inside, address, finding);
    if (slot >= slab->slots ||
        (slab->class != LM_CLASS_ZERO && inside % lm_slab_size(slab) < lm_slab_room(slab)))
        return false;
    return judge_slot(slab, slot, finding, LM_HEAP_OVERFLOW);
}

bool lm_trap_judge(uintptr_t address, lm_finding *finding, lm_sample_story *story) {
    lm_arena *arena = lm_arena_of(address);
    if (!arena)
        return judge_before(address, finding);
    uint64_t offset = address - arena->lookup->base;
    lm_slab *record = lm_record_at(arena->lookup, offset);
    if (record->kind == LM_KIND_SPAN)
        return judge_span((lm_span *)(void *)record, offset, finding);
    if (record->kind == LM_KIND_SLAB)
        return judge_slab(record, offset, address, finding);
    const lm_samples *table = lm_sampled_table();
    const lm_sample *sample = table ? lm_samples_judge(table, address, &finding->kind) : NULL;
    if (sample)
        lm_sample_tell(sample, finding, story);
    return sample != NULL;
}

/* Where the alternate stack of a thread is small there is no room for a report on it. A second thread
 * that faults meanwhile waits: the first ends the process, by either way. */
static void report(const lm_finding *finding) {
    static char text[LM_REPORT_MAX];
    static _Atomic bool busy;
    while (atomic_exchange_explicit(&busy, true, memory_order_acquire))
        lm_pause();
    lm_finding_report_in(finding, text, sizeof text);
    atomic_store_explicit(&busy, false, memory_order_release);
}

static bool on_fault(const lm_os_fault *fault) {
    lm_finding finding = {
        .call = fault->access, .pointer = (const void *)fault->address, .exact = true};
    lm_sample_story story;
    uintptr_t frames[LM_SAMPLE_FRAMES];
    lm_trace here = {frames, 0, 0};
    if (!lm_trap_judge(fault->address, &finding, &story))
        return false;
    here.thread = lm_os_thread();
    if (lm_once.sampled.capture)
        here.count = lm_once.sampled.capture(frames, LM_SAMPLE_FRAMES);
    if (here.count > 0)
        finding.accessed = &here;
    report(&finding);
    return true;
}

void lm_trap_start(void) {
    lm_os_catch_faults(on_fault);
}
