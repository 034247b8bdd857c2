#!/usr/bin/env bash
# libloam-check.so exports a wrapper for each name of src/check/wraps.def, its own code calls none of them, and real
# programs do with it what they do without.
#
# ctest-builds: release clang
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
so=$LOAM_BUILD/libloam-check.so
failed=0

problem() {
    echo "FAILED: $*"
    failed=1
}

sed -nE 's/^WRAP[_A-Z]*\((\w+)[,)].*/\1/p' "$LOAM_SRC/src/check/wraps.def" | sort >"$scratch/wraps"
nm -D --defined-only "$so" | awk '{ print $3 }' | sort >"$scratch/exported"
comm -23 "$scratch/wraps" "$scratch/exported" >"$scratch/missing"
[ -s "$scratch/wraps" ] || problem "no name could be read from wraps.def"
[ ! -s "$scratch/missing" ] || problem "not exported: $(tr '\n' ' ' <"$scratch/missing")"

# What the linker was given: no relocation may lead to a wrapper.
readelf -rW "$LOAM_BUILD/check_renamed.o" | awk '$3 ~ /^R_/ { print $5 }' | sort -u >"$scratch/called"
grep -qx lm_plain_memset "$scratch/called" || problem "the heap's own calls of memset weren't renamed"
comm -12 "$scratch/wraps" "$scratch/called" >"$scratch/own"
[ ! -s "$scratch/own" ] || problem "the library's own code calls: $(tr '\n' ' ' <"$scratch/own")"

# same NAME COMMAND...: with the same output and status, and without a finding but leaks, which programs do have.
same() {
    local name=$1 plain=0 checked=0
    shift
    command -v "$1" >/dev/null || return 0
    mkdir -p "$scratch/$name"
    "$@" >"$scratch/plain" 2>"$scratch/plain.err" </dev/null || plain=$?
    LD_PRELOAD=$so LOAM_OPTIONS=check_to=$scratch/$name:leaks=0 "$@" >"$scratch/checked" 2>"$scratch/checked.err" </dev/null ||
        checked=$?
    [ "$plain" = "$checked" ] || problem "$name ends with $checked, not $plain"
    cmp "$scratch/plain" "$scratch/checked" || problem "$name prints something else"
    cmp "$scratch/plain.err" "$scratch/checked.err" || problem "$name says something else"
    if grep -h '^finding' "$scratch/$name"/*; then
        problem "$name has findings"
    fi
}

same sort sort -f "$LOAM_SRC/README.md"
same sed sed -n 's/\([a-z]*\)/<\1>/gp' "$LOAM_SRC/README.md"
# shellcheck disable=SC2016
same awk awk '{ n[$1] += length($0) } END { for (k in n) print k, n[k] | "sort" }' "$LOAM_SRC/README.md"
same grep grep -rn -i include "$LOAM_SRC/src/heap"
# shellcheck disable=SC2016
same bash bash -c 'for i in {1..500}; do x="$x$i,"; done; printf "%s %05d %q\n" "${x//1/y}" 5 "a b"; read -r l </etc/passwd; echo "$l"'
# shellcheck disable=SC2016
same perl perl -MPOSIX -e 'my %h = map { ("k$_", $_ * 2) } 1 .. 5000; print join(",", map { "$_=$h{$_}" } sort keys %h), "\n";
    printf "%s %.3f %5d\n", "abc", 3.14159, 42; print strftime("%Y-%m-%d", gmtime 0), "\n"'
same python python3 -c 'import json, re, os, locale, time
print(json.dumps(list(range(500))), re.sub("a+", "b", "caaat"), os.path.realpath("/usr/bin/../lib"), float("1e5"))
print(locale.strxfrm("abc"), time.strftime("%Y", time.gmtime(0)))'
same sqlite sqlite3 :memory: "create table t(a, b); with recursive c(x) as (select 1 union all select x + 1 from c where x < 2000)
    insert into t select x, printf('%d-%s', x, hex(x)) from c; create index i on t(b);
    select * from t where b like '19%' order by b desc; select group_concat(b) from t;"
same compiler cc -S -O2 -o - "$LOAM_SRC/src/base/text.c" "-I$LOAM_SRC/src" "-I$LOAM_SRC/include" -D_GNU_SOURCE=
same git git -C "$LOAM_SRC" --version
echo "$(wc -l <"$scratch/wraps") wrappers"
exit "$failed"
