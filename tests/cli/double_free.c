#include "tell.h"

static void close_file(char *buffer) {
    free(buffer);
}

int main(void) {
    tell_begin();
    char *buffer = malloc(4096);
    close_file(buffer);
    free(buffer);
    tell("finding id=1 code=double-free certainty=exact stack=22 thread=1 time=2001000 call=free "
         "access=free pointer=0x1000 block=0x1000 size=4096 state=freed "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc "
         "freed=21 freed_thread=3 freed_time=1001000 freed_call=free");
    return 0;
}
