#include "cli/privilege.h"

#include <endian.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The kernel compares the user and group that the program would have in effect with the real ones:
 * a file of root's that is setuid gives root nothing. */
static bool changes_identity(const struct stat *status, bool honoured) {
    uid_t user = geteuid();
    gid_t group = getegid();
    if (honoured && (status->st_mode & S_ISUID))
        user = status->st_uid;
    /* Without the right to execute, the bit means mandatory locking. */
    if (honoured && (status->st_mode & S_ISGID) && (status->st_mode & S_IXGRP))
        group = status->st_gid;
    return user != getuid() || group != getgid();
}

/* Whether the process would gain one of these 32 capabilities, the first of which has number
 * `first`. */
static bool gains_any(uint32_t permitted, unsigned first) {
    for (unsigned bit = 0; bit < 32; bit++) {
        const unsigned long number = first + bit;
        const bool gained = (permitted >> bit & 1) &&
                            prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1 &&
                            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) != 1;
        if (gained)
            return true;
    }
    return false;
}

static bool changes_capabilities(int fd) {
    /* Capabilities are no gain for root. */
    if (getuid() == 0)
        return false;
    struct vfs_ns_cap_data data = {0};
    const ssize_t length = fgetxattr(fd, "security.capability", &data, sizeof data);
    if (length < (ssize_t)XATTR_CAPS_SZ_1)
        return false;
    if (le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE)
        return true;
    return gains_any(le32toh(data.data[0].permitted), 0) ||
           gains_any(le32toh(data.data[1].permitted), 32);
}

const char *lm_privilege_gained(int fd, const struct stat *status) {
    struct statvfs system;
    const bool honoured_here = fstatvfs(fd, &system) != 0 || !(system.f_flag & ST_NOSUID);
    const bool honoured = honoured_here && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
    if (changes_identity(status, honoured))
        return honoured && (status->st_mode & (S_ISUID | S_ISGID))
                   ? "setuid or setgid"
                   : "started with another identity";
    if (honoured_here && changes_capabilities(fd))
        return "given capabilities by its file";
    return NULL;
}
