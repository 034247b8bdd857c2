#include "cli/route.h"

#include "cli/find.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANUAL_NAME_SIZE = 64 };

bool lm_router_init(lm_router *router) {
    *router = (lm_router){.symbols = lm_symbols_new()};
    char folder[PATH_MAX];
    if (getcwd(folder, sizeof folder) != NULL && folder[0] == '/')
        snprintf(router->folder, sizeof router->folder, "%s%s", folder,
                 folder[1] == '\0' ? "" : "/");
    return router->symbols != NULL;
}

void lm_router_free(lm_router *router) {
    lm_symbols_free(router->symbols);
    router->symbols = NULL;
}

/* ---- Whose code ------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_runtime_module(const char *name) {
    static const char *const starts[] = {"libc.so", "libc-2",     "libstdc++", "ld-linux",
                                         "ld-2",    "libgcc_s",   "libm.so",   "libpthread",
                                         "ld64",    "libc++",     "librt.so",  "libdl.so",
                                         "[vdso]",  "linux-vdso", "libm-2",    "ld-musl"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (begins(name, starts[i]))
            return true;
    return false;
}

static bool is_system_file(const char *path) {
    static const char *const folders[] = {"/usr/lib", "/lib", "/usr/libexec"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (begins(path, folders[i]))
            return true;
    return false;
}

static bool is_system_header(const char *path) {
    return path != NULL && (begins(path, "/usr/include/") || begins(path, "/usr/lib/gcc/") ||
                            begins(path, "/usr/lib/llvm"));
}

static bool is_runtime_function(const char *name) {
    return name != NULL &&
           (begins(name, "std::") || begins(name, "__gnu_cxx::") || strcmp(name, "_start") == 0);
}

static lm_owner owner_of(const lm_place *place, const char *program) {
    if (place->module_path == NULL)
        return LM_OWNER_PROGRAM; /* code that the program made itself */
    const bool own = program != NULL && strcmp(place->module_path, program) == 0;
    if (!own && is_runtime_module(place->module))
        return LM_OWNER_RUNTIME;
    if (is_system_header(place->path) || is_runtime_function(place->function))
        return LM_OWNER_RUNTIME;
    return !own && is_system_file(place->module_path) ? LM_OWNER_LIBRARY : LM_OWNER_PROGRAM;
}

/* Loam's own frames are of interest to nobody. */
static bool is_loam(const char *module) {
    return begins(module, "libloam");
}

/* Of the C library's names, what stands in its manual: "__strcpy_evex" is strcpy for this processor. The
 * text is changed in the caller's buffer. */
static const char *manual_name(const char *name, char buffer[MANUAL_NAME_SIZE]) {
    static const char *const ends[] = {"_evex", "_avx", "_sse", "_ssse3", "_erms", "_unaligned"};
    if (name[0] != '_' || strlen(name) >= MANUAL_NAME_SIZE)
        return name;
    const char *start = begins(name, "__GI_") ? name + 5 : begins(name, "_IO_") ? name + 4 : name;
    start += strspn(start, "_");
    snprintf(buffer, MANUAL_NAME_SIZE, "%s", start);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char *end = strstr(buffer, ends[i]);
        if (end != NULL && end > buffer)
            *end = '\0';
    }
    return buffer[0] == '\0' ? name : buffer;
}

/* ---- One frame -------------------------------------------------------------------------------- */

/* The part of a path that a reader wants. */
static const char *shown_file(const lm_router *router, const lm_symbol *symbol) {
    const char *path = symbol->file;
    const size_t own = strlen(router->folder);
    if (own > 0 && strncmp(path, router->folder, own) == 0)
        return path + own;
    if (is_system_header(path))
        return lm_base_name(path);
    const size_t length = symbol->folder == NULL ? 0 : strlen(symbol->folder);
    if (length > 1 && strncmp(path, symbol->folder, length) == 0 && path[length] == '/')
        path += length + 1;
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    return path;
}

static bool add_place(lm_route *route, size_t *room, const lm_place *place) {
    if (route->count == *room) {
        const size_t more = *room == 0 ? 16 : 2 * *room;
        lm_place *places = reallocarray(route->places, more, sizeof *places);
        if (places == NULL)
            return false;
        route->places = places;
        *room = more;
    }
    route->places[route->count++] = *place;
    return true;
}

static bool add_frame(lm_router *router, lm_route *route, size_t *room, const lm_wire_frame *frame,
                      bool exact, const char *program) {
    const lm_wire_module *module = frame->module;
    lm_place place = {.address = frame->address};
    if (module == NULL) {
        place.owner = owner_of(&place, program);
        return add_place(route, room, &place);
    }
    place.module_path = module->path;
    place.module = lm_base_name(module->path);
    if (is_loam(place.module))
        return true;
    const lm_symbols_at at = lm_symbols_find(router->symbols, module->path, module->build,
                                             module->build_size, frame->address - (exact ? 0 : 1));
    for (size_t i = 0; i < at.count; i++) {
        const lm_symbol *symbol = &at.symbols[i];
        place.function = symbol->function;
        if (begins(place.module, "libc.so") && place.function != NULL) {
            char buffer[MANUAL_NAME_SIZE];
            place.function = lm_symbols_keep(router->symbols, manual_name(place.function, buffer));
        }
        place.path = symbol->file;
        place.file = symbol->file == NULL ? NULL : shown_file(router, symbol);
        place.line = symbol->line;
        place.column = symbol->column;
        place.inlined = symbol->inlined;
        place.owner = owner_of(&place, program);
        if (!add_place(route, room, &place))
            return false;
    }
    place.owner = owner_of(&place, program);
    return at.count > 0 || add_place(route, room, &place);
}

/* ---- Routes ----------------------------------------------------------------------------------- */

static size_t choose_blamed(const lm_route *route) {
    for (size_t i = 0; i < route->count; i++)
        if (route->places[i].owner == LM_OWNER_PROGRAM)
            return i;
    for (size_t i = 0; i < route->count; i++)
        if (route->places[i].owner == LM_OWNER_LIBRARY)
            return i;
    return 0;
}

/* What starts programs and threads stands below everything, and tells nothing. */
static void drop_start(lm_route *route, const char *program) {
    /* The program's first code, without a name, calls the C library, which calls main. */
    if (route->count > 2 && route->places[route->count - 1].function == NULL &&
        route->places[route->count - 1].module_path != NULL && program != NULL &&
        strcmp(route->places[route->count - 1].module_path, program) == 0 &&
        route->places[route->count - 2].module != NULL &&
        begins(route->places[route->count - 2].module, "libc.so"))
        route->count--;
    while (route->count > 1) {
        const lm_place *last = &route->places[route->count - 1];
        const char *name = last->function == NULL ? "" : last->function;
        static const char *const starts[] = {
            "_start", "libc_start_main", "libc_start_call_main", "start_thread", "clone", "clone3"};
        bool is_start = false;
        for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
            is_start |= begins(name, starts[i]);
        if (!is_start &&
            !(last->module != NULL && begins(last->module, "libc.so") && *name == '\0'))
            return;
        route->count--;
    }
}

lm_route lm_router_find(lm_router *router, const lm_wire_stack *stack,
                        const lm_wire_program *program) {
    lm_route route = {0};
    size_t room = 0;
    for (size_t i = 0; stack != NULL && i < stack->count; i++)
        if (!add_frame(router, &route, &room, &stack->frames[i], stack->exact && i == 0,
                       program == NULL ? NULL : program->path))
            break;
    drop_start(&route, program == NULL ? NULL : program->path);
    route.blame = choose_blamed(&route);
    return route;
}

void lm_route_free(lm_route *route) {
    free(route->places);
    *route = (lm_route){0};
}

const lm_place *lm_route_blamed(const lm_route *route) {
    return route->count == 0 ? NULL : &route->places[route->blame];
}

char *lm_place_text(char buffer[LM_PLACE_SIZE], const lm_place *place, bool column) {
    if (place->file != NULL && place->line > 0 && column && place->column > 0)
        snprintf(buffer, LM_PLACE_SIZE, "%s:%u:%u", place->file, place->line, place->column);
    else if (place->file != NULL && place->line > 0)
        snprintf(buffer, LM_PLACE_SIZE, "%s:%u", place->file, place->line);
    else if (place->module != NULL)
        snprintf(buffer, LM_PLACE_SIZE, "%s+0x%" PRIx64, place->module, place->address);
    else
        snprintf(buffer, LM_PLACE_SIZE, "0x%" PRIx64, place->address);
    return buffer;
}
