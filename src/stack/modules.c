#include "stack/modules.h"

#include "base/bits.h"
#include "heap/limits.h"
#include "os/os.h"
#include "stack/room.h"

#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

/* A module is written whole before the chain of its address names it, and never changes then but for
 * the two marks. */
typedef struct record {
    lm_module module;
    uint64_t identity;    /* of what is loaded there, see identity_of */
    const uint8_t *build; /* where its build-id lies, in its first page; NULL: it has none there */
    uint32_t next;        /* in the chain of modules that began at such an address: an older one */
    _Atomic bool there, stays;
} record;

enum {
    CHAINS = 512,
    PAGE_LEAST = 4096,
    HEADERS = 1024, /* bytes at an object's beginning that tell it from others */
};

static lm_room records; /* the first is that of number 1 */
static lm_room paths;
static _Atomic uint32_t chains[CHAINS];

static record *record_of(uint32_t id) {
    return (record *)(void *)lm_room_base(&records) + (id - 1);
}

static uint32_t count(void) {
    return (uint32_t)(atomic_load_explicit(&records.used, memory_order_acquire) / sizeof(record));
}

/* ---- What an object is ----------------------------------------------------------------------- */

static uint64_t mixed(const void *bytes, size_t size) {
    uint64_t hash = size;
    for (size_t i = 0; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const char *)bytes + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

/* From the build-id, or from the first bytes, which have the sizes of all parts. */
static uint64_t identity_of(const lm_object *object) {
    const lm_object_bytes id = lm_object_build_id(object);
    if (id.end - id.start >= (ptrdiff_t)sizeof(uint64_t))
        return mixed(id.start, (size_t)(id.end - id.start));
    if (object->start % PAGE_LEAST == 0 && object->end - object->start >= PAGE_LEAST)
        return mixed((const void *)object->start, HEADERS);
    return 0;
}

/* Where the program lies is known to the system; the loader has no name for it. */
static size_t path_of(const lm_object *object, char *buffer, size_t size) {
    const char *path = object->path;
    if (path[0] == '\0') {
        const size_t length = lm_os_program_path(buffer, size);
        if (length != 0)
            return length;
        path = (const char *)getauxval(AT_EXECFN);
        if (!path)
            path = "";
    }
    const size_t length = lm_min(strlen(path), size - 1);
    memcpy(buffer, path, length);
    buffer[length] = '\0';
    return length;
}

static bool is(const record *r, const lm_object *object, uint64_t identity) {
    const lm_module *m = &r->module;
    return r->identity == identity && m->start == object->start && m->end == object->end &&
           m->bias == object->bias &&
           (object->path[0] == '\0' || strcmp(m->path, object->path) == 0);
}

/* ---- The table ------------------------------------------------------------------------------- */

static _Atomic uint32_t *chain_of(uintptr_t start) {
    return &chains[start / PAGE_LEAST * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (CHAINS - 1)];
}

static uint32_t find(uint32_t from, uint32_t to, const lm_object *object, uint64_t identity) {
    for (uint32_t id = from; id != to; id = record_of(id)->next)
        if (is(record_of(id), object, identity))
            return id;
    return 0;
}

static LM_COLD uint32_t write_new(const lm_object *object, uint64_t identity) {
    char path[LM_MODULE_PATH_MOST];
    size_t at, path_at;
    const size_t length = path_of(object, path, sizeof path);
    if (!lm_room_take(&paths, LM_MODULES_PATHS, length + 1, &path_at) ||
        !lm_room_take(&records, LM_MODULES * sizeof(record), sizeof(record), &at))
        return 0;
    char *copy = lm_room_base(&paths) + path_at;
    memcpy(copy, path, length + 1);
    const uint32_t id = (uint32_t)(at / sizeof(record)) + 1;
    record *r = record_of(id);
    lm_module *m = &r->module;
    const lm_object_bytes build = lm_object_build_id(object);
    m->start = object->start;
    m->end = object->end;
    m->bias = object->bias;
    m->path = copy;
    m->build_size = lm_min((size_t)(build.end - build.start), sizeof m->build);
    if (m->build_size != 0)
        memcpy(m->build, build.start, m->build_size);
    r->identity = identity;
    if (m->build_size >= sizeof(uint64_t) &&
        (uintptr_t)build.start - m->start <= PAGE_LEAST - sizeof(uint64_t))
        r->build = build.start;
    return id;
}

/* Numbers that were taken and not needed, when two threads were at it at once, stay nobody's. */
static uint32_t add(const lm_object *object, uint64_t identity) {
    _Atomic uint32_t *chain = chain_of(object->start);
    uint32_t first = atomic_load_explicit(chain, memory_order_acquire), looked_to = 0, mine = 0;
    for (;;) {
        const uint32_t found = find(first, looked_to, object, identity);
        if (found != 0)
            return found;
        if (mine == 0 && (mine = write_new(object, identity)) == 0)
            return 0;
        looked_to = first;
        record_of(mine)->next = first;
        if (atomic_compare_exchange_strong_explicit(chain, &first, mine, memory_order_acq_rel,
                                                    memory_order_acquire)) {
            atomic_store_explicit(&record_of(mine)->there, true, memory_order_release);
            return mine;
        }
    }
}

/* ---- What stays for ever --------------------------------------------------------------------- */

#pragma weak _r_debug /* a program without loader has none */

/* All that is loaded, in the loader's order, up to `last`. */
static void mark_up_to(const struct link_map *last) {
    const struct link_map *map = &_r_debug ? _r_debug.r_map : NULL;
    for (; map; map = map == last ? NULL : map->l_next) {
        lm_object object;
        if (!lm_object_find((uintptr_t)map->l_ld, &object))
            continue;
        const uint32_t id = add(&object, identity_of(&object));
        if (id != 0)
            atomic_store_explicit(&record_of(id)->stays, true, memory_order_relaxed);
    }
}

/* The loader's list begins with what was loaded at start, which is never unloaded; what is loaded
 * later is added behind. The loader itself is among the first. So whenever one looks, the list up to
 * it is that of the start, and doesn't change meanwhile. */
static void mark_some(void) {
    static _Atomic bool marked;
    if (LM_LIKELY(atomic_load_explicit(&marked, memory_order_relaxed)))
        return;
    const uintptr_t loader = getauxval(AT_BASE);
    const struct link_map *map = &_r_debug ? _r_debug.r_map : NULL;
    while (map && loader != 0 && map->l_addr != loader)
        map = map->l_next;
    if (map)
        mark_up_to(map);
    atomic_store_explicit(&marked, true, memory_order_relaxed);
}

void lm_modules_start(void) {
    mark_up_to(NULL);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* One that stays needs no looking at: nothing else will ever be at its address. */
static uint32_t find_staying(uintptr_t start) {
    uint32_t id = atomic_load_explicit(chain_of(start), memory_order_acquire);
    while (id != 0 && !(record_of(id)->module.start == start &&
                        atomic_load_explicit(&record_of(id)->stays, memory_order_relaxed)))
        id = record_of(id)->next;
    return id;
}

uint32_t lm_modules_note(const lm_object *object, bool *stays) {
    mark_some();
    uint32_t id = find_staying(object->start);
    *stays = id != 0;
    if (id == 0)
        id = add(object, identity_of(object));
    return id;
}

bool lm_modules_is(uint32_t id, uintptr_t place) {
    const record *r = record_of(id);
    const lm_module *m = &r->module;
    lm_object object;
    if (!lm_object_find(place, &object) || object.start != m->start || object.end != m->end ||
        object.bias != m->bias)
        return false;
    return r->build ? memcmp(r->build, m->build, sizeof(uint64_t)) == 0
                    : is(r, &object, identity_of(&object));
}

bool lm_modules_get(uint32_t id, lm_module *module) {
    if (id == 0 || id > count())
        return false;
    const record *r = record_of(id);
    if (!atomic_load_explicit(&r->there, memory_order_acquire))
        return false;
    *module = r->module;
    module->id = id;
    return true;
}

bool lm_modules_find(uintptr_t pc, lm_module *module) {
    lm_object object;
    bool stays;
    if (lm_object_find(pc, &object))
        return lm_modules_get(lm_modules_note(&object, &stays), module);
    for (uint32_t id = count(); id > 0; id--)
        if (lm_modules_get(id, module) && pc - module->start < module->end - module->start)
            return true;
    return false;
}
