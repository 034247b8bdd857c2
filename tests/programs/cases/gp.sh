# package: pari-gp
# set: quick
# does: factors, elliptic curves, class groups, polynomials, matrices
# needs: gp
# note: most numbers live on PARI's own mapped stack; served are clones, tables and the library

prepare() {
    cat >work.gp <<'GP'
default(nbthreads, 2);
print(factor(2^128+1));
print(factor(10^60+7));
print(ellinit([0,0,1,-1,0]).disc);
print(quadclassunit(-4*10^12-7).cyc);
print(bnfinit(x^3-x-87).cyc);
print(polgalois(x^5-x-1));
print(matdet(matrix(60,60,i,j,(i*j+i^2)%101)));
print(#Str(300!));
print(sum(n=1,200000,isprime(n)));
print(qflll(matrix(12,12,i,j,if(i==j,1,(7*i*j)%13))));
v=vector(20000,i,i*7919%10007); print(vecsum(vecsort(v)[1..100]));
print(factor(nextprime(10^27)*nextprime(3*10^28)));
print(#polroots(x^60-3*x+1));
print(#bnfinit(x^6-x^2-119).fu);
GP
}

run() {
    gp -q -f "$IN/work.gp" </dev/null
}
