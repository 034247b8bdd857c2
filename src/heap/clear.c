#include "heap/clear.h"

void lm_long_clear_call(char *p, size_t room) {
    lm_long_clear_inline(p, room);
}

bool lm_long_is_clear_call(const char *p, size_t room) {
    return lm_is_none(lm_any_in_long(p, room));
}
