#include "base/samples.h"

static uint32_t state_of(const lm_sample *sample) {
    return atomic_load_explicit(&sample->state, memory_order_acquire);
}

/* The block that an access to the guard most likely came from: of the two beside it the nearer one
 * that is in use, else that was. */
static const lm_sample *beside(const lm_samples *table, uint64_t guard, uintptr_t address) {
    const lm_sample *before = guard > 0 ? &table->samples[guard - 1] : NULL;
    const lm_sample *behind = guard < table->count ? &table->samples[guard] : NULL;
    for (uint32_t state = LM_SAMPLE_LIVE; state <= LM_SAMPLE_RESTING; state++) {
        bool first = before && state_of(before) == state,
             second = behind && state_of(behind) == state;
        if (first && second)
            return address - (before->block + before->size) <= behind->block - address ? before
                                                                                       : behind;
        if (first || second)
            return first ? before : behind;
    }
    return NULL;
}

const lm_sample *lm_samples_judge(const lm_samples *table, uintptr_t address, lm_kind *kind) {
    if (address < table->first || address >= table->end)
        return NULL;
    uint64_t n = (address - table->first) / table->page;
    const lm_sample *sample = n % 2 ? &table->samples[n / 2] : beside(table, n / 2, address);
    if (!sample || state_of(sample) == LM_SAMPLE_EMPTY)
        return NULL;
    /* The first guard may have been reached from a block of a slab that lies before it. */
    if (state_of(sample) == LM_SAMPLE_RESTING && n == 0)
        return NULL;
    if (state_of(sample) == LM_SAMPLE_RESTING)
        *kind = LM_USE_AFTER_FREE;
    else
        *kind = address < sample->block ? LM_HEAP_UNDERFLOW : LM_HEAP_OVERFLOW;
    return sample;
}

static const lm_trace *trace_of(const lm_sample_call *call, lm_trace *trace) {
    size_t most = LM_SAMPLE_FRAMES;
    *trace =
        (lm_trace){call->frames, call->count < most ? (size_t)call->count : most, call->thread};
    return call->count ? trace : NULL;
}

void lm_sample_tell(const lm_sample *sample, lm_finding *finding, lm_sample_story *story) {
    story->allocated = sample->allocated;
    story->freed = sample->freed;
    finding->block = (const void *)sample->block;
    finding->block_size = (size_t)sample->size;
    finding->sampled = true;
    finding->allocated = trace_of(&story->allocated, &story->traces[0]);
    finding->freed = trace_of(&story->freed, &story->traces[1]);
}
