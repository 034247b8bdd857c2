#include "tell.h"

static char *copy_until(const char *text, const char *end) {
    const long length = end - text;
    return malloc((size_t)length);
}

int main(void) {
    static const char text[] = "no end";
    tell_begin();
    tell_call(copy_until(text + 1, text));
    tell("finding id=1 code=bad-size certainty=exact stack=11 thread=1 time=3000 call=malloc "
         "bytes=18446744073709551615");
    return 0;
}
