# package: p7zip-full
# set: quick
# does: LZMA2, PPMd and zip archives with two threads, listed, tested, unpacked
# needs: 7z

prepare() {
    mkdir files
    text 3000000 | split -b 100000 - files/part-
    touch -d '2024-01-01 00:00:00Z' files files/*
}

run() {
    # It prints the machine's processor.
    7z a -bd -mmt=2 -mx=5 first.7z "$IN/files" >tmp/log
    7z a -bd -m0=PPMd second.7z "$IN/files" >tmp/log
    7z a -bd -mmt=2 -tzip third.zip "$IN/files" >tmp/log
    for archive in first.7z second.7z third.zip; do
        7z t "$archive" >tmp/log
        tail -n 6 tmp/log
    done
    7z x -bd -ounpacked first.7z >tmp/log
}
