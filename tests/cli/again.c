/* What is one mistake is one report: two instructions of one place, blocks of other callers, and damage that is
 * found in the end where an access was told. */
#include "tell.h"

DECLARE_HERE(one);

static int *make(int size) {
    return malloc(size);
}

#define FINDING                                                                                    \
    "code=heap-overflow access=write bytes=4 pointer=0x1008 block=0x1000 size=8 state=live "       \
    "first=8 last=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc thread=1 "

int main(void) {
    tell_begin();
    int *table = make(8);
    make(8);
    TELL_PLACE(41, one);
    tell_frames(42, here_one + 4, 2); /* the second instruction of the line */
    if (table == NULL) {
        HERE(one);
        *table = 5;
    }
    tell("finding id=1 certainty=exact stack=41 time=2000 allocated=11 " FINDING);
    tell("finding id=2 certainty=exact stack=42 time=3000 allocated=12 " FINDING);
    tell("stack id=50 exact=0 frames=2+0x1234");
    tell("finding id=3 certainty=later stack=50 time=4000 since=1000 allocated=11 " FINDING);
    tell("finding id=4 certainty=later stack=50 time=4000 since=1000 allocated=11 first=12 last=12 "
         "code=heap-overflow access=write bytes=1 pointer=0x100c block=0x1000 size=8 state=live "
         "allocated_thread=1 allocated_time=1000 allocated_call=malloc thread=1");
    return 0;
}
