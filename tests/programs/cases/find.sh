# package: findutils
# set: quick
# does: 6000 files by name, size and expression, handed to xargs with two processes
# needs: find xargs

prepare() {
    for i in $(seq 60); do
        mkdir -p "d$((i % 7))/e$i"
        (cd "d$((i % 7))/e$i" && seq 100 | xargs -I{} sh -c 'echo {} >f{}.$(({} % 3))' 2>/dev/null)
    done
}

run() {
    cd "$IN"
    find . -name '*.1' -size -2 -printf '%p %s\n' | sort | cksum
    find . -type f -print0 | sort -z | xargs -0 -n 200 cksum | cksum
    find . -type f -print0 | xargs -0 -P 2 -n 500 grep -l 7 | sort | cksum
}
