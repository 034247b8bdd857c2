#include "check/process.h"

#include "base/text.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 4096 + 128, /* of /proc/self/maps: a path and what stands before it */
    READ_BYTES = 8192,
    ENTRIES = 128, /* of the page map that are read at once */
};

long lm_process_call(long number, long a, long b, long c, long d, long e, long f) {
    const int saved = errno;
    long result = syscall(number, a, b, c, d, e, f);
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
}

static long open_file(const char *path, int flags) {
    return lm_process_call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, 0, 0, 0);
}

static void close_file(long file) {
    lm_process_call(SYS_close, file, 0, 0, 0, 0, 0);
}

/* ---- Threads --------------------------------------------------------------------------------- */

typedef struct entry { /* as getdents64 writes it */
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
} entry;

bool lm_process_threads(bool (*visit)(int id, void *context), void *context) {
    static _Alignas(entry) char buffer[READ_BYTES];
    const long folder = open_file("/proc/self/task", O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return false;
    long got;
    bool more = true;
    while (more && (got = lm_process_call(SYS_getdents64, folder, (long)buffer, sizeof buffer, 0, 0,
                                          0)) > 0) {
        for (long at = 0; more && at < got;) {
            const entry *e = (const void *)(buffer + at);
            uint64_t id;
            if (lm_text_parse_number(e->name, strlen(e->name), &id))
                more = visit((int)id, context);
            at += e->length;
        }
    }
    close_file(folder);
    return true;
}

static const char *hex(const char *at, const char *end, uint64_t *value) {
    *value = 0;
    for (; at < end; at++) {
        const char c = *at;
        if (c >= '0' && c <= '9')
            *value = *value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *value = *value << 4 | (uint64_t)(c - 'a' + 10);
        else
            break;
    }
    return at;
}

static const char *after_spaces(const char *at, const char *end, unsigned words) {
    for (; words > 0; words--) {
        while (at < end && *at != ' ')
            at++;
        while (at < end && *at == ' ')
            at++;
    }
    return at;
}

/* A file of a thread, as text; returns its length, or 0. */
static size_t read_of(int id, const char *name, char *buffer, size_t size) {
    char path[48];
    lm_text text;
    lm_text_init(&text, path, sizeof path);
    lm_text_format(&text, "/proc/self/task/%d/%s", id, name);
    const long file = open_file(path, O_RDONLY);
    if (file < 0)
        return 0;
    const long got = lm_process_call(SYS_read, file, (long)buffer, (long)size, 0, 0, 0);
    close_file(file);
    return got > 0 ? (size_t)got : 0;
}

bool lm_process_traced(void) {
    static const char key[] = "\nTracerPid:\t";
    char text[1024];
    const size_t got = read_of((int)lm_os_thread(), "status", text, sizeof text);
    for (const char *at = text; at + sizeof key <= text + got; at++)
        if (memcmp(at, key, sizeof key - 1) == 0)
            return at[sizeof key - 1] != '0';
    return false;
}

/* "number six-arguments sp pc", all but the number in hexadecimal with 0x. */
uintptr_t lm_process_waiting_sp(int id) {
    enum { WORDS_BEFORE = 7 };
    char line[256];
    const size_t got = read_of(id, "syscall", line, sizeof line);
    if (got == 0 || line[0] == 'r') /* running */
        return 0;
    /* "-1 sp pc": it waits elsewhere. */
    const char *end = line + got;
    const char *at = after_spaces(line, end, line[0] == '-' ? 1 : WORDS_BEFORE);
    uint64_t sp = 0;
    if (end - at > 2 && at[0] == '0' && at[1] == 'x')
        hex(at + 2, end, &sp);
    return sp;
}

/* "id (name) state ..."; the name may hold anything. */
bool lm_process_ended(int id) {
    char line[128];
    const size_t got = read_of(id, "stat", line, sizeof line);
    size_t at = got;
    while (at > 0 && line[at - 1] != ')')
        at--;
    return got == 0 || (at > 0 && at + 1 < got && (line[at + 1] == 'Z' || line[at + 1] == 'X'));
}

/* ---- Mappings -------------------------------------------------------------------------------- */

/* "start-end rwxp offset dev:dev inode     path" */
static bool parse(const char *line, const char *end, lm_mapping *mapping) {
    uint64_t start, stop, inode = 0;
    const char *at = hex(line, end, &start);
    if (at >= end || *at != '-')
        return false;
    at = hex(at + 1, end, &stop);
    if (end - at < 5)
        return false;
    *mapping = (lm_mapping){.start = start, .end = stop};
    mapping->readable = at[1] == 'r';
    mapping->writable = at[2] == 'w';
    mapping->runnable = at[3] == 'x';
    mapping->shared = at[4] == 's';
    at = after_spaces(at + 1, end, 3);
    while (at < end && *at >= '0' && *at <= '9')
        inode = inode * 10 + (uint64_t)(*at++ - '0');
    mapping->inode = inode;
    while (at < end && *at == ' ')
        at++;
    mapping->path = at; /* the newline behind it became a NUL */
    return true;
}

bool lm_process_mappings(bool (*visit)(const lm_mapping *mapping, void *context), void *context) {
    static char buffer[LINE_MAX_BYTES + READ_BYTES];
    const long file = open_file("/proc/self/maps", O_RDONLY);
    if (file < 0)
        return false;
    size_t have = 0;
    bool more = true;
    while (more) {
        const long got = lm_process_call(SYS_read, file, (long)(buffer + have),
                                         (long)(sizeof buffer - have), 0, 0, 0);
        if (got <= 0)
            break;
        have += (size_t)got;
        char *line = buffer, *end;
        while (more && (end = memchr(line, '\n', have - (size_t)(line - buffer)))) {
            lm_mapping mapping;
            *end = '\0';
            if (parse(line, end, &mapping))
                more = visit(&mapping, context);
            line = end + 1;
        }
        have -= (size_t)(line - buffer);
        memmove(buffer, line, have);
        if (have == sizeof buffer) /* no line is that long */
            break;
    }
    close_file(file);
    return true;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

size_t lm_process_read(void *to, uintptr_t from, size_t size) {
    const struct iovec local = {to, size}, remote = {(void *)from, size};
    long got = lm_process_call(SYS_process_vm_readv, lm_os_process(), (long)&local, 1,
                               (long)&remote, 1, 0);
    if (got <= 0) { /* a filter of system calls, or memory that is closed, but not to this file */
        const long file = open_file("/proc/self/mem", O_RDONLY);
        if (file < 0)
            return 0;
        got = lm_process_call(SYS_pread64, file, (long)to, (long)size, (long)from, 0, 0);
        close_file(file);
    }
    return got > 0 ? (size_t)got : 0;
}

/* ---- Pages ----------------------------------------------------------------------------------- */

/* What PAGEMAP_SCAN takes (linux/fs.h from Linux 6.7 on). */
typedef struct page_region {
    uint64_t start, end, categories;
} page_region;

typedef struct page_scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted,
        category_mask, category_anyof_mask, return_mask;
} page_scan;

#define SCAN _IOWR('f', 16, page_scan)
enum { IS_PRESENT = 1 << 3, IS_SWAPPED = 1 << 4 };

typedef enum told { TOLD_NONE, TOLD_FOUND, TOLD_NOTHING } told;

static told ask_scan(long file, uintptr_t start, uintptr_t end, uintptr_t *first, uintptr_t *last) {
    page_region region = {0};
    page_scan scan = {.size = sizeof scan,
                      .start = start,
                      .end = end,
                      .vec = (uintptr_t)&region,
                      .vec_len = 1,
                      .category_anyof_mask = IS_PRESENT | IS_SWAPPED,
                      .return_mask = IS_PRESENT | IS_SWAPPED};
    const long count = lm_process_call(SYS_ioctl, file, (long)SCAN, (long)&scan, 0, 0, 0);
    if (count < 0)
        return TOLD_NOTHING;
    *first = region.start;
    *last = region.end;
    return count > 0 ? TOLD_FOUND : TOLD_NONE;
}

/* Entry by entry: bit 63 is present, bit 62 swapped. */
static told ask_map(long file, uintptr_t start, uintptr_t end, uintptr_t *first, uintptr_t *last) {
    uint64_t entries[ENTRIES];
    const size_t page = lm_os.page;
    bool found = false;
    for (uintptr_t at = start; at < end;) {
        size_t want = (end - at) / page;
        if (want > ENTRIES)
            want = ENTRIES;
        const long got =
            lm_process_call(SYS_pread64, file, (long)entries, (long)(want * sizeof entries[0]),
                            (long)(at / page * sizeof entries[0]), 0, 0);
        if (got < (long)sizeof entries[0])
            return found ? TOLD_FOUND : TOLD_NOTHING;
        const size_t count = (size_t)got / sizeof entries[0];
        for (size_t i = 0; i < count; i++, at += page) {
            const bool touched = entries[i] >> 62 != 0;
            if (touched && !found)
                *first = at;
            if (!touched && found)
                return TOLD_FOUND;
            found = found || touched;
            *last = at + page; /* of use once it is found */
        }
    }
    return found ? TOLD_FOUND : TOLD_NONE;
}

bool lm_process_touched(uintptr_t start, uintptr_t end, uintptr_t *first, uintptr_t *last) {
    if (start >= end)
        return false;
    told what = TOLD_NOTHING;
    const long file = open_file("/proc/self/pagemap", O_RDONLY);
    if (file >= 0) {
        what = ask_scan(file, start, end, first, last);
        if (what == TOLD_NOTHING)
            what = ask_map(file, start, end, first, last);
        close_file(file);
    }
    if (what == TOLD_NOTHING) {
        *first = start;
        *last = end;
    }
    return what != TOLD_NONE;
}

bool lm_process_resident(uintptr_t start, uintptr_t end, uintptr_t *first, uintptr_t *last) {
    unsigned char pages[ENTRIES];
    const size_t page = lm_os.page;
    bool found = false;
    for (uintptr_t at = start; at < end;) {
        size_t count = (end - at) / page;
        if (count > ENTRIES)
            count = ENTRIES;
        if (lm_process_call(SYS_mincore, (long)at, (long)(count * page), (long)pages, 0, 0, 0) < 0)
            return found;
        for (size_t i = 0; i < count; i++, at += page) {
            const bool resident = pages[i] & 1;
            if (resident && !found)
                *first = at;
            if (!resident && found)
                return true;
            found = found || resident;
            *last = at + page;
        }
    }
    return found;
}
