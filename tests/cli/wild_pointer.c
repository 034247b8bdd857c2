#include "tell.h"

DECLARE_HERE(store);

int main(void) {
    tell_begin();
    int **table = malloc(4 * sizeof *table);
    TELL_PLACE(41, store);
    if (table == NULL) {
        HERE(store);
        *table[2] = 7;
    }
    tell(
        "finding id=1 code=wild-pointer certainty=inferred stack=41 thread=1 time=2000 "
        "reaches=write "
        "fault=0xf5f5f5f5f5f5f5f5 signal=11 fill=fresh register=rax value=0xf5f5f5f5f5f5f5f5 "
        "block=0x1000 size=32 first=16 last=23 allocated=11 allocated_thread=1 allocated_time=1000 "
        "allocated_call=malloc");
    return 0;
}
