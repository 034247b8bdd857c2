# package: bc
# set: quick
# does: pi to 900 digits, a factorial, square roots, primes
# needs: bc

prepare() {
    cat >work.bc <<'BC'
scale = 900
4 * a(1)
sqrt(2)
e(1)
scale = 0
define f(n) { if (n < 2) return (1); return (n * f(n - 1)); }
f(900)
for (i = 3; i < 4000; i += 2) { p = 1; for (j = 3; j * j <= i; j += 2) if (i % j == 0) { p = 0; break; }; if (p) s += i; }
s
2 ^ 9000 % 1000000007
BC
}

run() {
    bc -l "$IN/work.bc" </dev/null
}
