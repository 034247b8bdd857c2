#include "cli/leaks_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As src/check/world.h has them. */
enum { WORLD_SIGNAL = 32, WORLD_CALL = 0x6c6f616d };

/* How each file of a checker begins. */
static const char beginning[] = "loam-check version=";

bool lm_process_is_checked(pid_t pid, int *error) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    *error = maps == NULL ? errno : 0;
    if (maps == NULL)
        return false;
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (!found && getline(&line, &room, maps) > 0)
        found = strstr(line, "/libloam-check.so") != NULL;
    /* A line could not be read when the process is another user's. */
    if (!found && ferror(maps))
        *error = errno;
    free(line);
    fclose(maps);
    return found;
}

static bool begins_as_log(const char *path) {
    char start[sizeof beginning];
    struct stat status;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return false;
    const bool is = fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                    read(file, start, sizeof beginning - 1) == (ssize_t)sizeof beginning - 1 &&
                    memcmp(start, beginning, sizeof beginning - 1) == 0;
    close(file);
    return is;
}

/* The checker keeps its file open, under the process's own number; the program may have others. */
bool lm_process_log(pid_t pid, char path[PATH_MAX]) {
    char folder[64];
    bool found = false;
    snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
    DIR *files = opendir(folder);
    const struct dirent *entry;
    while (files != NULL && !found && (entry = readdir(files)) != NULL) {
        struct stat status;
        snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name);
        /* A file of another kind isn't even opened: that may do something. */
        found = entry->d_name[0] != '.' && stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
                begins_as_log(path);
    }
    if (files != NULL)
        closedir(files);
    return found;
}

int lm_process_ask(pid_t pid) {
    siginfo_t info = {0};
    info.si_signo = WORLD_SIGNAL;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_int = WORLD_CALL;
    return syscall(SYS_rt_sigqueueinfo, pid, WORLD_SIGNAL, &info) == 0 ? 0 : errno;
}

bool lm_process_lives(pid_t pid) {
    return kill(pid, 0) == 0 || errno == EPERM;
}
