# package: poppler-utils
# set: quick
# does: text, pictures and facts out of a PDF of 20 pages
# needs: pdftotext pdftoppm pdfinfo pdftocairo
# prepares-with: gs

prepare() {
    {
        echo '%!PS'
        text 60000 | tr -d '()' | awk '{ if (NR % 45 == 1) { if (NR > 1) print "showpage"; print "/Helvetica findfont 10 scalefont setfont" } printf "50 %d moveto (%s) show\n", 760 - NR % 45 * 16, $0; printf "%f setgray %d %d 30 20 rectfill 0 setgray\n", NR % 10 / 10, NR * 7 % 500, NR * 11 % 700 } END { print "showpage" }'
    } >work.ps
    gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -o work.pdf work.ps
}

run() {
    pdftotext -layout "$IN/work.pdf" text
    pdftoppm -r 50 -png "$IN/work.pdf" page
    pdfinfo "$IN/work.pdf"
    pdftocairo -svg -f 2 -l 2 "$IN/work.pdf" page2.svg
}
