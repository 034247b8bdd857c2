# package: coreutils
# set: quick
# does: 300000 lines with two threads, keys, merges through files; join, uniq, comm, od
# needs: sort join uniq comm

prepare() {
    rows 300000 >rows.csv
}

run() {
    sort --parallel=2 -t, -k4,4 -k3,3n "$IN/rows.csv" >sorted
    sort --parallel=2 -S 1M -T tmp -t, -k2,2r "$IN/rows.csv" | cksum
    sort -t, -k1,1 "$IN/rows.csv" >tmp/by-id
    awk -F, '{ print $3 % 300000 "," $2 }' "$IN/rows.csv" | sort -t, -k1,1 -u >tmp/other
    join -t, tmp/by-id tmp/other | cksum
    cut -d, -f4 sorted | uniq -c | sort -rn | head -n 20
    comm -12 tmp/by-id tmp/other | wc -l
    shuf --random-source="$IN/rows.csv" "$IN/rows.csv" | cksum
}
