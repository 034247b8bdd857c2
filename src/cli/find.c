#include "cli/find.h"

#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the build says that the library gets installed, seen from the command's folder. */
#ifndef LM_LIBDIR_FROM_BINDIR
#define LM_LIBDIR_FROM_BINDIR "../lib"
#endif

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "."
#endif

const char *lm_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Whether the file can be executed: 0, or the reason why not. */
static int executable_error(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/* Joins the folder, of `length` bytes and "." if empty, and the name. Returns false when it's too
 * long. */
static bool join(char path[PATH_MAX], const char *folder, size_t length, const char *name) {
    if (length == 0) {
        folder = ".";
        length = 1;
    }
    const int wanted = snprintf(path, PATH_MAX, "%.*s/%s", (int)length, folder, name);
    return wanted > 0 && wanted < PATH_MAX;
}

/* The folders that are searched: PATH, or the system's usual ones where it isn't set. */
static const char *search_path(char *buffer, size_t size) {
    const char *path = getenv("PATH");
    if (path != NULL)
        return path;
    confstr(_CS_PATH, buffer, size);
    return buffer;
}

static int search_program(const char *name, char path[PATH_MAX]) {
    char standard[256] = "/bin:/usr/bin";
    int result = ENOENT;
    const char *folder = search_path(standard, sizeof standard);
    for (;;) {
        const size_t length = strcspn(folder, ":");
        const int error = join(path, folder, length, name) ? executable_error(path) : ENAMETOOLONG;
        if (error == 0)
            return 0;
        /* The search goes on, but a file that may not be executed says more than one that isn't
         * there. A folder that may not be searched says nothing, as in the shell (execvp reports
         * EACCES). */
        if (error == EACCES && access(path, F_OK) == 0)
            result = EACCES;
        if (folder[length] == '\0')
            return result;
        folder += length + 1;
    }
}

int lm_find_program(const char *name, char path[PATH_MAX]) {
    if (*name == '\0')
        return ENOENT;
    if (strchr(name, '/') == NULL)
        return search_program(name, path);
    if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
        return ENAMETOOLONG;
    return executable_error(path);
}

/* Makes the path absolute if there is a file that can be read. The links in it stay: what they
 * point to may change its name with the version. */
static bool accept_library(const char *candidate, char path[PATH_MAX]) {
    struct stat status;
    if (stat(candidate, &status) != 0 || !S_ISREG(status.st_mode) || access(candidate, R_OK) != 0)
        return false;
    if (candidate[0] == '/')
        return snprintf(path, PATH_MAX, "%s", candidate) < PATH_MAX;
    return realpath(candidate, path) != NULL;
}

bool lm_find_library(const char *name, const char *variable, char path[PATH_MAX]) {
    const char *named = getenv(variable);
    if (named != NULL && *named != '\0') {
        if (accept_library(named, path))
            return true;
        lm_say("the library that %s names can't be read: %s", variable, named);
        return false;
    }

    static const char *const places[] = {"", LM_LIBDIR_FROM_BINDIR "/", "../lib/",
                                         "../lib/" MULTIARCH "/", "../lib64/"};
    char self[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) {
        lm_say("%s can't be looked for without /proc; set %s to its path", name, variable);
        return false;
    }
    self[length] = '\0';
    const char *slash = strrchr(self, '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash - self);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char candidate[PATH_MAX];
        char below[128];
        snprintf(below, sizeof below, "%s%s", places[i], name);
        if (join(candidate, self, folder, below) && accept_library(candidate, path))
            return true;
    }
    lm_say("%s was found neither beside %s nor in ../lib; set %s to its path", name, self,
           variable);
    return false;
}
