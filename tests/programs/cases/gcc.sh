# package: gcc
# set: quick
# does: compiles a generated C file of 250 functions at -O2 -g, assembles, links, runs it
# needs: gcc as ld

prepare() {
    c_source 250 >large.c
}

run() {
    cp "$IN/large.c" .
    gcc -O2 -g -c large.c -o large.o
    gcc large.o -o large
    ./large
}
