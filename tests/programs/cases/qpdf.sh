# package: qpdf
# set: quick
# does: linearises, splits, merges, encrypts and checks a PDF, prints it as JSON
# needs: qpdf
# prepares-with: gs

prepare() {
    {
        echo '%!PS'
        text 200000 | tr -d '()' | awk '{ if (NR % 45 == 1) { if (NR > 1) print "showpage"; print "/Helvetica findfont 10 scalefont setfont" } printf "50 %d moveto (%s) show\n", 760 - NR % 45 * 16, $0 } END { print "showpage" }'
    } >work.ps
    gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -o work.pdf work.ps
}

run() {
    qpdf --deterministic-id --linearize "$IN/work.pdf" linear.pdf
    qpdf --deterministic-id --split-pages=10 linear.pdf part.pdf
    qpdf --deterministic-id --empty --pages part-*.pdf -- merged.pdf
    qpdf --deterministic-id --qdf --object-streams=disable merged.pdf open.pdf
    qpdf --json merged.pdf | cksum
    # Encrypting takes random bytes.
    qpdf --encrypt a b 256 -- merged.pdf tmp/secret.pdf
    qpdf --password=b --check tmp/secret.pdf
}
