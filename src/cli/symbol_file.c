#include "cli/symbol_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char debug_root[] = "/usr/lib/debug";

static bool same_build(Elf *elf, const unsigned char *build, size_t build_size) {
    const void *own;
    const ssize_t size = dwelf_elf_gnu_build_id(elf, &own);
    return size > 0 && build_size <= (size_t)size && memcmp(own, build, build_size) == 0;
}

/* Opens a file without waiting for a device or a pipe. */
static int open_elf(const char *path, Elf **elf) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (*elf != NULL && elf_kind(*elf) == ELF_K_ELF)
        return fd;
    elf_end(*elf);
    *elf = NULL;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Whether it has units of its own, not only call frame information. */
static Dwarf *dwarf_of(Elf *elf) {
    Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    Dwarf_CU *unit = NULL;
    if (dwarf != NULL && dwarf_get_units(dwarf, NULL, &unit, NULL, NULL, NULL, NULL) == 0)
        return dwarf;
    dwarf_end(dwarf);
    return NULL;
}

static void take_debug(lm_symbol_file *file, int fd, Elf *elf) {
    file->dwarf = dwarf_of(elf);
    if (file->dwarf != NULL) {
        file->debug_fd = fd;
        file->debug_elf = elf;
        return;
    }
    elf_end(elf);
    close(fd);
}

static void find_by_build(lm_symbol_file *file) {
    const void *start;
    const ssize_t size = dwelf_elf_gnu_build_id(file->elf, &start);
    const unsigned char *id = start;
    if (size < 2 || size > 64)
        return;
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/.build-id/%02x/", debug_root, id[0]);
    for (ssize_t i = 1; i < size; i++)
        length += snprintf(path + length, sizeof path - (size_t)length, "%02x", id[i]);
    snprintf(path + length, sizeof path - (size_t)length, ".debug");
    Elf *elf;
    const int fd = open_elf(path, &elf);
    if (fd >= 0 && same_build(elf, id, (size_t)size))
        take_debug(file, fd, elf);
    else if (fd >= 0) {
        elf_end(elf);
        close(fd);
    }
}

/* The checksum that .gnu_debuglink has of the file it names. */
static uint32_t checksum(int fd) {
    uint32_t crc = ~(uint32_t)0;
    unsigned char buffer[1 << 16];
    ssize_t length;
    off_t at = 0;
    while ((length = pread(fd, buffer, sizeof buffer, at)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            crc ^= buffer[i];
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xedb88320U & -(crc & 1));
        }
        at += length;
    }
    return ~crc;
}

/* Both files say whose they are by their build ids; else the checksum has to be right. */
static bool belongs(const lm_symbol_file *file, int fd, Elf *elf, GElf_Word crc) {
    const void *id;
    const ssize_t size = dwelf_elf_gnu_build_id(file->elf, &id);
    return size > 0 ? same_build(elf, id, (size_t)size) : checksum(fd) == crc;
}

static void find_by_link(lm_symbol_file *file, const char *path) {
    GElf_Word crc;
    const char *name = dwelf_elf_gnu_debuglink(file->elf, &crc);
    const char *slash = strrchr(path, '/');
    if (name == NULL || slash == NULL)
        return;
    /* Where debuggers look for it, in their order. */
    const struct {
        const char *root, *below;
    } places[] = {{"", ""}, {"", ".debug/"}, {debug_root, ""}};
    for (size_t i = 0; i < sizeof places / sizeof places[0] && file->dwarf == NULL; i++) {
        char candidate[PATH_MAX];
        if (snprintf(candidate, sizeof candidate, "%s%.*s/%s%s", places[i].root,
                     (int)(slash - path), path, places[i].below, name) >= (int)sizeof candidate)
            continue;
        Elf *elf;
        const int fd = open_elf(candidate, &elf);
        if (fd < 0)
            continue;
        if (belongs(file, fd, elf, crc)) {
            take_debug(file, fd, elf);
        } else {
            elf_end(elf);
            close(fd);
        }
    }
}

void lm_symbol_file_open(const char *path, const unsigned char *build, size_t build_size,
                         lm_symbol_file *file) {
    *file = (lm_symbol_file){.debug_fd = -1};
    elf_version(EV_CURRENT);
    file->fd = open_elf(path, &file->elf);
    if (file->fd < 0)
        return;
    if (build_size > 0 && !same_build(file->elf, build, build_size)) {
        lm_symbol_file_close(file);
        file->changed = true;
        return;
    }
    file->dwarf = dwarf_of(file->elf);
    if (file->dwarf == NULL)
        find_by_build(file);
    if (file->dwarf == NULL)
        find_by_link(file, path);
}

void lm_symbol_file_close(lm_symbol_file *file) {
    dwarf_end(file->dwarf);
    elf_end(file->debug_elf);
    if (file->debug_fd >= 0)
        close(file->debug_fd);
    elf_end(file->elf);
    if (file->fd >= 0)
        close(file->fd);
    *file = (lm_symbol_file){.fd = -1, .debug_fd = -1};
}
