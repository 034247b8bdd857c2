# package: rsync
# set: quick
# does: copies a tree, then sends only differences, with checksums, compression, deletion
# needs: rsync

prepare() {
    mkdir -p old new
    text 4000000 | split -a 3 -b 4000 - old/part-
    cp old/* new
    for f in new/*a; do sed -i '5s/.*/changed/' "$f"; done
    rm new/*c
    find . -exec touch -d '2024-01-01 00:00:00Z' {} +
}

run() {
    rsync -a "$IN/old/" copy/
    # Rates and times are measurements, and bytes on the wire hold a random checksum seed.
    rsync -acz --no-whole-file --delete --itemize-changes --checksum-seed=7 "$IN/new/" copy/
}
