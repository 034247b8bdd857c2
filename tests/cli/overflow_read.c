#include "tell.h"

#define read(file, buffer, size) tell_call(buffer, size)

struct packet {
    char *data;
    int used;
};

int main(void) {
    tell_begin();
    struct packet packet = {0};
    packet.data = malloc(40);
    read(0, packet.data, 100);
    tell("finding id=1 code=heap-overflow certainty=exact stack=31 thread=1 time=90000000000 "
         "call=read "
         "access=write bytes=100 pointer=0x1000 block=0x1000 size=40 state=live first=40 last=99 "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc");
    return 0;
}
