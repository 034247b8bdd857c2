#include "tell.h"

int main(void) {
    tell_begin();
    int *numbers = malloc(40);
    free(numbers);
    tell(
        "finding id=1 code=mismatched-free certainty=exact stack=21 thread=1 time=3000 call=free "
        "access=free pointer=0x1000 block=0x1000 size=40 state=live was=operator%%20new[] now=free "
        "allocated=11 allocated_thread=1 allocated_time=1000 allocated_call=operator%%20new[]");
    tell("finding id=2 code=size-mismatch certainty=exact stack=21 thread=1 time=3000 "
         "call=free_sized access=free pointer=0x1000 block=0x1000 size=40 state=live quantity=size "
         "was_size=40 now_size=44 allocated=11 allocated_thread=1 allocated_time=1000 "
         "allocated_call=malloc");
    return 0;
}
