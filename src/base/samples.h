/* THE TABLE OF SAMPLED GUARDS: what is known of each place in which a sampled block lies or lay
 * (heap/sampled.h). It lies apart from the heap, and whoever has the process's memory reads it: a
 * handler of signals, or `loam core` in a core dump. So its form is fixed, by a version.
 *
 *   places in the arena, all pages alike:
 *
 *   first                                                                      end
 *   | guard 0 | page 0 | guard 1 | page 1 | guard 2 | ... | page n-1 | guard n |
 *
 *   the table, at the start of a page:
 *
 *   | magic, version, own address ... | sample 0 | sample 1 | ... | sample n-1 |
 */
#ifndef LM_BASE_SAMPLES_H
#define LM_BASE_SAMPLES_H

#include "base/finding.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LM_SAMPLES_MAGIC "Loam: sampled guards"
enum { LM_SAMPLES_MAGIC_SIZE = 24, LM_SAMPLES_VERSION = 1, LM_SAMPLE_FRAMES = 24 };

/* BUSY: somebody is just making or freeing the block. */
enum { LM_SAMPLE_EMPTY = 0, LM_SAMPLE_BUSY, LM_SAMPLE_LIVE, LM_SAMPLE_RESTING };

/* Who made the block, and who freed it. */
typedef struct lm_sample_call {
    uint64_t thread;                    /* the system's number, 0: not known */
    uint64_t count;                     /* of frames */
    uintptr_t frames[LM_SAMPLE_FRAMES]; /* where each function was called from, innermost first */
} lm_sample_call;

typedef struct lm_sample {
    uintptr_t page;         /* address of its page */
    uintptr_t block;        /* first byte of the latest block in it */
    uint64_t size;          /* bytes asked for */
    _Atomic uint32_t state; /* LM_SAMPLE_... */
    uint32_t family;        /* lm_family */
    lm_sample_call allocated, freed;
} lm_sample;

typedef struct lm_samples {
    char magic[LM_SAMPLES_MAGIC_SIZE]; /* LM_SAMPLES_MAGIC, written last */
    uint32_t version;
    uint32_t count;       /* of samples */
    uintptr_t self;       /* the table's own address */
    uintptr_t first, end; /* addresses of the places */
    uint64_t page;        /* bytes */
    uint64_t sample_size; /* bytes of a member of samples */
    lm_sample samples[];
} lm_samples;

/* What an access at an address that can't be touched did wrong: to which block, and the kind. NULL:
 * the address is in no place, or nothing is known of a block there. */
const lm_sample *lm_samples_judge(const lm_samples *table, uintptr_t address, lm_kind *kind);

/* The calls as a finding has them; what doesn't exist yet is NULL there. The copy stays as it is when the
 * place is used again. */
typedef struct lm_sample_story {
    lm_sample_call allocated, freed;
    lm_trace traces[2];
} lm_sample_story;

/* Adds to a finding what is known of the sample's block. */
void lm_sample_tell(const lm_sample *sample, lm_finding *finding, lm_sample_story *story);

#endif
