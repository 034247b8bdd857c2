#include "tell.h"

DECLARE_HERE(store);

static void fill(int *numbers, int count) {
    for (int i = 0; i <= count; i++) {
        HERE(store);
        numbers[i] = i;
    }
    TELL_PLACE(41, store);
}

static int *make(int count) {
    int *numbers = malloc((size_t)count * sizeof *numbers);
    fill(numbers, count);
    return numbers;
}

int main(void) {
    tell_begin();
    make(10);
    tell("finding id=1 code=heap-overflow certainty=exact stack=41 thread=2 time=5000000 "
         "access=write bytes=4 pointer=0x1028 block=0x1000 size=40 state=live first=40 last=43 "
         "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=malloc signal=11 "
         "dump="
         "0000000001000000020000000300000004000000050000000600000007000000080000000900000000000000"
         " dump_at=0");
    return 0;
}
