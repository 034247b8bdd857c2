# package: diffutils patch
# set: quick
# does: unified and side-by-side differences of long files, applied with patch, three-way merge
# needs: diff patch diff3 cmp

prepare() {
    text 3000000 >a
    awk 'NR % 97 { print } NR % 53 == 0 { print "new " NR }' a >b
    awk 'NR % 211 { print }' a >c
}

run() {
    diff -u --label a --label b "$IN/a" "$IN/b" >ab.diff || echo "differs: $?"
    cp "$IN/a" patched
    patch -s patched ab.diff
    cmp patched "$IN/b" && echo patched
    diff3 -m "$IN/b" "$IN/a" "$IN/c" >merged || echo "conflicts: $?"
    diff -y -W 160 --suppress-common-lines "$IN/b" "$IN/c" | cksum
}
