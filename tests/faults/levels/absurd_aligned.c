// fault: an aligned block near SIZE_MAX, or with an alignment of half the address space, is asked for
// size -: 0 clean
#include "fault.h"

int main(void) {
    void *block = NULL;
    size_t size = WRONG ? hidden_size(SIZE_MAX - 127) : SIZE;
    size_t alignment = WRONG ? hidden_size((size_t)1 << 62) : 64;
    errno = 0;
    bool refused = !aligned_alloc(64, size) && errno == ENOMEM;
    refused = refused && !aligned_alloc(alignment, SIZE) && !memalign(4096, size);
    return end(refused && posix_memalign(&block, 64, size) == ENOMEM && !block);
}
