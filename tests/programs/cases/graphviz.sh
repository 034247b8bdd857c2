# package: graphviz
# set: quick
# does: layouts dot, neato, fdp, circo of generated graphs to SVG and text
# needs: dot neato fdp circo

prepare() {
    awk 'BEGIN { print "digraph g {"; for (i = 1; i < 90; i++) printf "n%d -> n%d [label=\"edge %d\"]; n%d -> n%d;\n", i, i * 7 % 97, i, i % 31, i; print "}" }' >large.dot
    awk 'BEGIN { print "graph g {"; for (i = 1; i < 60; i++) printf "n%d -- n%d;\n", i, int(i / 2); print "}" }' >tree.dot
}

run() {
    dot -Tsvg "$IN/large.dot" -o large.svg
    dot -Tplain "$IN/large.dot"
    for layout in neato fdp circo; do
        "$layout" -Tsvg "$IN/tree.dot" -o "$layout.svg"
    done
}
