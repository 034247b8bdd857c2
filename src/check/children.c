#include "check/children.h"

#include "check/own.h"
#include "stack/modules.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char preload[] = "LD_PRELOAD=";

/* What parts the items of LD_PRELOAD. */
static bool separates(char c) {
    return c == ':' || c == ' ';
}

/* Copies the items of a list but for one. Returns the copy's end. */
static char *copy_others(char *to, const char *list, const char *left_out) {
    const size_t length = strlen(left_out);
    char *start = to;
    while (*list) {
        size_t size = 0;
        while (list[size] && !separates(list[size]))
            size++;
        if (size > 0 && !(size == length && memcmp(list, left_out, size) == 0)) {
            if (to > start)
                *to++ = ':';
            memcpy(to, list, size);
            to += size;
        }
        list += size;
        while (separates(*list))
            list++;
    }
    *to = '\0';
    return to;
}

static void remove_entry(char **entry) {
    for (; *entry; entry++)
        entry[0] = entry[1];
}

/* The old text stays: others may point to it. */
void lm_children_leave_out(char **environment, const char *library) {
    for (char **entry = environment; entry && *entry; entry++) {
        if (strncmp(*entry, preload, sizeof preload - 1) != 0)
            continue;
        char *text = lm_own_take(strlen(*entry) + 1);
        if (!text)
            return;
        memcpy(text, preload, sizeof preload - 1);
        char *list = text + sizeof preload - 1;
        if (copy_others(list, *entry + sizeof preload - 1, library) > list)
            *entry = text;
        else
            remove_entry(entry);
        return;
    }
}

/* The dynamic loader calls a preloaded library what LD_PRELOAD calls it. */
void lm_children_leave(void) {
    lm_module own;
    if (lm_modules_find((uintptr_t)lm_children_leave, &own))
        lm_children_leave_out(environ, own.path);
}
