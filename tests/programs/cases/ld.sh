# package: binutils
# set: quick
# does: links 300 objects with debugging sections and a library, --gc-sections, with map
# needs: ld as ar nm objdump readelf strip c++filt
# arch: x86_64

prepare() {
    for i in $(seq 300); do
        {
            printf '.section .text.f%d,"ax"\n.globl f%d\nf%d:\n' "$i" "$i" "$i"
            for j in 1 2 3 5 8 13; do
                [ $((i + j)) -gt 300 ] || printf ' lea f%d(%%rip), %%rcx\n' $((i + j))
            done
            printf ' lea text%d(%%rip), %%rax\n ret\n' "$i"
            printf '.section .rodata.str1.1,"aMS",@progbits,1\ntext%d: .asciz "string %d"\n' "$i" $((i % 40))
            printf '.section .debug_str,"MS",@progbits,1\n.asciz "debug string number %d"\n' "$i"
        } >"$i.s"
    done
    printf '.globl _start\n_start:\n call f1\n mov $60, %%eax\n xor %%edi, %%edi\n syscall\n' >start.s
}

run() {
    for source in "$IN"/*.s; do
        as -g "$source" -o "tmp/$(basename "$source" .s).o"
    done
    (cd tmp && ar rcsD ../libf.a $(seq -f '%g.o' 300))
    ld --gc-sections --build-id=sha1 -Map=map -o linked tmp/start.o libf.a
    ./linked
    nm linked | sort
    objdump -dr linked | cksum
    readelf -aW linked | cksum
    strip -o stripped linked
    echo _ZNSt6vectorIiSaIiEE9push_backERKi | c++filt
}
