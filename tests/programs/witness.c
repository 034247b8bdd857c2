/* A second preloaded library that bears witness in every process: is the library under test mapped,
 * and whose malloc does the program get? One line per started program goes to $WITNESS_LOG:
 *
 *     EXECUTABLE <tab> object that serves malloc <tab> 1 if mapped
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

/* The object whose malloc the program's calls reach: the first in the order of loading that has
 * one. */
static const char *server_of_malloc(void) {
    Dl_info info = {0};
    void *extra = NULL;
    if (dladdr1(dlsym(RTLD_DEFAULT, "malloc"), &info, &extra, RTLD_DL_SYMENT) == 0)
        return "unknown";
    /* A program at a fixed address that takes the function's address offers its own call stub under
     * the name, as a symbol without a section. What the stub calls comes after the program. */
    const ElfW(Sym) *symbol = extra;
    if (symbol != NULL && symbol->st_shndx == SHN_UNDEF)
        dladdr(dlsym(RTLD_NEXT, "malloc"), &info);
    return info.dli_fname;
}

__attribute__((constructor)) static void bear_witness(void) {
    const char *log = getenv("WITNESS_LOG");
    char *library = getenv("WITNESS_LIBRARY");
    if (log == NULL || library == NULL)
        return;

    char executable[512];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    executable[length > 0 ? length : 0] = '\0';

    char line[2048];
    int n = snprintf(line, sizeof line, "%s\t%s\t%d\n", executable, server_of_malloc(),
                     dl_iterate_phdr(is_library, library));
    int file = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0)
        return;
    if (n < 0 || write(file, line, (size_t)n) != n)
        abort();
    close(file);
}
