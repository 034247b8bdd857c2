#include "tell.h"

int main(void) {
    tell_begin();
    char *line = malloc(32);
    char *word = line + 4;
    free(word);
    int numbers[4];
    free(numbers);
    free("literal");
    tell("finding id=1 code=invalid-free certainty=exact stack=21 thread=1 time=3000 call=free "
         "access=free pointer=0x1004 block=0x1000 size=32 state=live inside=4 "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc");
    tell("finding id=2 code=foreign-free certainty=exact stack=22 thread=1 time=4000 call=free "
         "access=free pointer=0x7ff0 where=stack");
    tell("finding id=3 code=foreign-free certainty=exact stack=23 thread=1 time=5000 call=free "
         "access=free pointer=0x4000 where=static");
    return 0;
}
