# package: ripgrep
# set: quick
# does: 800 files with two threads, Unicode and PCRE2 expressions (Rust)
# needs: rg

prepare() {
    mkdir files
    text 8000000 | split -a 3 -b 10000 - files/part-
}

run() {
    cd "$IN"
    rg -j2 --sort path -c 'e\w+[^aeiou]{4}' files | cksum
    # Two threads print in the order in which they end.
    rg -j2 -n -i '\b(\p{L})\w*t\b' files | sort | cksum
    rg -j2 --stats -q 'zz' files | grep -v seconds || true
}
