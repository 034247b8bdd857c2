/* How a stack reads in a report (stack.h). */
#include "base/compiler.h"
#include "stack/object.h"
#include "stack/stack.h"

#include <stdbool.h>
#include <sys/auxv.h>

/* The program has no name in the loader's list; this is what it was started as. */
static const char *path_of(const lm_object *object) {
    if (object->path[0] != '\0')
        return object->path;
    const char *program = (const char *)getauxval(AT_EXECFN);
    return program ? program : "";
}

static void put_build_id(lm_text *text, const lm_object *object) {
    const lm_object_bytes id = lm_object_build_id(object);
    if (!id.start)
        return;
    lm_text_put(text, " (build-id ");
    for (const uint8_t *byte = id.start; byte < id.end; byte++)
        lm_text_format(text, "%02x", (unsigned)*byte);
    lm_text_put(text, ")");
}

/* Return addresses lie behind the call, perhaps behind the function and the file. */
static bool is_in(const lm_object *object, uintptr_t frame) {
    return frame - 1 >= object->start && frame - 1 < object->end;
}

static bool mentioned(const lm_object *object, const uintptr_t *frames, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (is_in(object, frames[i]))
            return true;
    return false;
}

void lm_stack_put(lm_text *text, const uintptr_t *frames, size_t count) {
    for (size_t i = 0; i < count; i++) {
        lm_object object;
        if (lm_object_find(frames[i] - 1, &object)) {
            lm_text_format(text, "%s+0x%zx", path_of(&object), frames[i] - object.bias);
            if (!mentioned(&object, frames, i))
                put_build_id(text, &object);
        } else
            lm_text_format(text, "0x%zx", frames[i]);
        lm_text_put(text, "\n");
    }
}
