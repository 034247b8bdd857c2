# package: gdb
# set: quick
# does: reads debugging information, breaks, steps, prints structures, backtraces, runs Python
# needs: gdb
# prepares-with: gcc

prepare() {
    cat >bug.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct item { int number; char name[16]; struct item *next; };
static struct item *push(struct item *list, int number) {
    struct item *item = malloc(sizeof *item);
    item->number = number;
    snprintf(item->name, sizeof item->name, "item %d", number);
    item->next = list;
    return item;
}
static int sum(const struct item *list) { return list ? list->number + sum(list->next) : 0; }
int main(void) {
    struct item *list = NULL;
    for (int i = 0; i < 50; i++)
        list = push(list, i);
    printf("%d\n", sum(list));
    abort();
}
C
    gcc -g -O0 bug.c -o bug
    cat >commands <<'GDB'
set pagination off
set width 0
set style enabled off
info functions push
break push if number == 37
run
backtrace
info locals
finish
print *list
delete
break sum if list == 0
continue
backtrace -5
python print(sum(int(f.read_var('list')['number']) for f in (lambda f: iter(lambda: None, None))(0)) if False else gdb.newest_frame().name())
python
n, f = 0, gdb.newest_frame()
while f:
    n, f = n + 1, f.older()
print(n)
end
ptype struct item
continue
info signals SIGABRT
kill
GDB
    sed -i '/^python print/d' commands
}

run() {
    # Addresses in the heap and process numbers are different in every run.
    gdb -nx -batch -x "$IN/commands" "$IN/bug" 2>&1 | sed -E 's/0x[0-9a-f]{6,}/ADDRESS/g; s/(process|Process|LWP) [0-9]+/\1 N/g'
}
