#include "heap/stats.h"

#include "heap/arena.h"
#include "heap/init.h"
#include "heap/large.h"
#include "heap/orphans.h"
#include "heap/sampled.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "heap/walk.h"
#include "os/os.h"

#include <string.h>

_Static_assert(LM_CLASSES <= LOAM_CLASSES_MAX, "struct loam_stats has room for all classes");

/* ---- Counting ------------------------------------------------------------------------------- */

static void add_slab(loam_stats *out, lm_slab *slab) {
    loam_class_stats *class = &out->by_class[slab->class];
    size_t live = lm_slab_live(slab);
    class->slabs++;
    class->live_blocks += live;
    class->free_slots += slab->slots - live;
    out->live_blocks += live;
    out->live += live * lm_slab_size(slab);
    size_t bytes = lm_slab_bytes(slab);
    if (lm_slab_place(slab) == LM_PLACE_PURGED)
        out->purged += bytes;
    else
        out->slack += bytes - live * lm_slab_size(slab);
}

static void add_span(loam_stats *out, const lm_span *span) {
    size_t held = (size_t)span->units << LM_UNIT_SHIFT;
    if (!atomic_load_explicit(&span->live, memory_order_relaxed)) {
        out->cached += held;
        return;
    }
    out->live_blocks++;
    out->large_blocks++;
    out->large_live += span->bytes;
    out->live += span->bytes;
    out->slack += held - span->bytes;
}

/* Places without a block are address space only. */
static void add_sampled(loam_stats *out, const lm_span *places) {
    const lm_samples *table = lm_sampled_table();
    size_t held = (size_t)places->units << LM_UNIT_SHIFT, used = 0;
    for (uint32_t i = 0; table && i < table->count; i++) {
        const lm_sample *sample = &table->samples[i];
        uint32_t state = atomic_load_explicit(&sample->state, memory_order_acquire);
        out->sampled_resting += state == LM_SAMPLE_RESTING;
        if (state != LM_SAMPLE_LIVE)
            continue;
        out->sampled_live++;
        out->live_blocks++;
        out->live += (size_t)sample->size;
        out->slack += table->page - (size_t)sample->size;
        used += table->page;
    }
    out->purged += held - used;
}

static void add_arenas(loam_stats *out) {
    uint32_t n = atomic_load_explicit(&lm_arena_count, memory_order_relaxed);
    out->arenas = n;
    for (uint32_t i = 0; i < n; i++) {
        const lm_arena *arena = &lm_arenas[i];
        out->reserved += arena->lookup->size;
        out->cached += arena->chunks.dirty_units << LM_UNIT_SHIFT;
        out->purged += (arena->chunks.free_units - arena->chunks.dirty_units) << LM_UNIT_SHIFT;
        out->metadata += arena->map.committed + arena->table.committed + arena->whole.committed +
                         arena->records.committed;
    }
    out->peak = lm_arena_peak_units << LM_UNIT_SHIFT;
}

/* What the bins have taken into words, less what is still in them. */
static void add_heap(loam_stats *out, lm_heap *heap) {
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        lm_bin *bin = &heap->bins[c];
        lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
        uint64_t given = atomic_load_explicit(&bin->given, memory_order_relaxed);
        if (given)
            given -= lm_count_bits(atomic_load_explicit(&pair->avail, memory_order_relaxed));
        out->by_class[c].allocations += given;
    }
}

static void add_heaps(loam_stats *out) {
    for (lm_heap *heap = atomic_load_explicit(&lm_heaps, memory_order_acquire); heap;
         heap = heap->next) {
        out->heaps++;
        out->heaps_in_use +=
            atomic_load_explicit(&heap->state, memory_order_relaxed) == LM_HEAP_IN_USE;
        out->metadata += sizeof *heap;
        add_heap(out, heap);
    }
    lm_heap *late = lm_late_heap();
    if (late)
        add_heap(out, late);
}

static uint64_t value(const _Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void lm_stats_get(loam_stats *out) {
    lm_walk walk = {0};
    memset(out, 0, sizeof *out);
    out->version = LOAM_STATS_VERSION;
    out->classes = LM_CLASSES;
    for (unsigned c = 0; c < LM_CLASSES; c++)
        out->by_class[c].size = lm_classes[c].size;
    lm_lock_take(&lm_arena_lock);
    for (lm_slab *record; (record = lm_walk_next(&walk)) != NULL;) {
        if (record->kind == LM_KIND_SLAB)
            add_slab(out, record);
        else if (record->kind == LM_KIND_SAMPLED)
            add_sampled(out, (lm_span *)(void *)record);
        else
            add_span(out, (lm_span *)(void *)record);
    }
    add_arenas(out);
    add_heaps(out); /* locked too: a bin's word lies in a record that must not go meanwhile */
    lm_lock_give(&lm_arena_lock);
    out->large_allocations = value(&lm_large_count);
    out->sampled = value(&lm_sampled_count);
    out->sample_missed = value(&lm_sampled_missed);
    out->commits = value(&lm_os_count.commits);
    out->purges = value(&lm_os_count.purges);
    out->guards = value(&lm_os_count.guards);
    out->remaps = value(&lm_os_count.remaps);
    out->maps = value(&lm_os_count.maps);
}

/* ---- Telling -------------------------------------------------------------------------------- */

/* The members that are single numbers, once for all ways to tell them. */
#define AMOUNTS(M)                                                                                 \
    M(live) M(slack) M(cached) M(purged) M(metadata) M(peak) M(reserved) M(large_live)
#define COUNTS(M)                                                                                  \
    M(live_blocks) M(large_blocks) M(large_allocations) M(arenas) M(heaps) M(heaps_in_use)
#define CALLS(M)   M(commits) M(purges) M(guards) M(remaps) M(maps)
#define SAMPLES(M) M(sampled) M(sample_missed) M(sampled_live) M(sampled_resting)

static void put_string(lm_text *text, const char *string) {
    lm_text_put(text, "\"");
    for (const char *s = string; *s; s++) {
        if (*s == '"' || *s == '\\')
            lm_text_format(text, "\\%c", *s);
        else if ((unsigned char)*s < ' ')
            lm_text_format(text, "\\u%04x", (unsigned)(unsigned char)*s);
        else
            lm_text_format(text, "%c", *s);
    }
    lm_text_put(text, "\"");
}

void lm_stats_json(lm_text *text, const loam_stats *stats, bool process) {
    lm_text_put(text, "{");
    if (process) {
        lm_text_format(text, "\"pid\":%d,\"program\":", lm_os_process());
        put_string(text, lm_os_program());
        lm_text_put(text, ",");
    }
#define PUT(member) lm_text_format(text, "\"" #member "\":%zu,", (size_t)stats->member);
    PUT(version)
    AMOUNTS(PUT)
    COUNTS(PUT)
    CALLS(PUT)
    SAMPLES(PUT)
#undef PUT
    lm_text_put(text, "\"by_class\":[");
    const char *comma = "";
    for (size_t c = 0; c < stats->classes; c++) {
        const loam_class_stats *class = &stats->by_class[c];
        if (!class->allocations && !class->slabs)
            continue;
        lm_text_format(text,
                       "%s{\"size\":%zu,\"live_blocks\":%zu,\"free_slots\":%zu,\"slabs\":%zu,"
                       "\"allocations\":%llu}",
                       comma, class->size, class->live_blocks, class->free_slots, class->slabs,
                       (unsigned long long)class->allocations);
        comma = ",";
    }
    lm_text_put(text, "]}");
}

static void put_amount(lm_text *text, const char *name, size_t bytes) {
    lm_text_format(text, "  %-10s", name);
    lm_text_bytes(text, bytes);
    lm_text_put(text, "\n");
}

void lm_stats_table(lm_text *text, const loam_stats *stats) {
    lm_text_format(text, "loam: heap of %s, process %d\n", lm_os_program(), lm_os_process());
    put_amount(text, "peak", stats->peak);
    put_amount(text, "live", stats->live);
    put_amount(text, "slack", stats->slack);
    put_amount(text, "cached", stats->cached);
    put_amount(text, "purged", stats->purged);
    put_amount(text, "metadata", stats->metadata);
    lm_text_put(text, "       size  allocations   live blocks    free slots         slabs\n");
    for (size_t c = 0; c < stats->classes; c++) {
        const loam_class_stats *class = &stats->by_class[c];
        if (class->allocations || class->slabs)
            lm_text_format(text, "%11zu %12llu %13zu %13zu %13zu\n", class->size,
                           (unsigned long long)class->allocations, class->live_blocks,
                           class->free_slots, class->slabs);
    }
    lm_text_format(text, "      large %12llu %13zu\n", (unsigned long long)stats->large_allocations,
                   stats->large_blocks);
    if (stats->sampled || stats->sample_missed)
        lm_text_format(text,
                       "  sampled: %llu allocations between guards, %llu had no place, %zu live\n",
                       (unsigned long long)stats->sampled, (unsigned long long)stats->sample_missed,
                       stats->sampled_live);
    lm_text_format(text,
                   "  system calls: %llu commits, %llu purges, %llu guards, %llu remaps, "
                   "%llu maps\n",
                   (unsigned long long)stats->commits, (unsigned long long)stats->purges,
                   (unsigned long long)stats->guards, (unsigned long long)stats->remaps,
                   (unsigned long long)stats->maps);
}

/* Room for all classes, in either form. */
enum { TEXT_MAX = 16 * 1024 };

void lm_stats_at_exit(void) {
    loam_stats stats;
    char buffer[TEXT_MAX];
    lm_text text;
    if (!lm_options_now.stats && !lm_options_now.stats_file[0])
        return;
    lm_stats_get(&stats);
    if (lm_options_now.stats) {
        lm_text_init(&text, buffer, sizeof buffer);
        lm_stats_table(&text, &stats);
        lm_os_message(buffer, lm_min(text.length, sizeof buffer - 1));
    }
    if (lm_options_now.stats_file[0]) {
        lm_text_init(&text, buffer, sizeof buffer);
        lm_stats_json(&text, &stats, true);
        lm_text_put(&text, "\n");
        lm_os_append(lm_options_now.stats_file, buffer, lm_min(text.length, sizeof buffer - 1));
    }
}
