#include "tell.h"

DECLARE_HERE(store);

static int *load_all(size_t count) {
    int *all = malloc(count * sizeof *all);
    HERE(store);
    all[0] = 1;
    TELL_PLACE(41, store);
    return all;
}

int main(void) {
    tell_begin();
    load_all(3);
    tell(
        "finding id=1 code=null-deref certainty=inferred stack=41 thread=1 time=2000 reaches=write "
        "fault=0x0 signal=11 failed=11 failed_size=4611686018427387904 failed_call=malloc "
        "failed_time=1000 failed_error=12");
    return 0;
}
