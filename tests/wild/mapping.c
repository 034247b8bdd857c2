/* A preloaded library that takes the C library's wrappers of the calls that map memory. They
 * allocate. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
    free(malloc(100));
    return (void *)syscall(SYS_mmap, at, size, protection, flags, file, offset);
}

int munmap(void *at, size_t size) {
    free(malloc(100));
    return (int)syscall(SYS_munmap, at, size);
}

int madvise(void *at, size_t size, int advice) {
    free(malloc(100));
    return (int)syscall(SYS_madvise, at, size, advice);
}

int mprotect(void *at, size_t size, int protection) {
    free(malloc(100));
    return (int)syscall(SYS_mprotect, at, size, protection);
}
