// fault: new is asked for nearly SIZE_MAX, and must throw or give nullptr
// size -: 0 clean
#include "fault.h"
#include <new>

int main() {
    bool refused = false;
    size_t size = WRONG ? hidden_size(SIZE_MAX - 100) : SIZE;
    try {
        ::operator new(size);
    } catch (const std::bad_alloc &) {
        refused = true;
    }
    if (refused && !::operator new(size, std::nothrow))
        return end(true);
    return end(false);
}
