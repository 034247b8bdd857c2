# package: gcc
# set: slow
# does: compiles a generated file of 1500 functions, 36000 lines, at -O1 -g
# needs: gcc

prepare() {
    c_source 1500 >large.c
}

run() {
    cp "$IN/large.c" .
    gcc -O1 -g -c large.c -o large.o
    gcc large.o -o large
    ./large
}
