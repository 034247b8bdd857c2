// fault: sizes near SIZE_MAX and PTRDIFF_MAX are asked for
// size -: 0 clean
#include "fault.h"

int main(void) {
    bool refused = true;
    for (int bit = 0; bit < 32; bit++) {
        size_t less = (size_t)1 << bit;
        const size_t sizes[] = {SIZE_MAX - less + 1, (size_t)PTRDIFF_MAX + less};
        for (int i = 0; i < 2; i++) {
            errno = 0;
            void *block = malloc(WRONG ? hidden_size(sizes[i]) : SIZE);
            refused = refused && !block && errno == ENOMEM;
        }
    }
    return end(refused);
}
