# package: nasm
# set: quick
# does: macros, 30000 lines, ELF output with debugging information and a listing
# needs: nasm

prepare() {
    awk 'BEGIN {
        print "%macro step 2\n%%again: add eax, %1\n cmp eax, %2\n jl %%again\n%endmacro\nglobal start\nsection .text\nstart:"
        for (i = 0; i < 6000; i++) {
            printf "label%d:\n step %d, %d\n lea rax, [rel text%d]\n", i, i % 100, i, i % 50
            if (i > 100) printf " jz near label%d\n", i - i % 97
        }
        print " ret\nsection .rodata"
        for (i = 0; i < 50; i++) printf "text%d: db \"text %d\", 0\n", i, i
    }' >work.asm
}

run() {
    cp "$IN/work.asm" .
    nasm -f elf64 -g -F dwarf -l listing work.asm -o work.o
}
