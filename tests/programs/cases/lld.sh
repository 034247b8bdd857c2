# package: lld clang
# set: slow
# does: links 40 objects with debugging information, two threads, folding, thin LTO
# needs: ld.lld clang

prepare() {
    for i in $(seq 40); do
        c_source $((8 + i % 12)) | sed -e "s/\\bf\\([0-9]\\)/p${i}_f\\1/g" -e "s/\\bmain\\b/main$i/" >"p$i.c"
    done
    {
        seq -f 'int main%g(void);' 40
        echo 'int main(void) { int sum = 0;'
        seq -f 'sum += main%g();' 40
        echo 'return sum; }'
    } >all.c
}

run() {
    mkdir tmp/objects
    (cd tmp/objects && clang -O1 -g -c "$IN"/*.c)
    clang -fuse-ld=lld -Wl,--threads=2,--icf=all,--gc-sections,-O2 -o linked tmp/objects/*.o
    ./linked | cksum
    (cd tmp/objects && clang -O1 -flto=thin -c "$IN"/*.c)
    clang -fuse-ld=lld -flto=thin -Wl,--threads=2,--thinlto-jobs=2 -o thin tmp/objects/*.o
    ./thin | cksum
}
