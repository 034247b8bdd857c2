# package: librsvg2-bin
# set: quick
# does: SVG with gradients, filters, text and 1500 paths to PNG (Rust, GLib, Cairo, Pango)
# needs: rsvg-convert

prepare() {
    awk 'BEGIN {
        print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"600\"><defs><linearGradient id=\"g\"><stop offset=\"0\" stop-color=\"red\"/><stop offset=\"1\" stop-color=\"blue\"/></linearGradient><filter id=\"f\"><feGaussianBlur stdDeviation=\"4\"/><feOffset dx=\"3\" dy=\"3\"/></filter></defs>"
        for (i = 0; i < 1500; i++)
            printf "<path d=\"M%d %d q %d %d %d %d z\" fill=\"url(#g)\" fill-opacity=\"0.%d\" stroke=\"#%03x\"/>\n", i * 7 % 800, i * 13 % 600, i % 90, i % 50, i % 70, -(i % 40), i % 10, i
        for (i = 0; i < 40; i++)
            printf "<text x=\"%d\" y=\"%d\" transform=\"rotate(%d)\" font-size=\"20\">text %d</text>\n", i * 15, i * 14, i % 9, i
        for (i = 0; i < 8; i++)
            printf "<circle cx=\"%d\" cy=\"300\" r=\"60\" filter=\"url(#f)\" fill=\"url(#g)\"/>\n", i * 100
        print "</svg>"
    }' >work.svg
}

run() {
    rsvg-convert -o picture.png "$IN/work.svg"
    rsvg-convert -z 0.3 -o small.png "$IN/work.svg"
    rsvg-convert -f ps -o tmp/picture.ps "$IN/work.svg"
    # The time of making is in the file's comments.
    grep -v '^%' tmp/picture.ps | cksum
}
