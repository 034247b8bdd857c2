#include "cli/say_start.h"

#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int lm_say_not_found(const char *name, int error) {
    if (error == EISDIR)
        lm_say("%s can't be executed: it is a directory", name);
    else if (error == EACCES)
        lm_say("%s can't be executed: %s", name, strerror(error));
    else if (error == ENOENT && strchr(name, '/') == NULL)
        lm_say("%s was not found in PATH", *name == '\0' ? "a program without a name" : name);
    else if (error == ENOENT)
        lm_say("%s was not found", name);
    else
        lm_say("%s was not found: %s", name, strerror(error));
    return error == EISDIR || error == EACCES ? LM_STATUS_NOT_EXECUTABLE : LM_STATUS_NOT_FOUND;
}

int lm_say_start_error(const char *name, const lm_child *child) {
    const int error = child->start_error;
    if (child->pid < 0) {
        lm_say("no process can be made for %s: %s", name, strerror(error));
        return LM_STATUS_FAILED;
    }
    lm_say("%s can't be executed: %s", name, strerror(error));
    return error == ENOENT ? LM_STATUS_NOT_FOUND : LM_STATUS_NOT_EXECUTABLE;
}

FILE *lm_open_apart(const char *path) {
    const int low = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    const int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    FILE *file = high < 0 ? NULL : fdopen(high, "w");
    const int error = errno;
    if (low >= 0)
        close(low);
    errno = error;
    return file;
}
