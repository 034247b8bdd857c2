#include "check/table.h"

#include "check/amounts.h"
#include "check/own.h"
#include "check/watched.h"
#include "heap/arena.h"
#include "heap/large.h"
#include "os/os.h"

lm_table_arena lm_table_units[LM_ARENAS_MAX];
lm_lock lm_table_lock = LM_LOCK(LM_RANK_CHECK_TABLE);

/* Arrays that no unit leads to any more, by class; those of large blocks last. */
enum { LARGE = LM_CLASSES, LISTS };
static lm_records *spare[LISTS];

/* What the heap says of a slot or large block. */
typedef struct slot {
    size_t arena, unit;
    uintptr_t first; /* of the slab or large block */
    uint32_t stride, count;
    size_t index;
    size_t room;
    unsigned list;
} slot;

/* ---- From an address to the slot -------------------------------------------------------------- */

static slot of_slab(const lm_slab *slab, uint64_t offset) {
    uint64_t start = lm_slab_start(slab);
    size_t room = lm_slab_room(slab);
    size_t index = room ? (offset - start) / room : 0;
    return (slot){.arena = slab->arena,
                  .unit = start >> LM_UNIT_SHIFT,
                  .first = lm_once.lookups[slab->arena].base + start,
                  .stride = (uint32_t)room,
                  .count = slab->slots,
                  .index = lm_min(index, slab->slots ? slab->slots - 1u : 0),
                  .room = room,
                  .list = slab->class};
}

static slot of_span(const lm_span *span) {
    return (slot){.arena = span->arena,
                  .unit = span->start >> LM_UNIT_SHIFT,
                  .first = (uintptr_t)lm_span_address(span),
                  .count = 1,
                  .room = span->bytes,
                  .list = LARGE};
}

/* The slot that an address lies in. What lies behind a slab's last slot counts as in it, and the guards of a
 * large block as the block. */
static bool find_slot(uintptr_t at, slot *found) {
    lm_arena *arena = lm_arena_of(at);
    if (!arena)
        return false;
    uint64_t offset = at - arena->lookup->base;
    const lm_slab *record = lm_record_at(arena->lookup, offset);
    if (record->kind == LM_KIND_SPAN)
        *found = of_span((const lm_span *)(const void *)record);
    else if (record->kind == LM_KIND_SLAB && offset >= lm_slab_start(record))
        *found = of_slab(record, offset);
    else
        return false;
    return true;
}

/* ---- Arrays ----------------------------------------------------------------------------------- */

static bool fits(const lm_records *records, const slot *s) {
    return records && records->first == s->first && records->stride == s->stride &&
           records->count == s->count;
}

/* Makes a unit's pointer writable. */
static bool open_unit(lm_table_arena *units, const slot *s) {
    size_t pointers = lm_once.lookups[s->arena].size >> LM_UNIT_SHIFT;
    size_t size = lm_align_up(pointers * sizeof units->of[0], lm_os.page);
    if (!lm_table_of(s->arena)) {
        void *at = lm_os_reserve(size, 0);
        if (!at || !lm_os_make_readable(at, size))
            return false;
        atomic_store_explicit(&units->of, at, memory_order_release);
        lm_watched_add(lm_once.lookups[s->arena].base, lm_once.lookups[s->arena].size);
    }
    size_t end = (s->unit + 1) * sizeof units->of[0];
    if (end <= units->open)
        return true;
    size_t open = lm_min(lm_align_up(end, LM_OWN_STEP), size);
    if (!lm_os_commit((char *)(uintptr_t)lm_table_of(s->arena) + units->open, open - units->open))
        return false;
    units->open = open;
    return true;
}

static lm_records *take_array(const slot *s) {
    size_t size = s->count * sizeof(lm_record);
    lm_records *records = spare[s->list];
    if (records) {
        spare[s->list] = records->next;
        memset(records->of, 0, size);
    } else {
        records = lm_own_take(sizeof *records + size);
        if (!records)
            return NULL;
    }
    records->first = s->first;
    records->stride = s->stride;
    records->count = s->count;
    return records;
}

static unsigned list_of(const lm_records *records) {
    return records->stride ? lm_class_of(records->stride) : LARGE;
}

/* The array for a slot of a slab, or large block, that is new at its unit. Locked. */
static lm_records *make_array(const slot *s) {
    lm_table_arena *units = &lm_table_units[s->arena];
    if (!open_unit(units, s))
        return NULL;
    _Atomic(lm_records *) *at = &lm_table_of(s->arena)[s->unit];
    lm_records *old = atomic_load_explicit(at, memory_order_relaxed);
    if (fits(old, s))
        return old;
    lm_records *records = take_array(s);
    if (records)
        atomic_store_explicit(at, records, memory_order_release);
    if (records && old) {
        old->next = spare[list_of(old)];
        spare[list_of(old)] = old;
    }
    return records;
}

/* ---- Places ----------------------------------------------------------------------------------- */

bool lm_table_start(void) {
    slot s = {0};
    lm_lock_take(&lm_table_lock);
    bool done = open_unit(&lm_table_units[0], &s);
    lm_lock_give(&lm_table_lock);
    return done;
}

static lm_records *array_of(const slot *s) {
    _Atomic(lm_records *) *units = lm_table_of(s->arena);
    lm_records *records =
        units ? atomic_load_explicit(&units[s->unit], memory_order_acquire) : NULL;
    return fits(records, s) ? records : NULL;
}

static lm_place place_of(lm_records *records, const slot *s) {
    return (lm_place){&records->of[s->index], records, records->first + s->index * records->stride,
                      s->room};
}

LM_COLD bool lm_table_new(void *raw, lm_place *place) {
    slot s;
    if (!find_slot((uintptr_t)raw, &s))
        return false;
    lm_records *records = array_of(&s);
    if (!records) {
        lm_lock_take(&lm_table_lock);
        records = make_array(&s);
        lm_lock_give(&lm_table_lock);
    }
    if (records)
        *place = place_of(records, &s);
    return records != NULL;
}

/* Where the heap has nothing now, the array of what was there last may tell: all of it has left the
 * quarantine. A large block's room isn't known any more, so it is what the block had. */
static bool covers(const lm_records *records, uintptr_t at, lm_place *place) {
    size_t inside = at - records->first, stride = records->stride;
    size_t index = stride ? inside / stride : 0;
    if (at < records->first || index >= records->count)
        return false;
    lm_record *record = (lm_record *)(uintptr_t)&records->of[index];
    uintptr_t raw = records->first + index * stride;
    size_t room = stride ? stride : lm_record_front(record, raw) + record->size;
    *place = (lm_place){record, (lm_records *)(uintptr_t)records, raw, room};
    return inside - index * stride < room && lm_record_state(record) == LM_STATE_GONE;
}

static bool find_past(uintptr_t at, lm_place *place) {
    lm_arena *arena = lm_arena_of(at);
    _Atomic(lm_records *) *units = arena ? lm_table_of((size_t)(arena - lm_arenas)) : NULL;
    if (!units)
        return false;
    size_t unit = (at - arena->lookup->base) >> LM_UNIT_SHIFT;
    for (size_t back = 0; back < LM_SLAB_UNITS_MAX && back <= unit; back++) {
        lm_records *records = atomic_load_explicit(&units[unit - back], memory_order_acquire);
        if (records && covers(records, at, place))
            return true;
    }
    return false;
}

bool lm_table_find(uintptr_t at, lm_place *place) {
    slot s;
    if (!find_slot(at, &s))
        return find_past(at, place);
    lm_records *records = array_of(&s);
    if (records)
        *place = place_of(records, &s);
    return records && lm_record_state(place->record) != LM_STATE_NONE;
}

bool lm_table_beside(const lm_place *place, int step, lm_place *other) {
    size_t index = (size_t)(place->record - place->records->of);
    if (step < 0 ? index == 0 : index + 1 >= place->records->count)
        return false;
    size_t stride = place->records->stride;
    *other = (lm_place){place->record + step, place->records,
                        step < 0 ? place->raw - stride : place->raw + stride, place->room};
    return lm_record_state(other->record) != LM_STATE_NONE;
}

/* ---- All of them ------------------------------------------------------------------------------ */

/* What the heap has at a unit now: an array may be older. */
static bool visit_unit(uintptr_t base, size_t unit, const lm_records *records,
                       bool (*visit)(const lm_place *, void *), void *context) {
    slot s;
    if (!find_slot(records->first, &s) || s.unit != unit || !fits(records, &s) || s.first < base)
        return true;
    for (s.index = 0; s.index < s.count; s.index++) {
        lm_records *array = array_of(&s);
        if (!array)
            return true;
        lm_place place = place_of(array, &s);
        if (lm_record_state(place.record) != LM_STATE_NONE && !visit(&place, context))
            return false;
    }
    return true;
}

void lm_table_each(bool (*visit)(const lm_place *place, void *context), void *context) {
    uint32_t arenas = atomic_load_explicit(&lm_arena_count, memory_order_acquire);
    for (uint32_t a = 0; a < arenas; a++) {
        _Atomic(lm_records *) *units = lm_table_of(a);
        size_t count = lm_arenas[a].committed >> LM_UNIT_SHIFT;
        for (size_t unit = 0; units && unit < count; unit++) {
            lm_records *records = atomic_load_explicit(&units[unit], memory_order_acquire);
            if (records && !visit_unit(lm_once.lookups[a].base, unit, records, visit, context))
                return;
        }
    }
}
