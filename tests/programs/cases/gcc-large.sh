# package: gcc
# set: slow
# does: compiles a generated file of 3000 functions, about 110000 lines, at -O2 -g
# needs: gcc

prepare() {
    c_source 3000 >large.c
}

run() {
    cp "$IN/large.c" .
    gcc -O2 -g -c large.c -o large.o
    gcc large.o -o large
    ./large
}
