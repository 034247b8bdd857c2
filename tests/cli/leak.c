#include "tell.h"

struct person {
    char *name;
};

static struct person *new_person(void) {
    struct person *person = malloc(sizeof *person);
    person->name = malloc(20);
    return person;
}

static void load(int depth) {
    if (depth > 0)
        load(depth - 1);
    else
        new_person();
}

int main(void) {
    tell_begin();
    load(20);
    tell("finding id=1 code=leak certainty=exact size=28 blocks=1 indirect_blocks=1 "
         "indirect_bytes=20 "
         "allocated=11 allocated_call=malloc");
    tell("finding id=2 code=possible-leak certainty=inferred size=1258291 blocks=7 "
         "allocated=12 allocated_call=strdup");
    tell("end status=0");
    return 0;
}
