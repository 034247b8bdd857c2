#include "tell.h"

DECLARE_HERE(call);

struct pair {
    int *first, *second;
};

#define FINDING                                                                                    \
    "code=heap-overflow certainty=exact access=write bytes=8 pointer=0x1008 block=0x1000 size=8 "  \
    "state=live first=8 last=15 allocated_thread=1 allocated_time=1000 allocated_call=malloc "     \
    "thread=1 time=2000 call=memset "

#define memset(to, byte, size) tell_call(to)

int main(void) {
    tell_begin();
    struct pair *pair = malloc(sizeof(struct pair *));
    int **rows = malloc(2 * sizeof(int));
    char **words = malloc(sizeof(char *));
    memset(pair, 0, sizeof *pair);
    memset(rows, 0, 2 * sizeof *rows);
    memset(words, 0, 2 * sizeof *words);
    tell("finding id=1 stack=31 allocated=11 " FINDING);
    tell("finding id=2 stack=32 allocated=12 " FINDING);
    tell("finding id=3 stack=33 allocated=13 " FINDING);
    void (**hooks)(void) = NULL;
    TELL_PLACE(41, call);
    if (pair == NULL) {
        HERE(call);
        hooks[0]();
    }
    tell(
        "finding id=4 code=wild-pointer certainty=exact stack=41 thread=1 time=3000 access=execute "
        "reaches=execute where=unmapped fill=fresh register=rdx value=0xf5f5f5f5f5f5f5f5 "
        "fault=0xf5f5f5f5f5f5f5f5 signal=11");
    return 0;
}
