# package: clang
# set: quick
# does: compiles a generated C file of 250 functions at -O2 -g, links, runs it
# needs: clang

prepare() {
    c_source 250 >large.c
}

run() {
    cp "$IN/large.c" .
    clang -O2 -g -c large.c -o large.o
    clang large.o -o large
    ./large
}
