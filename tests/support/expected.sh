# Sourced by test scripts: what they have in common that compare what the command prints with files.
#
# Sets loam (the command), scratch (a folder that goes away with the script, and is the current one), failed, and
# write: yes when the script was called with --write, to write the expected files anew.

unset LOAM_OPTIONS LD_PRELOAD LOAM_LIBRARY LOAM_CHECK_LIBRARY NO_COLOR
write=no
[ "${1-}" != --write ] || write=yes
LOAM_SRC=${LOAM_SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
LOAM_BUILD=${LOAM_BUILD:-$LOAM_SRC/build}
loam=$LOAM_BUILD/loam
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
cd "$scratch" || exit 1

problem() {
    echo "FAILED: $*"
    failed=1
}

# same EXPECTED OUT [FILTER]: the file OUT is what the file EXPECTED says, as FILTER shows both.
same() {
    local expected=$1 out=$2 filter=${3:-cat}
    if [ "$write" = yes ]; then
        # What changed only in what the filter takes out stays as it was.
        if [ ! -f "$expected" ] || ! cmp -s <("$filter" <"$expected") <("$filter" <"$out"); then
            cp "$out" "$expected"
        fi
    elif ! diff -u "$expected" "$out" >"$scratch/difference" &&
        ! cmp -s <("$filter" <"$expected") <("$filter" <"$out"); then
        cat "$scratch/difference"
        problem "$(basename "$expected") isn't what is printed"
    fi
}

# The filter for reports of real runs. Three things differ from run to run: times, the numbers of processes, and
# addresses; and the layout with them, since a longer time may move its label to the next line. So times become TIME,
# numbers PID and ADDRESS, frames and white space go, and what is compared is the row of words.
words() {
    sed -E 's/[0-9.]+ (ns|us|ms|s)\b/TIME/g; s/process [0-9]+/process PID/g; s/0x7[0-9a-f]{11}/ADDRESS/g
        s/^ +\|//' | tr -s ' \n' '\n' | sed '/^$/d'
}

# Says how it went, and ends the script.
finish() {
    [ "$failed" = 0 ] && echo "all as expected"
    exit "$failed"
}
