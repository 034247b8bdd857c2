#include "check/mark_inside.h"

#include "check/roots.h"
#include "check/stand.h"
#include "stack/depot.h"
#include "stack/modules.h"

enum { WORD = sizeof(uintptr_t) };

/* std::string of the older ABI: length, capacity and a count of uses lie before the text. */
static bool is_string(const lm_marked *block) {
    enum { BEFORE = 3 * WORD };
    uintptr_t length, capacity;
    return lm_roots_word(block->start, &length) && lm_roots_word(block->start + WORD, &capacity) &&
           length <= capacity && capacity == lm_marked_size(block) - BEFORE - 1;
}

/* new T[n], where T has a destructor: n lies before the array. */
static bool is_array(const lm_marked *block) {
    uintptr_t count;
    return block->array && lm_roots_word(block->start, &count) && count != 0 &&
           (lm_marked_size(block) - WORD) % count == 0;
}

/* A block's size lies before it, as in sqlite's. */
static bool has_length(const lm_marked *block) {
    uintptr_t length;
    return lm_roots_word(block->start, &length) && length == lm_marked_size(block) - WORD;
}

/* A table of virtual functions is constant data that begins, where objects point at, with addresses or with
 * nothing. */
static bool leads_to_table(uintptr_t at) {
    uintptr_t table, function;
    return lm_roots_word(at, &table) && table % WORD == 0 && lm_roots_is_constant(table) &&
           lm_roots_word(table, &function) && (function == 0 || lm_roots_is_constant(function));
}

/* A pointer to a base class that isn't the first, of an object or of the first one in an array. */
static bool is_base(const lm_marked *block, uintptr_t at) {
    if (!leads_to_table(at))
        return false;
    return leads_to_table(block->start) || (is_array(block) && leads_to_table(block->start + WORD));
}

/* The block tells where it begins: as a buffer whose header lies behind its bytes, or one that was aligned by hand. */
static bool leads_to_start(const lm_marked *block, uintptr_t at) {
    enum { WORDS = 8 };
    const uintptr_t end = block->start + lm_marked_size(block);
    for (uintptr_t place = at - WORD; place < at + WORDS * WORD && end - place >= WORD;
         place += WORD) {
        uintptr_t word;
        if (lm_roots_word(place, &word) && word == block->start)
            return true;
    }
    return false;
}

/* A link of a list that leads both ways and lies in the things that are listed: both neighbours point back at it. */
static bool is_link(const lm_marked *block, uintptr_t at) {
    uintptr_t next, previous, back, forth;
    if (block->start + lm_marked_size(block) - at < (uintptr_t)2 * WORD)
        return false;
    return lm_roots_word(at, &next) && lm_roots_word(at + WORD, &previous) && next != at &&
           lm_roots_word(next + WORD, &back) && back == at && lm_roots_word(previous, &forth) &&
           forth == at;
}

/* tsearch keeps a bit in its pointers: whoever asked for the block was the C library. */
static bool is_marked_pointer(const lm_marked *block) {
    uintptr_t caller;
    lm_module module;
    return lm_depot_get(block->stack, &caller, 1, NULL) > 0 && lm_modules_find(caller, &module) &&
           lm_stand_is_c_library(module.path);
}

bool lm_mark_inside(const lm_marked *block, uintptr_t at) {
    const uintptr_t inside = at - block->start;
    if (inside == 1 && lm_marked_size(block) >= WORD)
        return is_marked_pointer(block);
    if (inside % WORD != 0 || lm_marked_size(block) - inside < 1)
        return false;
    if (inside == WORD && (is_array(block) || has_length(block)))
        return true;
    if (inside == (uintptr_t)3 * WORD && is_string(block))
        return true;
    if (leads_to_start(block, at) || is_link(block, at))
        return true;
    return lm_marked_size(block) - inside >= WORD && is_base(block, at);
}
