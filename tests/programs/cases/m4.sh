# package: m4
# set: quick
# does: recursive macros, diversions, regular expressions, long expansions
# needs: m4

prepare() {
    cat >work.m4 <<'M4'
define(`for', `ifelse(eval($2 <= $3), 1, `pushdef(`$1', $2)$4`'popdef(`$1')for(`$1', incr($2), $3, `$4')')')dnl
define(`fib', `ifelse(eval($1 < 2), 1, $1, `eval(fib(decr($1)) + fib(eval($1 - 2)))')')dnl
for(`i', 1, 1500, `define(`name'i, `value 'i)')dnl
for(`i', 1, 1500, `divert(eval(i % 9))indir(`name'i) patsubst(indir(`name'i), `[0-9]', `<\&>')
')dnl
divert(0)fib(16)
undivert
len(for(`i', 1, 2000, `word i '))
M4
}

run() {
    m4 "$IN/work.m4"
}
