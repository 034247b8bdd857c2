#include "tell.h"

DECLARE_HERE(store);

static void trim(char *text) {
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == ' ')
        end--;
    HERE(store);
    text[end - 1] = '\0';
    TELL_PLACE(41, store);
}

int main(void) {
    tell_begin();
    char *text = malloc(16);
    trim(text);
    tell("finding id=1 code=heap-underflow certainty=exact stack=41 thread=1 time=4000 "
         "access=write bytes=1 pointer=0xfff block=0x1000 size=16 state=live first=-1 last=-1 "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc "
         "dump=c4c4c4c4c4c4c40000000000000000000000000000000000 dump_at=-8");
    return 0;
}
