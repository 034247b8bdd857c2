# package: bash
# set: quick
# does: arrays, expansions, here-documents, pipelines, many forks
# needs: bash

prepare() {
    text 60000 >prose
    cat >work.bash <<'BASH'
declare -A n
while read -ra words; do
    for w in "${words[@]}"; do ((n[$w]++)); done
done <"$1"
for w in "${!n[@]}"; do echo "${n[$w]} $w"; done | sort -rn | head -n 10
list=()
for ((i = 0; i < 30000; i++)); do list+=("item $i ${i//1/one}"); done
joined=$(printf '%s,' "${list[@]}")
echo "${#joined} ${joined:1000:40}"
text=$(<"$1")
echo "${#text}" "$(echo "${text//e/E}" | cksum)"
for i in {1..150}; do (echo "$i" | { read -r x; echo $((x * x)); }); done | cksum
cat <(seq 1000) <(printf '%s\n' "${list[@]:10:20}") <<<"here" | cksum
f() { (($1 == 0)) || { local a="$1$1$1"; f $(($1 - 1)); }; }
f 2000 && echo deep
BASH
}

run() {
    bash "$IN/work.bash" "$IN/prose"
}
