#include "cli/symbol_unit.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

/* ---- Spans ------------------------------------------------------------------------------------ */

/* Makes room for one more item. */
static bool grow(void **list, size_t count, size_t *room, size_t size) {
    if (count < *room)
        return true;
    const size_t more = *room == 0 ? 64 : 2 * *room;
    void *larger = reallocarray(*list, more, size);
    if (larger == NULL)
        return false;
    *list = larger;
    *room = more;
    return true;
}

static void add_span(lm_spans *spans, uint64_t start, uint64_t end, size_t index) {
    /* Functions that the linker left out stay at address 0. */
    if (start == 0 || start >= end ||
        !grow((void **)&spans->list, spans->count, &spans->room, sizeof *spans->list))
        return;
    spans->list[spans->count++] = (lm_span){start, end, index};
    spans->sorted = false;
}

static void add_ranges(lm_spans *spans, Dwarf_Die *die, size_t index) {
    Dwarf_Addr base;
    Dwarf_Addr start;
    Dwarf_Addr end;
    ptrdiff_t at = 0;
    while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0)
        add_span(spans, start, end, index);
}

static int by_start(const void *a, const void *b) {
    const lm_span *one = a;
    const lm_span *two = b;
    if (one->start != two->start)
        return one->start < two->start ? -1 : 1;
    /* Of two that start together the shorter comes last, and is met first. */
    return one->end > two->end ? -1 : one->end < two->end;
}

/* How far back a span that holds the address is looked for: spans hardly ever lie in each other. */
enum { LOOK_BACK = 64 };

static bool find_span(lm_spans *spans, uint64_t address, size_t *index) {
    if (!spans->sorted) {
        qsort(spans->list, spans->count, sizeof *spans->list, by_start);
        spans->sorted = true;
    }
    size_t low = 0;
    size_t high = spans->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (spans->list[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i > 0 && low - i < LOOK_BACK; i--) {
        if (address < spans->list[i - 1].end) {
            *index = spans->list[i - 1].index;
            return true;
        }
    }
    return false;
}

/* ---- Units ------------------------------------------------------------------------------------ */

void lm_units_read(lm_units *units, Dwarf *dwarf) {
    Dwarf_CU *cu = NULL;
    Dwarf_Die die;
    Dwarf_Die split;
    uint8_t type;
    while (dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, &split) == 0) {
        if (type != DW_UT_compile && type != DW_UT_skeleton)
            continue;
        if (!grow((void **)&units->list, units->count, &units->room, sizeof *units->list))
            return;
        const bool is_split = dwarf_tag(&split) == DW_TAG_compile_unit;
        units->list[units->count] = (lm_unit){.die = is_split ? split : die, .skeleton = die};
        add_ranges(&units->spans, &die, units->count++);
    }
}

lm_unit *lm_units_find(lm_units *units, uint64_t address) {
    size_t index;
    return find_span(&units->spans, address, &index) ? &units->list[index] : NULL;
}

static void add_function(lm_unit *unit, Dwarf_Die *die) {
    if (!grow((void **)&unit->functions, unit->count, &unit->room, sizeof *unit->functions))
        return;
    unit->functions[unit->count] = *die;
    add_ranges(&unit->spans, die, unit->count++);
}

/* Functions stand at the top, or in namespaces; few compilers hide them in types or other functions. */
static void read_functions(lm_unit *unit, Dwarf_Die *parent, bool deep) {
    Dwarf_Die die;
    if (dwarf_child(parent, &die) != 0)
        return;
    do {
        const int tag = dwarf_tag(&die);
        if (tag == DW_TAG_subprogram)
            add_function(unit, &die);
        if (tag == DW_TAG_namespace || (deep && dwarf_haschildren(&die) == 1))
            read_functions(unit, &die, deep);
    } while (dwarf_siblingof(&die, &die) == 0);
}

bool lm_unit_function(lm_unit *unit, uint64_t address, Dwarf_Die *function) {
    size_t index;
    if (!unit->read) {
        unit->read = true;
        read_functions(unit, &unit->die, false);
    }
    if (!find_span(&unit->spans, address, &index)) {
        if (unit->read_deep)
            return false;
        unit->read_deep = true;
        unit->count = unit->spans.count = 0;
        read_functions(unit, &unit->die, true);
        if (!find_span(&unit->spans, address, &index))
            return false;
    }
    *function = unit->functions[index];
    return true;
}

void lm_units_free(lm_units *units) {
    for (size_t i = 0; i < units->count; i++) {
        free(units->list[i].spans.list);
        free(units->list[i].functions);
    }
    free(units->list);
    free(units->spans.list);
    *units = (lm_units){0};
}
