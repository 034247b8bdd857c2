# package: clang
# set: slow
# does: compiles a generated file of 3000 functions, about 110000 lines, at -O2 -g
# needs: clang

prepare() {
    c_source 3000 >large.c
}

run() {
    cp "$IN/large.c" .
    clang -O2 -g -c large.c -o large.o
    clang large.o -o large
    ./large
}
