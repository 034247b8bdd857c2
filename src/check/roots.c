#include "check/roots.h"

#include "base/bits.h"
#include "base/system.h"
#include "check/control.h"
#include "check/grow.h"
#include "check/process.h"
#include "check/world.h"
#include "os/os.h"
#include "os/reserved.h"
#include "stack/machine.h"

#include <string.h>
#include <sys/auxv.h>

enum {
    AREAS_MAX = 1 << 20,
    HOLES_MAX = 1 << 18,
    CHUNK = 1 << 16, /* bytes that are copied at once */
    WORD = sizeof(uintptr_t),
};

/* A readable mapping. */
typedef struct area {
    uintptr_t start, end;
    uint64_t inode;
    bool writable, runnable, shared, stack;
    bool memory; /* shared memory without a file on a disk */
} area;

/* What doesn't count. */
typedef struct hole {
    uintptr_t start, end;
} hole;

static struct {
    lm_grow areas, holes, chunk, dead;
    size_t area_count, hole_count, dead_count;
    const lm_stand *stand;
    uintptr_t own_control;
    bool failed;
} roots;

static area *areas(void) {
    return (void *)roots.areas.at;
}

static hole *holes(void) {
    return (void *)roots.holes.at;
}

/* ---- What is mapped ---------------------------------------------------------------------------- */

static bool is_memory(const char *path) {
    static const char *const begins[] = {"/dev/shm/", "/memfd:", "/SYSV", "/dev/zero"};
    for (unsigned i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (strncmp(path, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static bool note_mapping(const lm_mapping *mapping, void *context) {
    (void)context;
    if (!mapping->readable)
        return true;
    const size_t size = (roots.area_count + 1) * sizeof(area);
    if (!lm_grow_to(&roots.areas, size, AREAS_MAX * sizeof(area))) {
        roots.failed = true;
        return false;
    }
    areas()[roots.area_count++] = (area){.start = mapping->start,
                                         .end = mapping->end,
                                         .inode = mapping->inode,
                                         .writable = mapping->writable,
                                         .runnable = mapping->runnable,
                                         .shared = mapping->shared,
                                         .stack = strcmp(mapping->path, "[stack]") == 0,
                                         .memory = mapping->shared && is_memory(mapping->path)};
    return true;
}

static const area *area_of(uintptr_t at) {
    size_t low = 0, high = roots.area_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (areas()[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < roots.area_count && areas()[low].start <= at ? &areas()[low] : NULL;
}

bool lm_roots_is_constant(uintptr_t at) {
    const area *a = area_of(at);
    return a && !a->writable && !a->shared && a->inode != 0;
}

/* Variables that begin as zeros are mapped behind the others, without the file. */
bool lm_roots_is_static(uintptr_t at) {
    const area *a = area_of(at);
    if (!a || !a->writable || a->shared)
        return false;
    return a->inode != 0 || (a > areas() && a[-1].inode != 0 && a[-1].end == a->start);
}

/* Whether all of it can be read in place. */
static bool is_open(uintptr_t start, uintptr_t end) {
    static const area *last;
    if (!last || last < areas() || last >= areas() + roots.area_count || start < last->start ||
        start >= last->end)
        last = area_of(start);
    return last && end <= last->end;
}

/* ---- What doesn't count ------------------------------------------------------------------------ */

static void add_hole(uintptr_t start, uintptr_t end) {
    if (start >= end)
        return;
    if (!lm_grow_to(&roots.holes, (roots.hole_count + 1) * sizeof(hole),
                    HOLES_MAX * sizeof(hole))) {
        roots.failed = true;
        return;
    }
    holes()[roots.hole_count++] = (hole){start, end};
}

/* Shell's sort: there are few, and recursion isn't for a handler. */
static void sort_holes(void) {
    hole *h = holes();
    const size_t count = roots.hole_count;
    for (size_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (size_t i = gap; i < count; i++) {
            const hole moving = h[i];
            size_t j = i;
            for (; j >= gap && h[j - gap].start > moving.start; j -= gap)
                h[j] = h[j - gap];
            h[j] = moving;
        }
}

static void add_reserved(void) {
    for (size_t i = 0; i < LM_RESERVED_MAX; i++) {
        uintptr_t start, end;
        if (lm_reserved_get(i, &start, &end))
            add_hole(start, end);
    }
}

/* The end of the object file that this is linked into, by the linker. */
extern char own_end[] __asm__("_end") __attribute__((visibility("hidden")));

/* The library's own variables; in a program that it is linked into they can't be told from the program's. */
static void add_own_data(void) {
    const area *own = area_of((uintptr_t)&roots), *code = area_of((uintptr_t)lm_roots_start);
    const area *program = area_of((uintptr_t)getauxval(AT_ENTRY));
    if (!own || !code || !program || code->inode == program->inode)
        return;
    uintptr_t start = own->start;
    for (size_t i = 0; i < roots.area_count; i++)
        if (areas()[i].inode == code->inode && areas()[i].start < start)
            start = areas()[i].start;
    add_hole(start, lm_align_up((uintptr_t)own_end, lm_os.page));
}

/* The part of a thread's stack below its stack pointer. */
static void add_unused_stack(uintptr_t sp, const lm_control *control) {
    if (control->low && sp >= control->low && sp < control->high) {
        add_hole(control->low, sp);
        return;
    }
    const area *a = sp ? area_of(sp) : NULL;
    if (a && a->stack)
        add_hole(a->start, sp);
}

static bool is_live(uintptr_t control) {
    size_t count;
    const lm_world_thread *threads = lm_world_threads(&count);
    if (control == roots.own_control)
        return true;
    for (size_t i = 0; i < count; i++)
        if (threads[i].control == control)
            return true;
    return false;
}

static void add_stacks(void) {
    size_t count;
    const lm_world_thread *threads = lm_world_threads(&count);
    lm_control control;
    lm_control_start();
    lm_control_read(roots.own_control, &control);
    add_unused_stack(roots.stand->sp, &control);
    for (size_t i = 0; i < count; i++) {
        if (threads[i].state == LM_WORLD_GONE || threads[i].sp == 0)
            continue;
        lm_control_read(threads[i].control, &control);
        add_unused_stack(threads[i].sp - LM_MACHINE_RED_ZONE, &control);
    }
}

/* ---- Showing ----------------------------------------------------------------------------------- */

/* Copies a range piece by piece; a page that can't be read is passed over. */
static void show_copied(uintptr_t start, uintptr_t end, lm_roots_visit *visit, void *context) {
    for (uintptr_t at = start; at < end;) {
        const size_t want = end - at < CHUNK ? end - at : CHUNK;
        const size_t got = lm_process_read(roots.chunk.at, at, want) / WORD * WORD;
        if (got)
            visit((void *)roots.chunk.at, got / WORD, at, context);
        at += got;
        if (got < want / WORD * WORD)
            at = lm_align_down(at, lm_os.page) + lm_os.page;
        else if (got == 0)
            return; /* less than a word is left */
    }
}

static void show_touched(uintptr_t start, uintptr_t end, bool memory, lm_roots_visit *visit,
                         void *context) {
    uintptr_t first, last, at = lm_align_down(start, lm_os.page);
    const uintptr_t stop = lm_align_up(end, lm_os.page);
    while (memory ? lm_process_resident(at, stop, &first, &last)
                  : lm_process_touched(at, stop, &first, &last)) {
        if (first < start)
            first = start;
        show_copied(first, last < end ? last : end, visit, context);
        at = last;
    }
}

static void show_area(const area *a, size_t *next, lm_roots_visit *visit, void *context) {
    uintptr_t at = a->start;
    while (*next < roots.hole_count && holes()[*next].end <= at)
        ++*next;
    for (size_t i = *next; at < a->end; i++) {
        const bool is_hole = i < roots.hole_count && holes()[i].start < a->end;
        const uintptr_t stop = is_hole ? holes()[i].start : a->end;
        if (stop > at)
            show_touched(lm_align_up(at, WORD), stop, a->memory, visit, context);
        if (!is_hole)
            return;
        if (holes()[i].end > at)
            at = holes()[i].end;
    }
}

/* What leads to a thread's blocks for the TLS of libraries points at the second entry of a table. */
static void show_dynamic(uintptr_t block, lm_roots_visit *visit, void *context) {
    enum { ENTRY = 2 * WORD };
    lm_control control;
    if (!lm_control_read(block, &control) || control.dynamic < ENTRY)
        return;
    const uintptr_t table = control.dynamic - ENTRY;
    visit(&table, 1, 0, context);
}

static void show_threads(lm_roots_visit *visit, void *context) {
    size_t count;
    const lm_world_thread *threads = lm_world_threads(&count);
    visit(roots.stand->words, roots.stand->count, 0, context);
    show_dynamic(roots.own_control, visit, context);
    for (size_t i = 0; i < count; i++) {
        const lm_world_thread *t = &threads[i];
        if (t->state == LM_WORLD_GONE)
            continue;
        visit(t->registers, t->count, 0, context);
        if (t->vectors_size)
            show_copied(t->vectors, t->vectors + t->vectors_size, visit, context);
        show_dynamic(t->control, visit, context);
    }
    for (size_t i = 0; i < roots.dead_count; i++) /* kept with their stacks */
        show_dynamic(((uintptr_t *)(void *)roots.dead.at)[i], visit, context);
}

void lm_roots_each(lm_roots_visit *visit, void *context) {
    size_t next = 0;
    show_threads(visit, context);
    for (size_t i = 0; i < roots.area_count; i++)
        if (areas()[i].writable)
            show_area(&areas()[i], &next, visit, context);
}

/* Only whole pages can be closed, and a small block has none. */
void lm_roots_memory(uintptr_t start, size_t size, lm_roots_visit *visit, void *context) {
    const uintptr_t first = lm_align_up(start, WORD), end = start + size;
    if (end < first + WORD)
        return;
    if (size < lm_os.page && is_open(start, end))
        visit((const void *)first, (end - first) / WORD, first, context);
    else if (size <= CHUNK)
        show_copied(first, end, visit, context);
    else
        show_touched(first, end, false, visit, context);
}

bool lm_roots_word(uintptr_t at, uintptr_t *word) {
    return lm_process_read(word, at, sizeof *word) == sizeof *word;
}

/* ---- Stacks of threads that ended ---------------------------------------------------------------- */

/* Control blocks begin with their own address, twice. */
static void find_controls(const uintptr_t *words, size_t count, uintptr_t from, void *context) {
    (void)context;
    for (size_t i = (0 - from) % LM_CONTROL_ALIGNMENT / WORD; i + LM_CONTROL_SELF < count;
         i += LM_CONTROL_ALIGNMENT / WORD) {
        const uintptr_t at = from + i * WORD;
        const size_t size = (roots.dead_count + 1) * sizeof at;
        if (words[i] != at || words[i + LM_CONTROL_SELF] != at || is_live(at) ||
            !lm_grow_to(&roots.dead, size, HOLES_MAX * sizeof at))
            continue;
        ((uintptr_t *)(void *)roots.dead.at)[roots.dead_count++] = at;
    }
}

/* The C library keeps stacks of threads that ended for others to come. Of a thread that nobody has waited for
 * yet the control block still counts: the result is in it. */
static void add_dead_stacks(void) {
    size_t next = 0;
    for (size_t i = 0; i < roots.area_count; i++) {
        const area *a = &areas()[i];
        if (LM_CONTROL_SELF > 0 && a->writable && !a->shared && !a->inode && !a->stack)
            show_area(a, &next, find_controls, NULL);
    }
    for (size_t i = 0; i < roots.dead_count; i++) {
        const uintptr_t at = ((uintptr_t *)(void *)roots.dead.at)[i];
        lm_control control;
        if (lm_control_read(at, &control) && control.low)
            add_hole(control.low, control.joined ? control.high : at);
    }
    sort_holes();
}

/* ---- Start and end ------------------------------------------------------------------------------- */

bool lm_roots_start(const lm_stand *stand) {
    roots.area_count = roots.hole_count = roots.dead_count = 0;
    roots.stand = stand;
    roots.own_control = lm_machine_thread();
    roots.failed = !lm_grow_to(&roots.chunk, CHUNK, CHUNK);
    /* Before the mappings are read, so that this changes none of them. */
    if (roots.failed || !lm_grow_to(&roots.areas, 1, AREAS_MAX * sizeof(area)) ||
        !lm_grow_to(&roots.holes, 1, HOLES_MAX * sizeof(hole)) ||
        !lm_grow_to(&roots.dead, 1, HOLES_MAX * sizeof(uintptr_t)) ||
        !lm_process_mappings(note_mapping, NULL))
        return false;
    add_reserved();
    add_own_data();
    add_stacks();
    sort_holes();
    if (lm_world_missing() == 0)
        add_dead_stacks();
    return !roots.failed && roots.area_count > 0;
}

void lm_roots_end(void) {
    lm_grow_end(&roots.areas);
    lm_grow_end(&roots.holes);
    lm_grow_end(&roots.dead);
    lm_grow_end(&roots.chunk);
}
