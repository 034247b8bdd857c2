#include "cli/obstacle.h"

#include "cli/elf.h"
#include "cli/find.h"
#include "cli/privilege.h"
#include "cli/say.h"
#include "cli/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel follows a script to a script to a script this often. */
enum { DEPTH_MAX = 5 };

/* What all steps of one search share. */
struct search {
    const char *library;
    const char *name;   /* what the user called the program */
    const char *runner; /* the interpreter that is examined in its place; NULL: itself */
    lm_obstacle *obstacle;
};

static bool examine(struct search *search, const char *path, int depth);

static bool refuse(struct search *search, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Completes the sentence about the program. */
static bool refuse(struct search *search, int status, const char *format, ...) {
    char *sentence = search->obstacle->sentence;
    const size_t size = sizeof search->obstacle->sentence;
    search->obstacle->status = status;
    /* Both names cut so that there is room for the rest. */
    int length = snprintf(sentence, size, "%.1500s ", search->name);
    if (search->runner != NULL)
        length = snprintf(sentence, size, "%.1500s is run by %.1500s, which ", search->name,
                          search->runner);
    va_list args;
    va_start(args, format);
    vsnprintf(sentence + length, size - (size_t)length, format, args);
    va_end(args);
    return true;
}

/* ---- Files in memory ------------------------------------------------------------------------ */

struct file {
    int fd; /* -1: can't be read */
    struct stat status;
    void *bytes; /* of status.st_size; NULL for an empty file */
};

static bool open_file(const char *path, struct file *file) {
    *file = (struct file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (file->fd < 0)
        return false;
    if (fstat(file->fd, &file->status) == 0 && S_ISREG(file->status.st_mode)) {
        if (file->status.st_size == 0)
            return true;
        void *bytes = mmap(NULL, (size_t)file->status.st_size, PROT_READ, MAP_PRIVATE, file->fd, 0);
        if (bytes != MAP_FAILED) {
            file->bytes = bytes;
            return true;
        }
    }
    close(file->fd);
    return false;
}

static void close_file(struct file *file) {
    if (file->bytes != NULL)
        munmap(file->bytes, (size_t)file->status.st_size);
    close(file->fd);
}

/* ---- Programs ------------------------------------------------------------------------------- */

/* The facts of a file that is known to be good, such as this command's own. */
static bool read_elf_of(const char *path, lm_elf *elf) {
    struct file file;
    if (!open_file(path, &file))
        return false;
    const bool read = lm_elf_read(file.bytes, (size_t)file.status.st_size, elf);
    close_file(&file);
    return read;
}

static bool other_machine(struct search *search, const lm_elf *elf) {
    lm_elf library;
    if (!read_elf_of(search->library, &library))
        return refuse(search, LM_STATUS_FAILED, "can't run on %s, which is no library",
                      search->library);
    if (elf->bits == library.bits && elf->machine == library.machine &&
        elf->big_endian == library.big_endian)
        return false;
    char program_machine[64];
    char library_machine[64];
    lm_elf_describe(elf, program_machine, sizeof program_machine);
    lm_elf_describe(&library, library_machine, sizeof library_machine);
    return refuse(search, LM_STATUS_FAILED, "is built for another architecture (%s) than %s (%s)",
                  program_machine, lm_base_name(search->library), library_machine);
}

/* A library for one C library can't be loaded by the loader of another. */
static bool other_libc(struct search *search, const lm_elf *elf) {
    lm_elf self;
    if (!read_elf_of("/proc/self/exe", &self) || self.interpreter[0] == '\0')
        return false;
    if (strcmp(lm_base_name(self.interpreter), lm_base_name(elf->interpreter)) == 0)
        return false;
    return refuse(search, LM_STATUS_FAILED,
                  "is built for another C library than %s (its loader is %s)",
                  lm_base_name(search->library), elf->interpreter);
}

static bool examine_program(struct search *search, const struct file *file) {
    lm_elf elf;
    if (!lm_elf_read(file->bytes, (size_t)file->status.st_size, &elf))
        return refuse(search, LM_STATUS_NOT_EXECUTABLE,
                      "can't be executed: it is a damaged program");
    if (other_machine(search, &elf))
        return true;
    if (!elf.is_program)
        return refuse(search, LM_STATUS_NOT_EXECUTABLE,
                      "can't be executed: it is an object file or a core dump");
    /* The loader itself and libraries that can be executed have no loader, and aren't static. */
    if (elf.interpreter[0] == '\0' && !elf.is_library)
        return refuse(search, LM_STATUS_FAILED,
                      "is statically linked, so its heap can't be replaced from outside");
    if (elf.interpreter[0] != '\0' && other_libc(search, &elf))
        return true;
    const char *privilege = lm_privilege_gained(file->fd, &file->status);
    if (privilege != NULL)
        return refuse(search, LM_STATUS_FAILED, "is %s, so the system preloads no library into it",
                      privilege);
    if (elf.sanitizer != NULL)
        return refuse(search, LM_STATUS_FAILED, "was built with %s, which brings its own heap",
                      elf.sanitizer);
    if (elf.has_malloc)
        return refuse(search, LM_STATUS_FAILED,
                      "has a malloc of its own built in, which can't be replaced from outside");
    return false;
}

/* ---- Scripts -------------------------------------------------------------------------------- */

static bool examine_interpreter(struct search *search, const char *path, int depth) {
    /* Of a chain of scripts, only the ends matter to a reader. */
    const char *before = search->runner;
    search->runner = path;
    const bool found = examine(search, path, depth + 1);
    search->runner = before;
    return found;
}

static bool examine_script(struct search *search, const lm_script *script, int depth) {
    if (depth == DEPTH_MAX)
        return refuse(search, LM_STATUS_NOT_EXECUTABLE,
                      "can't be executed: too many scripts run each other");
    if (access(script->interpreter, X_OK) != 0)
        return refuse(search, LM_STATUS_NOT_EXECUTABLE, "can't be executed: its interpreter %s: %s",
                      script->interpreter, strerror(errno));
    if (examine_interpreter(search, script->interpreter, depth))
        return true;
    char path[PATH_MAX];
    if (script->command[0] == '\0' || lm_find_program(script->command, path) != 0)
        return false;
    return examine_interpreter(search, path, depth);
}

/* A text without "#!" is run by the shell, as execvp does it; anything else is in no format. */
static bool examine_text(struct search *search, const struct file *file, int depth) {
    const size_t size = (size_t)file->status.st_size;
    const unsigned char *end = size > 0 ? memchr(file->bytes, '\n', size) : NULL;
    const size_t line = end == NULL ? size : (size_t)(end - (const unsigned char *)file->bytes);
    if (line > 0 && memchr(file->bytes, '\0', line) != NULL)
        return refuse(search, LM_STATUS_NOT_EXECUTABLE, "can't be executed: %s", strerror(ENOEXEC));
    return depth < DEPTH_MAX && examine_interpreter(search, "/bin/sh", depth);
}

static bool examine(struct search *search, const char *path, int depth) {
    struct file file;
    if (!open_file(path, &file))
        return false;
    const size_t size = (size_t)file.status.st_size;
    lm_script script;
    bool found;
    if (size >= 4 && memcmp(file.bytes, "\177ELF", 4) == 0)
        found = examine_program(search, &file);
    else if (lm_script_read(file.bytes, size, &script))
        found = examine_script(search, &script, depth);
    else
        found = examine_text(search, &file, depth);
    close_file(&file);
    return found;
}

bool lm_obstacle_find(const char *path, const char *name, const char *library,
                      lm_obstacle *obstacle) {
    struct search search = {.library = library, .name = name, .obstacle = obstacle};
    return examine(&search, path, 0);
}
