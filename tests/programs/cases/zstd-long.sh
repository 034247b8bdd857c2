# package: zstd xz-utils
# set: slow
# does: 60 MB at zstd -10 --long with two threads, level 19, and xz -T2, and back
# needs: zstd xz

prepare() {
    text 30000000 >half
    cat half half >prose
}

run() {
    zstd -q -T2 -10 --long=26 -c "$IN/prose" >tmp/a.zst
    zstd -q -dc tmp/a.zst | cksum
    head -c 3000000 "$IN/prose" | zstd -q -19 -T2 >b.zst
    head -c 8000000 "$IN/prose" | xz -T2 -3 >c.xz
    xz -dc c.xz | cksum
}
