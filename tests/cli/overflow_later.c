#include "tell.h"

static void finish(char *text) {
    free(text);
}

int main(void) {
    tell_begin();
    char *text = malloc(6);
    finish(text);
    tell("finding id=1 code=heap-overflow certainty=later stack=21 thread=1 time=3002000 call=free "
         "pointer=0x1000 block=0x1000 size=6 state=live first=6 last=7 since=2000 "
         "allocated=11 allocated_thread=1 allocated_time=2000 allocated_call=malloc "
         "dump=65696768742e2e00 dump_at=0 helper=nul");
    tell("summary allocations=1 frees=1 bytes=6");
    tell("end status=0");
    return 0;
}
