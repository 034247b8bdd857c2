#include "check/tell.h"

#include "heap/arena.h"
#include "stack/object.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A line of /proc/self/maps: "start-end perms offset device inode path". */
typedef struct mapping {
    uintptr_t start, end;
    bool code;
    char path[16]; /* how it begins */
} mapping;

typedef struct reader {
    int file;
    char buffer[1024];
    size_t at, length;
} reader;

static int next_character(reader *r) {
    if (r->at == r->length) {
        long got = syscall(SYS_read, r->file, r->buffer, sizeof r->buffer);
        if (got <= 0)
            return -1;
        r->at = 0;
        r->length = (size_t)got;
    }
    return (unsigned char)r->buffer[r->at++];
}

static int read_hex(reader *r, uintptr_t *value) {
    int c;
    *value = 0;
    while ((c = next_character(r)) >= 0) {
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            break;
        *value = *value << 4 | (uintptr_t)digit;
    }
    return c;
}

static bool read_mapping(reader *r, mapping *m) {
    enum { FIELDS_BEFORE_PATH = 4 };
    int c, fields = 0;
    size_t length = 0;
    *m = (mapping){0};
    if (read_hex(r, &m->start) != '-' || read_hex(r, &m->end) != ' ')
        return false;
    bool blank = false;
    while ((c = next_character(r)) >= 0 && c != '\n') {
        if (fields == 0 && c == 'x')
            m->code = true;
        if (c == ' ')
            blank = true;
        else if (blank) {
            blank = false;
            fields++;
        }
        if (c != ' ' && fields >= FIELDS_BEFORE_PATH && length + 1 < sizeof m->path)
            m->path[length++] = (char)c;
    }
    return true;
}

static bool holds(const mapping *m, uintptr_t at) {
    return m->start <= at && at < m->end;
}

static const char *kind_of(const mapping *m, uintptr_t at, uintptr_t sp) {
    lm_object object;
    if (holds(m, sp) || memcmp(m->path, "[stack", 6) == 0)
        return "stack";
    if (m->code)
        return "code";
    return lm_object_find(at, &object) ? "static" : "mapped";
}

const char *lm_tell_where(uintptr_t at) {
    enum { NULL_PAGES = 64 * 1024 };
    const char *where = "unmapped";
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    mapping m;
    if (at < NULL_PAGES)
        return "null";
    if (lm_arena_of(at))
        return "heap";
    reader r = {.file =
                    (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    if (r.file < 0)
        return lm_object_find(at, &(lm_object){0}) ? "static" : "mapped";
    while (read_mapping(&r, &m)) {
        if (holds(&m, at)) {
            where = kind_of(&m, at, sp);
            break;
        }
    }
    syscall(SYS_close, r.file);
    return where;
}
