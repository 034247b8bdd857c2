# package: guile-3.0
# set: quick
# does: lists, bignums, strings, continuations in the virtual machine
# needs: guile
# note: the Boehm collector maps its own heap; served are GMP's numbers and the C side

prepare() {
    cat >work.scm <<'SCM'
(use-modules (srfi srfi-1) (ice-9 format) (ice-9 regex))
(define (fact n) (if (zero? n) 1 (* n (fact (- n 1)))))
(display (string-length (number->string (fact 3000)))) (newline)
(define table (make-hash-table))
(do ((i 0 (+ i 1))) ((= i 100000)) (hash-set! table (string-append "k" (number->string (modulo (* i 7919) 30011))) i))
(display (hash-count (const #t) table)) (newline)
(display (fold + 0 (hash-map->list (lambda (k v) v) table))) (newline)
(define (generate n) (call/cc (lambda (k) (if (> n 10) (k (* n 2)) n))))
(display (fold (lambda (n sum) (+ sum (generate n))) 0 (iota 20000))) (newline)
(display (expt 7 500)) (newline)
(display (exact->inexact (/ (fact 200) (fact 198)))) (newline)
(display (string-length (regexp-substitute/global #f "[aeiou]" (string-concatenate (make-list 100 "banana split ")) 'pre "*" 'post))) (newline)
SCM
}

run() {
    guile --no-auto-compile -s "$IN/work.scm"
}
