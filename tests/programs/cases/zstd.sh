# package: zstd
# set: quick
# does: 24 MB with -T2, long matches, level 19, a trained dictionary
# needs: zstd

prepare() {
    text 12000000 >half
    cat half half >prose
    split -b 4000 -a 4 half part-
}

run() {
    zstd -q -T2 -B1M -c "$IN/prose" >prose.zst
    zstd -q -dc prose.zst | cksum
    zstd -q -T2 --long=27 -6 -c "$IN/prose" | wc -c
    head -c 1000000 "$IN/prose" | zstd -q -19 | zstd -q -dc | cksum
    zstd -q --train "$IN"/part-aa* -o dictionary --maxdict=20000
    zstd -q -D dictionary -c "$IN/part-aaab" >part.zst
}
