// fault: an object is deleted as its small base, which has no virtual destructor
// size 64 4096 262144: 2 abort size-mismatch
#include "fault.h"
#include <new>

int main() {
    struct base {
        char first[16];
    };
    struct derived : base {
        char rest[SIZE];
    };
    derived *object = static_cast<derived *>(hidden(new derived));
    if (WRONG)
        delete static_cast<base *>(object);
    else
        delete object;
    return end(false);
}
