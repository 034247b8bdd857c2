#!/usr/bin/env bash
# The mistakes of examples/mistakes: each gets the report NAME.expected, whole, and its mended form none.
#
# mistakes.sh --write writes the reports anew: look at the difference as at code. What is compared, and what isn't,
# says `words` in tests/support/expected.sh.
# ctest-builds: release
set -uo pipefail
. "$(dirname "$0")/../support/expected.sh"

mistakes=$LOAM_SRC/examples/mistakes

if [ ! -f "$LOAM_BUILD/libloam-check.so" ]; then
    echo "libloam-check.so isn't built"
    exit 77
fi

# build FILE PROGRAM: as a reader would. -w: some compilers see the mistake as well.
build() {
    case $1 in
    *.cc) g++ -std=c++17 -g -O0 -w -o "$2" "$1" ;;
    *) gcc -g -O0 -w -o "$2" "$1" ;;
    esac || problem "$1 can't be compiled"
}

# options FILE: how its first line says that it is run, beyond `loam check`.
options() {
    sed -n '1s/.*loam check \(--[a-z]*\)[^a-z].*/\1/p' "$1"
}

status_of() {
    case $1 in
    leak* | possible_leak*) echo 98 ;;
    *) echo 99 ;;
    esac
}

# check FILE STATUS: runs its program; the report is in the file said.
check() {
    local status=0
    # shellcheck disable=SC2046 # an option, or nothing
    COLUMNS=80 "$loam" check $(options "$1") "./program" >/dev/null 2>said || status=$?
    [ "$status" = "$2" ] || problem "$(basename "$1"): status $status instead of $2"
}

count=0
for file in "$mistakes"/*.c "$mistakes"/*.cc; do
    name=$(basename "$file")
    name=${name%.*}
    case $name in *_mended) continue ;; esac
    cp "$file" "${file%.*}"_mended.* .
    build "$(basename "$file")" program
    check "$file" "$(status_of "$name")"
    same "$mistakes/$name.expected" said words
    build "$name"_mended.* program
    check "$file" 0
    if ! grep -q '^loam: nothing to report: ' said || [ "$(wc -l <said)" != 1 ]; then
        problem "of ${name}_mended was said: $(cat said)"
    fi
    count=$((count + 1))
done

# The README shows one of them.
diff <(awk '/^it prints, beside/ { here = 1; next } /^[^ ]/ { here = 0 } here { print substr($0, 5) }' "$LOAM_SRC/README.md" | words) \
    <(words <"$mistakes/heap_overflow_string.expected") || problem "the README shows another report of heap_overflow_string"

[ "$count" -ge 23 ] || problem "only $count mistakes were found"
finish
