# package: xz-utils
# set: quick
# does: 6 MB with two threads, back again, and once with -9e
# needs: xz

prepare() {
    text 6000000 >prose
}

run() {
    xz -T2 --block-size=1MiB -c "$IN/prose" >prose.xz
    xz -T2 -dc prose.xz | cksum
    head -c 500000 "$IN/prose" | xz -9e | xz -d | cksum
    xz -l prose.xz
}
