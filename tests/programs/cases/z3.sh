# package: z3
# set: quick
# does: bit vectors, arithmetic, arrays and quantifiers (C++, millions of small blocks)
# needs: z3

prepare() {
    cat >bits.smt2 <<'SMT'
(set-logic QF_BV)
(declare-const a (_ BitVec 16)) (declare-const b (_ BitVec 16))
(assert (= (bvmul ((_ zero_extend 16) a) ((_ zero_extend 16) b)) (_ bv4292870399 32)))
(assert (bvult a b)) (assert (bvugt a (_ bv1 16)))
(check-sat) (get-model)
SMT
    {
        echo '(set-logic QF_UFLIA)'
        for i in 1 2 3 4 5 6 7 8; do echo "(declare-const q$i Int) (assert (and (>= q$i 1) (<= q$i 8)))"; done
        echo '(assert (distinct q1 q2 q3 q4 q5 q6 q7 q8))'
        for i in 1 2 3 4 5 6 7; do for j in $(seq $((i + 1)) 8); do
            echo "(assert (and (not (= (- q$i q$j) $((j - i)))) (not (= (- q$j q$i) $((j - i))))))"
        done; done
        echo '(check-sat) (get-value (q1 q2 q3 q4 q5 q6 q7 q8))'
    } >queens.smt2
    cat >arrays.smt2 <<'SMT'
(declare-const m (Array Int Int)) (declare-fun f (Int) Int)
(assert (forall ((x Int)) (=> (and (<= 0 x) (< x 20)) (< (select m x) (select m (+ x 1))))))
(assert (= (select m 0) 5)) (assert (< (select m 20) 25))
(check-sat)
SMT
}

run() {
    for problem in bits queens arrays; do
        z3 "$IN/$problem.smt2"
    done
}
