/* A second preloaded library that bears witness in every process: is the library under test mapped,
 * and whose malloc does the program get? One line per started program goes to $WITNESS_LOG:
 *
 *     EXECUTABLE <tab> object that serves malloc, or `program` <tab> 1 if mapped
 *
 * It asks from inside because looking at /proc/PID/maps from outside misses short-lived programs.
 * The runs without the library have it too, so that both runs differ in one thing only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_library(struct dl_phdr_info *info, size_t size, void *path) {
    (void)size;
    return strcmp(info->dlpi_name, path) == 0;
}

/* The main program is the first object; its name is empty here and argv[0] in dladdr. */
static int base_of_program(struct dl_phdr_info *info, size_t size, void *base) {
    (void)size;
    *(ElfW(Addr) *)base = info->dlpi_addr;
    return 1;
}

__attribute__((constructor)) static void bear_witness(void) {
    const char *log = getenv("WITNESS_LOG");
    char *library = getenv("WITNESS_LIBRARY");
    if (log == NULL || library == NULL)
        return;

    char executable[512];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    executable[length > 0 ? length : 0] = '\0';

    ElfW(Addr) program = 0;
    dl_iterate_phdr(base_of_program, &program);
    Dl_info info = {0};
    dladdr(dlsym(RTLD_DEFAULT, "malloc"), &info);
    int own = info.dli_fbase == NULL || strcmp(info.dli_fname, executable) == 0 ||
              (program != 0 && (ElfW(Addr))info.dli_fbase == program);

    char line[2048];
    int n = snprintf(line, sizeof line, "%s\t%s\t%d\n", executable,
                     own ? "program" : info.dli_fname, dl_iterate_phdr(is_library, library));
    int file = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0)
        return;
    if (n < 0 || write(file, line, (size_t)n) != n)
        abort();
    close(file);
}
