# package: tar
# set: quick
# does: 2000 files packed with gzip, listed, changed, packed incrementally, unpacked
# needs: tar gzip

prepare() {
    mkdir files
    text 3000000 | split -a 3 -b 1500 - files/part-
    find . -exec touch -d '2024-01-01 00:00:00Z' {} +
}

run() {
    fixed='--sort=name --owner=0 --group=0 --numeric-owner --format=pax --pax-option=delete=atime,delete=ctime'
    tar $fixed -C "$IN" -cf files.tar files
    tar -tvf files.tar
    gzip -n -9 -c files.tar >files.tar.gz
    mkdir again
    tar -C again -xzf files.tar.gz
    tar --transform='s/part-\(.*\)/\1.part/' --exclude='*aa*' $fixed -C again -cf renamed.tar files
    tar -df files.tar -C again
}
