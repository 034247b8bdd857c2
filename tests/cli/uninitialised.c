#include "tell.h"

DECLARE_HERE(load);

struct reading {
    int id;
    int valid;
    double value;
};

int main(void) {
    tell_begin();
    struct reading *reading = malloc(sizeof *reading);
    reading->id = 7;
    reading->value = 1.5;
    HERE(load);
    int valid = reading->valid;
    TELL_PLACE(41, load);
    tell("finding id=1 code=uninitialised-read certainty=exact stack=41 thread=1 time=2000 "
         "access=read bytes=4 pointer=0x1004 block=0x1000 size=16 state=live first=4 last=7 "
         "inside=4 "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc "
         "dump=07000000f5f5f5f5000000000000f83f dump_at=0 valid=0fff");
    return valid;
}
