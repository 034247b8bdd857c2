#include "cli/symbol_table.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void add(lm_symbol_table *table, const GElf_Sym *symbol, const char *name) {
    if (table->count == table->room) {
        const size_t room = table->room == 0 ? 256 : 2 * table->room;
        lm_symbol_entry *list = reallocarray(table->list, room, sizeof *list);
        if (list == NULL)
            return;
        table->list = list;
        table->room = room;
    }
    table->list[table->count++] =
        (lm_symbol_entry){symbol->st_value, symbol->st_value + symbol->st_size, name};
}

static bool has_place(int type) {
    return type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC;
}

static bool read_section(lm_symbol_table *table, Elf *elf, GElf_Word wanted) {
    Elf_Scn *section = NULL;
    bool found = false;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        Elf_Data *data;
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != wanted ||
            header.sh_entsize == 0 || (data = elf_getdata(section, NULL)) == NULL)
            continue;
        const size_t count = data->d_size / header.sh_entsize;
        for (size_t i = 0; i < count; i++) {
            GElf_Sym symbol;
            if (gelf_getsym(data, (int)i, &symbol) == NULL || symbol.st_shndx == SHN_UNDEF ||
                !has_place(GELF_ST_TYPE(symbol.st_info)))
                continue;
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (name != NULL && *name != '\0')
                add(table, &symbol, name);
            found = true;
        }
    }
    return found;
}

static int by_start(const void *a, const void *b) {
    const lm_symbol_entry *one = a;
    const lm_symbol_entry *two = b;
    if (one->start != two->start)
        return one->start < two->start ? -1 : 1;
    /* Of several names for one place, the one with fewer '_' before it is the public one. */
    return (int)(strspn(one->name, "_")) - (int)strspn(two->name, "_");
}

void lm_symbol_table_read(lm_symbol_table *table, Elf *elf, Elf *debug) {
    if (!read_section(table, elf, SHT_SYMTAB) &&
        (debug == NULL || !read_section(table, debug, SHT_SYMTAB)))
        read_section(table, elf, SHT_DYNSYM);
    qsort(table->list, table->count, sizeof *table->list, by_start);
}

const char *lm_symbol_table_find(const lm_symbol_table *table, uint64_t address) {
    size_t low = 0;
    size_t high = table->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (table->list[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    size_t first = low - 1;
    while (first > 0 && table->list[first - 1].start == table->list[low - 1].start)
        first--;
    /* With .dynsym alone the functions between are missing: an address past the end of one is in none. */
    for (size_t i = first; i < low; i++)
        if (address < table->list[i].end)
            return table->list[i].name;
    return NULL;
}

void lm_symbol_table_free(lm_symbol_table *table) {
    free(table->list);
    *table = (lm_symbol_table){0};
}
