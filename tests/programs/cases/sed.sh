# package: sed
# set: quick
# does: substitutions with groups, hold space, branches, in place
# needs: sed

prepare() {
    text 2500000 >prose
}

run() {
    sed -E 's/\b(\w)(\w+)\b/\2\1/g; /^.{80}/{s/.*/<&>/;h}; $G' "$IN/prose" >first
    sed -n -e '1!G;h;20q' -e '$!d' -e p "$IN/prose"
    sed ':a;N;200!ba;s/\n/ /g' "$IN/prose" | cksum
    cp "$IN/prose" second
    sed -i.old -e '/e$/d' -e 'y/abc/xyz/' second
}
