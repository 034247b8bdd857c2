#include "heap/fast.h"
#include "heap/free_remote.h"

void *lm_malloc_narrow(size_t size, lm_family family) {
    return lm_malloc_in(size, family, true);
}

void lm_free_narrow(void *p, uint64_t offset, const lm_way *way, size_t size) {
    lm_free_in(p, offset, way, way->family, size, true);
}

void lm_free_remote(void *p, const lm_way *way, size_t size) {
    lm_free_remote_in(p, way, size);
}
