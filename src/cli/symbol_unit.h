/* Which unit of the debug information an address belongs to, and which function of it. Not by
 * .debug_aranges, which clang leaves out: the units themselves say what they cover. */
#ifndef LM_CLI_SYMBOL_UNIT_H
#define LM_CLI_SYMBOL_UNIT_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_span {
    uint64_t start, end;
    size_t index; /* of what it belongs to; in the list beside it */
} lm_span;

/* Spans sorted by their start. They may lie in each other; the shortest counts. */
typedef struct lm_spans {
    lm_span *list;
    size_t count, room;
    bool sorted;
} lm_spans;

typedef struct lm_unit {
    Dwarf_Die die;      /* of the unit, or of its split part */
    Dwarf_Die skeleton; /* the unit's own: has the lines and the folder */
    bool read;          /* its functions are in the two lists */
    bool read_deep;     /* also those that are hidden in others and in types */
    lm_spans spans;
    Dwarf_Die *functions;
    size_t count, room;
} lm_unit;

typedef struct lm_units {
    lm_unit *list;
    size_t count, room;
    lm_spans spans;
} lm_units;

/* Reads what each unit covers. */
void lm_units_read(lm_units *units, Dwarf *dwarf);

/* The unit that covers the address; NULL: none. */
lm_unit *lm_units_find(lm_units *units, uint64_t address);

/* The function of the unit that has code at the address. */
bool lm_unit_function(lm_unit *unit, uint64_t address, Dwarf_Die *function);

void lm_units_free(lm_units *units);

#endif
