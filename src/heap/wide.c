/* Compiled for processors with wide vectors (cmake/LoamFolders.cmake), and called on them only. */
#include "heap/fast.h"
#include "heap/free_remote.h"

#define WIDE_FORMS(suffix, family)                                                                 \
    void *lm_malloc_wide_##suffix(size_t size) {                                                   \
        return lm_malloc_in(size, family, true);                                                   \
    }                                                                                              \
    void lm_free_wide_##suffix(void *p, uint64_t offset, const lm_way *way) {                      \
        lm_free_in(p, offset, way, family, LM_ANY_SIZE, true);                                     \
    }

LM_EACH_FAMILY(WIDE_FORMS)

void lm_free_sized_wide(void *p, uint64_t offset, const lm_way *way, size_t size) {
    lm_free_in(p, offset, way, way->family, size, true);
}

void lm_free_remote_wide(void *p, const lm_way *way, size_t size) {
    lm_free_remote_in(p, way, size);
}
