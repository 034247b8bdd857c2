# package: jq
# set: quick
# does: groups, paths, reductions and regular expressions over 40000 JSON objects
# needs: jq

prepare() {
    rows 40000 | awk -F, '{ printf "{\"id\":%d,\"name\":\"%s\",\"number\":%d,\"tags\":[\"%s\",\"t%d\"],\"deep\":{\"a\":{\"b\":%d}}}\n", $1, $2, $3, $4, $1 % 9, $3 % 77 }' >rows.json
}

run() {
    jq -s -c 'group_by(.tags[0]) | map({tag: .[0].tags[0], n: length, sum: (map(.number) | add)}) | sort_by(-.sum) | .[:20]' "$IN/rows.json"
    jq -c 'select(.name | test("7+$")) | .deep.a.b += 1 | del(.tags) | to_entries | map(.key + "=" + (.value | tostring)) | join(";")' "$IN/rows.json"
    jq -n 'reduce inputs as $r ({}; .[$r.tags[1]] += $r.number)' "$IN/rows.json"
    jq -n '[limit(3000; recurse(. + 1; . < 5000))] | map(tostring) | join(",") | length' <<N
1
N
}
