#include "tell.h"

static char *dup_name(const char *s) {
    char *p = malloc(strlen(s));
    strcpy(p, s);
    return p;
}

int main(void) {
    tell_begin();
    dup_name("loamloam");
    tell("finding id=1 code=heap-overflow certainty=exact stack=31 thread=1 time=13000 call=strcpy "
         "access=write bytes=9 pointer=0x1000 block=0x1000 size=8 state=live first=8 last=8 "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc "
         "dump=6c6f616d6c6f616d00 dump_at=0 helper=nul");
    tell("again id=1 count=12");
    tell("end status=0");
    return 0;
}
