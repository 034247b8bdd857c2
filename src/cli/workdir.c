#include "cli/workdir.h"

#include "cli/say.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest TMPDIR that leaves room for the names below it. */
enum { TMPDIR_MAX = 140 };

/* TMPDIR, unless it is relative (the program may change its folder), too long, or has characters
 * that separate items in LD_PRELOAD or LOAM_OPTIONS. */
static const char *temporary_folder(void) {
    const char *folder = getenv("TMPDIR");
    const bool usable = folder != NULL && folder[0] == '/' && strlen(folder) <= TMPDIR_MAX &&
                        strpbrk(folder, " :'\n\t") == NULL && access(folder, W_OK | X_OK) == 0;
    return usable ? folder : "/tmp";
}

bool lm_workdir_make(lm_workdir *workdir) {
    snprintf(workdir->folder, sizeof workdir->folder, "%s/loam-XXXXXX", temporary_folder());
    if (mkdtemp(workdir->folder) == NULL) {
        lm_say("no temporary folder can be made as %s: %s", workdir->folder, strerror(errno));
        return false;
    }
    snprintf(workdir->loaded, sizeof workdir->loaded, "%s/loaded", workdir->folder);
    snprintf(workdir->stats, sizeof workdir->stats, "%s/stats", workdir->folder);
    snprintf(workdir->check, sizeof workdir->check, "%s/check", workdir->folder);
    snprintf(workdir->library, sizeof workdir->library, "%s/libloam.so", workdir->folder);
    return true;
}

bool lm_workdir_make_check(const lm_workdir *workdir) {
    if (mkdir(workdir->check, 0700) == 0)
        return true;
    lm_say("no folder can be made as %s: %s", workdir->check, strerror(errno));
    return false;
}

static void remove_files(const char *folder) {
    DIR *files = opendir(folder);
    const struct dirent *entry;
    while (files != NULL && (entry = readdir(files)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(files), entry->d_name, 0);
    if (files != NULL)
        closedir(files);
    rmdir(folder);
}

void lm_workdir_remove(const lm_workdir *workdir) {
    remove_files(workdir->check);
    unlink(workdir->loaded);
    unlink(workdir->stats);
    unlink(workdir->library);
    rmdir(workdir->folder);
}
