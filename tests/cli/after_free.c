#include "tell.h"

DECLARE_HERE(load);

static void drop(int *numbers) {
    free(numbers);
}

int main(void) {
    tell_begin();
    int *numbers = malloc(16);
    drop(numbers);
    HERE(load);
    int third = numbers[2];
    TELL_PLACE(41, load);
    tell("finding id=1 code=use-after-free certainty=exact stack=41 thread=1 time=6000 "
         "access=read bytes=4 pointer=0x1008 block=0x1000 size=16 state=freed first=8 last=11 "
         "inside=8 "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc "
         "freed=21 freed_thread=1 freed_time=3000 freed_call=free");
    return third;
}
