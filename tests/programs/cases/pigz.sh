# package: pigz
# set: quick
# does: 12 MB with two threads at levels 6 and 11, and back
# needs: pigz

prepare() {
    text 12000000 >prose
}

run() {
    pigz -n -p 2 -c "$IN/prose" >prose.gz
    pigz -dc prose.gz | cksum
    head -c 300000 "$IN/prose" | pigz -n -11 -p 2 | pigz -d | cksum
}
