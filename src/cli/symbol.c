#include "cli/symbol.h"

#include "cli/symbol_file.h"
#include "cli/symbol_table.h"
#include "cli/symbol_unit.h"

#include <dwarf.h>
#include <libiberty/demangle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An inlined call in an inlined call in ...: more than this are no program of anybody's. */
enum { DEPTH_MAX = 64, NAME_MAX_SIZE = 512, SLOTS_FIRST = 256 };

/* What is known of one address. */
struct known {
    bool used;
    uint64_t address;
    lm_symbols_at at;
};

struct module {
    struct module *next;
    char *path;
    unsigned char build[64];
    size_t build_size;
    lm_symbol_file file;
    lm_units units;
    lm_symbol_table table;
    struct known *slots; /* a hash table, at most half full; its size is a power of two */
    size_t slot_count, used;
};

/* Texts that were put together here. */
struct kept {
    struct kept *next;
    char text[];
};

struct lm_symbols {
    struct module *modules;
    struct kept *kept;
};

lm_symbols *lm_symbols_new(void) {
    return calloc(1, sizeof(lm_symbols));
}

void lm_symbols_free(lm_symbols *symbols) {
    if (symbols == NULL)
        return;
    while (symbols->modules != NULL) {
        struct module *module = symbols->modules;
        symbols->modules = module->next;
        for (size_t i = 0; i < module->slot_count; i++)
            free((void *)(uintptr_t)module->slots[i].at.symbols);
        free(module->slots);
        lm_units_free(&module->units);
        lm_symbol_table_free(&module->table);
        lm_symbol_file_close(&module->file);
        free(module->path);
        free(module);
    }
    while (symbols->kept != NULL) {
        struct kept *kept = symbols->kept;
        symbols->kept = kept->next;
        free(kept);
    }
    free(symbols);
}

const char *lm_symbols_keep(lm_symbols *symbols, const char *text) {
    const size_t size = strlen(text) + 1;
    struct kept *kept = malloc(sizeof *kept + size);
    if (kept == NULL)
        return NULL;
    memcpy(kept->text, text, size);
    kept->next = symbols->kept;
    symbols->kept = kept;
    return kept->text;
}

/* ---- Names ------------------------------------------------------------------------------------ */

/* Takes `part` out of the name wherever it stands, puts `instead` (not longer) there. */
static void replace_all(char *name, const char *part, const char *instead) {
    const size_t length = strlen(part);
    const size_t new_length = strlen(instead);
    char *at = name;
    while ((at = strstr(at, part)) != NULL) {
        for (size_t i = 0; i < new_length; i++)
            at[i] = instead[i];
        at += new_length;
        memmove(at, at + length - new_length, strlen(at + length - new_length) + 1);
    }
}

/* Takes out what `start` begins and its bracket '<' closes. */
static void drop_argument(char *name, const char *start) {
    char *at = name;
    while ((at = strstr(at, start)) != NULL) {
        char *end = at + strlen(start);
        for (int depth = 1; *end != '\0' && depth > 0; end++)
            depth += *end == '<' ? 1 : *end == '>' ? -1 : 0;
        while (*end == ' ')
            end++;
        memmove(at, end, strlen(end) + 1);
    }
}

void lm_symbol_shorten(char *name) {
    replace_all(name, "std::__cxx11::", "std::");
    replace_all(name, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
                "std::string");
    drop_argument(name, ", std::allocator<");
    drop_argument(name, ", std::default_delete<");
    drop_argument(name, ", std::char_traits<");
    drop_argument(name, ", std::less<");
    replace_all(name, " >", ">");
}

/* What stands in the source for the name that the linker knows. */
static const char *demangled(lm_symbols *symbols, const char *linkage) {
    char *name = cplus_demangle(linkage, DMGL_ANSI);
    if (name == NULL)
        return linkage;
    lm_symbol_shorten(name);
    const char *kept = lm_symbols_keep(symbols, name);
    free(name);
    return kept;
}

/* The name that the linker knows: it has the scopes, which the plain name hasn't. */
static const char *linkage_name(Dwarf_Die *die) {
    Dwarf_Attribute attribute;
    const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
    return name != NULL
               ? name
               : dwarf_formstring(dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute));
}

static const char *function_name(lm_symbols *symbols, Dwarf_Die *die) {
    const char *linkage = linkage_name(die);
    if (linkage != NULL && strncmp(linkage, "_Z", 2) == 0)
        return demangled(symbols, linkage);
    const char *name = dwarf_diename(die);
    return name != NULL ? name : linkage;
}

/* ---- Inlined calls ---------------------------------------------------------------------------- */

/* The inlined call directly or through plain blocks below `parent` that holds the address. */
static bool find_inlined(Dwarf_Die *parent, uint64_t address, Dwarf_Die *inlined) {
    Dwarf_Die die;
    if (dwarf_child(parent, &die) != 0)
        return false;
    do {
        const int tag = dwarf_tag(&die);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block)
            continue;
        if (dwarf_haspc(&die, address) != 1)
            continue;
        if (tag == DW_TAG_inlined_subroutine) {
            *inlined = die;
            return true;
        }
        if (find_inlined(&die, address, inlined))
            return true;
    } while (dwarf_siblingof(&die, &die) == 0);
    return false;
}

/* The function and the calls inlined into it, outermost first. */
static size_t find_chain(Dwarf_Die *function, uint64_t address, Dwarf_Die chain[DEPTH_MAX]) {
    size_t depth = 1;
    chain[0] = *function;
    while (depth < DEPTH_MAX && find_inlined(&chain[depth - 1], address, &chain[depth]))
        depth++;
    return depth;
}

static unsigned number_of(Dwarf_Die *die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    dwarf_formudata(dwarf_attr(die, name, &attribute), &value);
    return (unsigned)value;
}

/* Where the inlined call stands in the function around it. */
static void set_call_site(lm_symbol *outer, Dwarf_Die *inlined, lm_unit *unit) {
    Dwarf_Files *files;
    size_t count;
    const unsigned file = number_of(inlined, DW_AT_call_file);
    outer->line = number_of(inlined, DW_AT_call_line);
    outer->column = number_of(inlined, DW_AT_call_column);
    if (dwarf_getsrcfiles(&unit->skeleton, &files, &count) == 0 && file < count)
        outer->file = dwarf_filesrc(files, file, NULL, NULL);
}

/* ---- One address ------------------------------------------------------------------------------ */

static const char *compile_folder(Dwarf_Die *unit) {
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

static void set_line(lm_symbol *symbol, lm_unit *unit, uint64_t address) {
    Dwarf_Line *line = dwarf_getsrc_die(&unit->skeleton, address);
    int number = 0;
    int column = 0;
    if (line == NULL)
        return;
    symbol->file = dwarf_linesrc(line, NULL, NULL);
    dwarf_lineno(line, &number);
    dwarf_linecol(line, &column);
    symbol->line = (unsigned)number;
    symbol->column = (unsigned)column;
}

static lm_symbols_at store(const lm_symbol *symbols, size_t count) {
    lm_symbol *copy = calloc(count, sizeof *copy);
    if (copy == NULL)
        return (lm_symbols_at){0};
    memcpy(copy, symbols, count * sizeof *copy);
    return (lm_symbols_at){copy, count};
}

static lm_symbols_at from_dwarf(lm_symbols *symbols, struct module *module, uint64_t address) {
    lm_unit *unit = lm_units_find(&module->units, address);
    if (unit == NULL)
        return (lm_symbols_at){0};
    Dwarf_Die chain[DEPTH_MAX];
    lm_symbol found[DEPTH_MAX] = {0};
    size_t count = 0;
    Dwarf_Die function;
    if (lm_unit_function(unit, address, &function))
        count = find_chain(&function, address, chain);
    set_line(&found[0], unit, address);
    if (count == 0 && found[0].line == 0)
        return (lm_symbols_at){0};
    const char *folder = compile_folder(&unit->skeleton);
    for (size_t i = 0; i < count; i++) {
        found[i].function = function_name(symbols, &chain[count - 1 - i]);
        found[i].folder = folder;
        found[i].inlined = i + 1 < count;
        if (i + 1 < count)
            set_call_site(&found[i + 1], &chain[count - 1 - i], unit);
    }
    if (count == 0) {
        found[0].folder = folder;
        const char *name = lm_symbol_table_find(&module->table, address);
        found[0].function = name == NULL ? NULL : demangled(symbols, name);
        count = 1;
    }
    return store(found, count);
}

static lm_symbols_at look_up(lm_symbols *symbols, struct module *module, uint64_t address) {
    if (module->file.elf == NULL)
        return (lm_symbols_at){0};
    const lm_symbols_at at = from_dwarf(symbols, module, address);
    if (at.count > 0)
        return at;
    const char *name = lm_symbol_table_find(&module->table, address);
    if (name == NULL)
        return at;
    const lm_symbol symbol = {.function = demangled(symbols, name)};
    return store(&symbol, 1);
}

/* ---- Modules and what is known of them -------------------------------------------------------- */

static struct module *module_of(lm_symbols *symbols, const char *path, const unsigned char *build,
                                size_t build_size) {
    if (build_size > sizeof((struct module){0}).build)
        build_size = 0;
    for (struct module *module = symbols->modules; module != NULL; module = module->next)
        if (module->build_size == build_size && strcmp(module->path, path) == 0 &&
            (build_size == 0 || memcmp(module->build, build, build_size) == 0))
            return module;
    struct module *module = calloc(1, sizeof *module);
    if (module == NULL || (module->path = strdup(path)) == NULL) {
        free(module);
        return NULL;
    }
    if (build_size > 0)
        memcpy(module->build, build, build_size);
    module->build_size = build_size;
    lm_symbol_file_open(path, build, build_size, &module->file);
    if (module->file.dwarf != NULL)
        lm_units_read(&module->units, module->file.dwarf);
    if (module->file.elf != NULL)
        lm_symbol_table_read(&module->table, module->file.elf, module->file.debug_elf);
    module->next = symbols->modules;
    symbols->modules = module;
    return module;
}

static struct known *slot_of(struct known *slots, size_t count, uint64_t address) {
    size_t at = (address * 0x9e3779b97f4a7c15ULL) >> 20;
    while (slots[at & (count - 1)].used && slots[at & (count - 1)].address != address)
        at++;
    return &slots[at & (count - 1)];
}

static bool make_room(struct module *module) {
    if (2 * module->used < module->slot_count)
        return true;
    const size_t count = module->slot_count == 0 ? SLOTS_FIRST : 2 * module->slot_count;
    struct known *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < module->slot_count; i++)
        if (module->slots[i].used)
            *slot_of(slots, count, module->slots[i].address) = module->slots[i];
    free(module->slots);
    module->slots = slots;
    module->slot_count = count;
    return true;
}

lm_symbols_at lm_symbols_find(lm_symbols *symbols, const char *path, const unsigned char *build,
                              size_t build_size, uint64_t address) {
    struct module *module = module_of(symbols, path, build, build_size);
    if (module == NULL || !make_room(module))
        return (lm_symbols_at){0};
    struct known *known = slot_of(module->slots, module->slot_count, address);
    if (!known->used) {
        *known = (struct known){true, address, look_up(symbols, module, address)};
        module->used++;
    }
    return known->at;
}

bool lm_symbols_changed(lm_symbols *symbols, const char *path, const unsigned char *build,
                        size_t build_size) {
    const struct module *module = module_of(symbols, path, build, build_size);
    return module != NULL && module->file.changed;
}

bool lm_symbols_debug(lm_symbols *symbols, const char *path, const unsigned char *build,
                      size_t build_size) {
    const struct module *module = module_of(symbols, path, build, build_size);
    return module != NULL && module->units.count > 0;
}

const char *lm_symbols_variable(lm_symbols *symbols, const char *path, const unsigned char *build,
                                size_t build_size, uint64_t address) {
    const struct module *module = module_of(symbols, path, build, build_size);
    const char *name = module == NULL ? NULL : lm_symbol_table_find(&module->table, address);
    return name == NULL ? NULL : demangled(symbols, name);
}
