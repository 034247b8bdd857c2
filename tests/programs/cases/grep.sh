# package: grep
# set: quick
# does: fixed strings, extended and Perl expressions, back-references, 5000 patterns
# needs: grep

prepare() {
    text 4000000 >prose
    rows 5000 | cut -d, -f2 >patterns
}

run() {
    grep -c -E '(ea|oi|tt).*[^aeiou]{3,}' "$IN/prose"
    grep -n -P '(?<=\b)(\w)\w*\1\b.*(?!e)\w{12}$' "$IN/prose" | cksum
    grep -c -E '\b(..)\1\b' "$IN/prose" || true
    grep -c -f "$IN/patterns" "$IN/patterns"
    grep -o -i -w 'e[a-z]*t' "$IN/prose" | sort | uniq -c | sort -rn | head -n 20
}
