#include "check/mark_inside.h"

#include "check/roots.h"

enum { WORD = sizeof(uintptr_t) };

/* std::string of the older ABI: length, capacity and a count of uses lie before the text. */
static bool is_string(const lm_marked *block) {
    enum { BEFORE = 3 * WORD };
    uintptr_t length, capacity;
    return lm_roots_word(block->start, &length) && lm_roots_word(block->start + WORD, &capacity) &&
           length <= capacity && capacity == block->size - BEFORE - 1;
}

/* new T[n], where T has a destructor: n lies before the array. */
static bool is_array(const lm_marked *block) {
    uintptr_t count;
    return block->array && lm_roots_word(block->start, &count) && count != 0 &&
           (block->size - WORD) % count == 0;
}

/* A block's size lies before it, as in sqlite's. */
static bool has_length(const lm_marked *block) {
    uintptr_t length;
    return lm_roots_word(block->start, &length) && length == block->size - WORD;
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

bool lm_mark_inside(const lm_marked *block, uintptr_t at) {
    const uintptr_t inside = at - block->start;
    if (inside % WORD != 0 || block->size - inside < 1)
        return false;
    if (inside == WORD && (is_array(block) || has_length(block)))
        return true;
    if (inside == (uintptr_t)3 * WORD && is_string(block))
        return true;
    return block->size - inside >= WORD && is_base(block, at);
}
