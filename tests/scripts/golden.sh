#!/usr/bin/env bash
# Instructions of one malloc and one free of a small block on the warm fast path, counted by callgrind.
# A pair may take 60; and any change against tests/golden/fast_path.txt fails, so that it is seen.
# After a change that is meant:  LOAM_BUILD=build LOAM_SRC=. bash tests/scripts/golden.sh --write
#
# ctest-builds: release
# ctest-timeout: 300
set -euo pipefail

golden=$LOAM_SRC/tests/golden/fast_path.txt
most_for_a_pair=60
entries=(malloc free _Znwm _ZdlPv)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

command -v valgrind >/dev/null || {
    echo "skipped: callgrind (Debian: valgrind) isn't there"
    exit 77
}

# costs NAME FOLDER: what was executed from each call's mark to the next, one number a line.
costs() {
    mkdir "$scratch/$2"
    LD_PRELOAD=$LOAM_BUILD/libloam.so valgrind --tool=callgrind --dump-before=mark \
        --callgrind-out-file="$scratch/$2/out" "$scratch/fast_path" "$1" >"$scratch/log" 2>&1 || {
        cat "$scratch/log"
        echo "FAILED: callgrind on $1"
        exit 1
    }
    # The first dump is what came before the first mark, the last what came after the last one.
    (cd "$scratch/$2" && printf '%s\n' out.* | sort -t. -k2n | sed '1d' |
        xargs sed -n 's/^totals: //p')
}

# usual: the most frequent of the numbers on standard input. The fast path is what most calls take.
usual() {
    sort -n | uniq -c | sort -k1,1nr -k2,2n | awk 'NR == 1 { print $2 }'
}

# What the numbers depend on besides the code.
conditions() {
    local vectors=narrow
    if grep -qw avx2 /proc/cpuinfo; then
        vectors=wide
    fi
    echo "$(uname -m), $vectors vectors, gcc $(gcc -dumpfullversion)"
}

gcc -O2 -g -D_GNU_SOURCE -fno-builtin -o "$scratch/fast_path" "$LOAM_SRC/tests/golden/fast_path.c"

# `nothing` is one instruction; all others are measured against it.
costs nothing nothing >"$scratch/nothing.costs"
around=$(($(usual <"$scratch/nothing.costs") - 1))

# count_all SUFFIX: a line for each entry, its name with the suffix.
count_all() {
    for entry in "${entries[@]}"; do
        costs "$entry" "$entry$1" >"$scratch/$entry$1.costs"
        echo "$entry$1 $(($(usual <"$scratch/$entry$1.costs") - around))"
    done
}

{
    echo "# Instructions of one call on the warm fast path, the return included; a block of 48 bytes."
    echo "# Written by tests/scripts/golden.sh --write, with: $(conditions)"
    echo "# At the default level, and with its canary and clearing switched off."
    # Chance is no part of the fast path, but of which call takes it.
    LOAM_OPTIONS=random=off:guards=off:sample=0 count_all ""
    LOAM_OPTIONS=random=off:guards=off:sample=0:canary=off:clear=off count_all -plain
} >"$scratch/now.txt"

grep -v '^#' "$scratch/now.txt"
for costs in "$scratch"/*.costs; do
    awk -v around="$around" -v name="$(basename "$costs" .costs)" '{ sum += $1 - around } END {
        printf "%s: %.1f on average, the slow path included\n", name, sum / NR }' "$costs"
done

if [ "${1:-}" = --write ]; then
    cp "$scratch/now.txt" "$golden"
    echo "written: $golden"
fi

failed=0
count() {
    awk -v name="$1" '$1 == name { print $2 }' "$scratch/now.txt"
}
pair=$(($(count malloc-plain) + $(count free-plain)))
echo "a pair of malloc and free, canary and clearing apart: $pair instructions; at most $most_for_a_pair"
if [ "$pair" -gt "$most_for_a_pair" ]; then
    echo "FAILED: too many"
    failed=1
fi
if [ "$(sed -n 2p "$golden")" != "$(sed -n 2p "$scratch/now.txt")" ]; then
    echo "not compared with tests/golden/fast_path.txt, which was made with another compiler or processor"
elif ! diff "$golden" "$scratch/now.txt"; then
    echo "FAILED: the fast path has changed (< was, > is now). If that is meant, write it down:"
    echo "    LOAM_BUILD=build LOAM_SRC=. bash tests/scripts/golden.sh --write"
    failed=1
fi
exit "$failed"
