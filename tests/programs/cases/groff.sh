# package: groff-base
# set: quick
# does: long text with tables and equations to PostScript and plain text
# needs: groff tbl eqn
# note: frees blocks of malloc by delete[], which Loam would name
# options: on_mismatched_free=ignore

prepare() {
    {
        printf '.TH TEST 7 2024-01-01\n.SH NAME\ntest \\- a test\n'
        text 300000 | awk '{ if (NR % 50 == 1) print ".SH SECTION " NR; if (NR % 7 == 0) print ".PP"; if (NR % 9 == 0) print ".B bold " NR; print }'
        printf '.TS\nallbox;\nl c r.\n'
        rows 300 | tr , '\t' | cut -f1-3
        printf '.TE\n.EQ\nsum from {i=0} to inf {x sup i over {i !}} = e sup x\n.EN\n'
    } >work.7
}

run() {
    groff -t -e -man -Tutf8 "$IN/work.7" | cksum
    # The time of making is in the comments.
    groff -t -e -man -Tps "$IN/work.7" | grep -v '^%%' | cksum
}
