# package: gawk
# set: quick
# does: associative arrays, sorting, regular expressions, string building
# needs: gawk

prepare() {
    rows 150000 >rows.csv
    text 1000000 >prose
}

run() {
    gawk -F, '{ n[$4] += $3; first[$2] = first[$2] $1 ";" } END { PROCINFO["sorted_in"] = "@val_num_desc"; for (w in n) print w, n[w]; print length(first), length(first["name17"]) }' "$IN/rows.csv"
    gawk '{ for (i = 1; i <= NF; i++) { gsub(/[aeiou]+/, "[&]", $i); c[$i]++ } } END { k = asorti(c, s); for (i = 1; i <= k; i += 100) print s[i], c[s[i]] }' "$IN/prose"
}
