/* The C library's names for the same functions, each with the errors that glibc documents. With
 * these in a program, or preloaded into it, the C library's own heap is never used. */
#include "abi/entries.h"
#include "base/text.h"
#include "heap/init.h"
#include "heap/stats.h"
#include "loam/loam.h"
#include "os/os.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

/* Not declared by every C library's headers. */
EXPORT void free_sized(void *p, size_t size);
EXPORT void free_aligned_sized(void *p, size_t alignment, size_t size);
EXPORT void cfree(void *p);

EXPORT void *malloc(size_t size) {
    return lm_entry_malloc(size, LM_CALL_MALLOC);
}

EXPORT void free(void *p) {
    lm_entry_free(p, LM_ANY_SIZE, LM_CALL_FREE);
}

EXPORT void cfree(void *p) {
    lm_entry_free(p, LM_ANY_SIZE, LM_CALL_FREE);
}

EXPORT void *calloc(size_t count, size_t size) {
    return loam_calloc(count, size);
}

EXPORT void *realloc(void *p, size_t size) {
    return loam_realloc(p, size);
}

EXPORT void *reallocarray(void *p, size_t count, size_t size) {
    return loam_reallocarray(p, count, size);
}

EXPORT void free_sized(void *p, size_t size) {
    loam_free_sized(p, size);
}

EXPORT void free_aligned_sized(void *p, size_t alignment, size_t size) {
    loam_free_aligned_sized(p, alignment, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
    return loam_aligned_alloc(alignment, size);
}

EXPORT void *memalign(size_t alignment, size_t size) {
    return loam_memalign(alignment, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size) {
    return loam_posix_memalign(out, alignment, size);
}

EXPORT void *valloc(size_t size) {
    return loam_valloc(size);
}

EXPORT void *pvalloc(size_t size) {
    return loam_pvalloc(size);
}

EXPORT size_t malloc_usable_size(void *p) {
    return p ? lm_entry_usable(p, "malloc_usable_size") : 0;
}

EXPORT int malloc_trim(size_t keep) {
    return loam_trim(keep);
}

/* No parameter of the C library's heap has a counterpart here: 0, "not done". */
EXPORT int mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 0;
}

/* The names make this heap the program's own. */
__attribute__((constructor)) static void seal(void) {
    lm_init_seal();
}

/* ---- Statistics, in the C library's terms --------------------------------------------------- */

static size_t count_free_slots(const loam_stats *stats) {
    size_t n = 0;
    for (size_t c = 0; c < stats->classes; c++)
        n += stats->by_class[c].free_slots;
    return n;
}

EXPORT struct mallinfo2 mallinfo2(void) {
    loam_stats stats;
    lm_stats_get(&stats);
    return (struct mallinfo2){
        .arena = stats.live - stats.large_live + stats.slack + stats.cached,
        .ordblks = count_free_slots(&stats),
        .hblks = stats.large_blocks,
        .hblkhd = stats.large_live,
        .uordblks = stats.live - stats.large_live,
        .fordblks = stats.slack + stats.cached,
        .keepcost = stats.cached,
    };
}

static int saturated(size_t x) {
    return x > INT_MAX ? INT_MAX : (int)x;
}

EXPORT struct mallinfo mallinfo(void) {
    struct mallinfo2 info = mallinfo2();
    return (struct mallinfo){
        .arena = saturated(info.arena),
        .ordblks = saturated(info.ordblks),
        .hblks = saturated(info.hblks),
        .hblkhd = saturated(info.hblkhd),
        .uordblks = saturated(info.uordblks),
        .fordblks = saturated(info.fordblks),
        .keepcost = saturated(info.keepcost),
    };
}

enum { TEXT_MAX = 16 * 1024 };

EXPORT void malloc_stats(void) {
    char buffer[TEXT_MAX];
    loam_stats stats;
    lm_text text;
    lm_stats_get(&stats);
    lm_text_init(&text, buffer, sizeof buffer);
    lm_stats_table(&text, &stats);
    lm_os_message(buffer, lm_min(text.length, sizeof buffer - 1));
}

static void put_xml(lm_text *text, const loam_stats *stats) {
    lm_text_put(text, "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n");
    for (size_t c = 0; c < stats->classes; c++) {
        const loam_class_stats *class = &stats->by_class[c];
        if (class->free_slots)
            lm_text_format(text, "<size from=\"%zu\" to=\"%zu\" total=\"%zu\" count=\"%zu\"/>\n",
                           c ? stats->by_class[c - 1].size + 1 : 0, class->size,
                           class->free_slots * class->size, class->free_slots);
    }
    lm_text_put(text, "</sizes>\n</heap>\n");
    lm_text_format(text,
                   "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
                   "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
                   "<system type=\"current\" size=\"%zu\"/>\n"
                   "<system type=\"max\" size=\"%zu\"/>\n"
                   "<aspace type=\"total\" size=\"%zu\"/>\n</malloc>\n",
                   count_free_slots(stats), stats->slack + stats->cached, stats->large_blocks,
                   stats->large_live, stats->live + stats->slack + stats->cached, stats->peak,
                   stats->reserved);
}

EXPORT int malloc_info(int options, FILE *stream) {
    char buffer[TEXT_MAX];
    loam_stats stats;
    lm_text text;
    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    lm_stats_get(&stats);
    lm_text_init(&text, buffer, sizeof buffer);
    put_xml(&text, &stats);
    return fputs(buffer, stream) == EOF ? -1 : 0;
}
