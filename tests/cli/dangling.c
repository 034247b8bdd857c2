#include "tell.h"

char *current;

int main(void) {
    tell_begin();
    current = malloc(24);
    free(current);
    tell("finding id=1 code=dangling-pointer certainty=exact stack=21 thread=1 time=2000 call=free "
         "access=free pointer=0x1000 block=0x1000 size=24 state=freed "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc "
         "holders=static:%p:1+%p,stack:0x7ffe1000,block:0x2010:0x2000+16",
         (void *)&current, (void *)&current);
    return 0;
}
