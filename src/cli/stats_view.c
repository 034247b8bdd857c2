#include "cli/stats_view.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    CLASSES_SHOWN = 10, /* the busiest ones */
    OTHERS_SHOWN = 10   /* of the processes */
};

/* Room for an amount as a reader sees it: "1023.9 MiB". */
typedef struct amount {
    char text[24];
} amount;

static amount amount_of(uint64_t bytes) {
    amount result;
    lm_text text;
    lm_text_init(&text, result.text, sizeof result.text);
    lm_text_bytes(&text, bytes);
    return result;
}

static const char *plural(uint64_t count) {
    return count == 1 ? "" : "s";
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static void row(FILE *out, const char *name, uint64_t bytes, const char *meaning) {
    fprintf(out, "  %-12s %12s   %s\n", name, amount_of(bytes).text, meaning);
}

static void view_bytes(FILE *out, const loam_stats *stats) {
    char note[64];
    row(out, "peak", stats->peak, "the most that slabs and spans ever held");
    snprintf(note, sizeof note, "in %zu block%s that the program had not freed", stats->live_blocks,
             plural(stats->live_blocks));
    row(out, "live", stats->live, note);
    row(out, "slack", stats->slack, "in slabs and spans in use, but in no block");
    row(out, "cached", stats->cached, "free, kept for reuse");
    row(out, "purged", stats->purged, "free, given back to the system or never touched");
    row(out, "metadata", stats->metadata, "Loam's own records");
    snprintf(note, sizeof note, "address space of %zu arena%s", stats->arenas,
             plural(stats->arenas));
    row(out, "reserved", stats->reserved, note);
}

/* ---- Classes -------------------------------------------------------------------------------- */

static int by_allocations(const void *a, const void *b) {
    const loam_class_stats *const *first = a;
    const loam_class_stats *const *second = b;
    if ((*first)->allocations != (*second)->allocations)
        return (*first)->allocations < (*second)->allocations ? 1 : -1;
    return (*first)->size < (*second)->size ? -1 : (*first)->size > (*second)->size;
}

/* Sorts the classes that were used by how busy they were. Returns how many there are. */
static size_t sort_classes(const loam_stats *stats, const loam_class_stats *sorted[]) {
    size_t count = 0;
    for (size_t i = 0; i < stats->classes; i++) {
        if (stats->by_class[i].allocations > 0 || stats->by_class[i].slabs > 0)
            sorted[count++] = &stats->by_class[i];
    }
    qsort(sorted, count, sizeof *sorted, by_allocations);
    return count;
}

static void view_classes(FILE *out, const loam_stats *stats) {
    const loam_class_stats *sorted[LOAM_CLASSES_MAX];
    const size_t count = sort_classes(stats, sorted);
    if (count == 0)
        return;
    const size_t shown = count < CLASSES_SHOWN ? count : CLASSES_SHOWN;
    if (shown < count)
        fprintf(out, "\n  The %zu busiest of %zu size classes:\n", shown, count);
    else
        fprintf(out, "\n  The size classes in use, the busiest first:\n");
    fprintf(out, "  %11s %17s %15s %15s %10s\n", "slot size", "allocations", "live blocks",
            "free slots", "slabs");
    for (size_t i = 0; i < shown; i++) {
        const loam_class_stats *class = sorted[i];
        fprintf(out, "  %9zu B %17" PRIu64 " %15zu %15zu %10zu\n", class->size, class->allocations,
                class->live_blocks, class->free_slots, class->slabs);
    }
}

/* ---- The rest ------------------------------------------------------------------------------- */

static void view_rest(FILE *out, const loam_stats *stats) {
    fprintf(out, "\n  %-13s %" PRIu64 " allocation%s, %zu live (%s)\n", "large blocks",
            stats->large_allocations, plural(stats->large_allocations), stats->large_blocks,
            amount_of(stats->large_live).text);
    fprintf(out, "  %-13s %zu made, %zu in use\n", "thread heaps", stats->heaps,
            stats->heaps_in_use);
    fprintf(out,
            "  %-13s %" PRIu64 " to commit, %" PRIu64 " to purge, %" PRIu64 " for guards,\n"
            "  %-13s %" PRIu64 " to remap, %" PRIu64 " to map and unmap\n",
            "system calls", stats->commits, stats->purges, stats->guards, "", stats->remaps,
            stats->maps);
}

void lm_stats_view_one(FILE *out, const lm_record *record, const char *version) {
    fprintf(out, "Loam %s: the heap of %.40s, process %ld, when it exited\n\n", version,
            record->program, (long)record->pid);
    view_bytes(out, &record->stats);
    view_classes(out, &record->stats);
    view_rest(out, &record->stats);
}

static uint64_t allocations_of(const loam_stats *stats) {
    uint64_t sum = stats->large_allocations;
    for (size_t i = 0; i < stats->classes; i++)
        sum += stats->by_class[i].allocations;
    return sum;
}

void lm_stats_view_others(FILE *out, const lm_records *records, const lm_record *shown) {
    const size_t others = records->count - (shown != NULL);
    if (others == 0)
        return;
    fprintf(out, "\nOther processes on Loam that exited before: %zu\n", others);
    fprintf(out, "  %10s  %-20s %12s %12s %15s\n", "process", "program", "peak", "live",
            "allocations");
    size_t skipped = others > OTHERS_SHOWN ? others - OTHERS_SHOWN : 0;
    if (skipped > 0)
        fprintf(out, "  %10s  and %zu before these\n", "...", skipped);
    for (size_t i = 0; i < records->count; i++) {
        const lm_record *record = &records->items[i];
        if (record == shown)
            continue;
        if (skipped > 0) {
            skipped--;
            continue;
        }
        fprintf(out, "  %10ld  %-20.20s %12s %12s %15" PRIu64 "\n", (long)record->pid,
                record->program, amount_of(record->stats.peak).text,
                amount_of(record->stats.live).text, allocations_of(&record->stats));
    }
}
