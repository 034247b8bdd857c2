# package: vim
# set: quick
# does: batch: substitutions, global commands, sorting, undo, macros, syntax to HTML, vim script
# needs: vim

prepare() {
    text 400000 >prose
    c_source 8 >code.c
    cat >work.vim <<'VIM'
set nocompatible nomore
%s/\v<(\w)(\w*)>/\2\1/ge
g/^e/m0
g/ing/normal @="Ahello\e"
1,2000sort
earlier 3
later 3
let words = {}
for line in getline(1, 800)
  for w in split(line)
    let words[w] = get(words, w, 0) + 1
  endfor
endfor
call append(0, map(sort(items(words))[:50], {_, v -> v[0] .. ' ' .. v[1]}))
write! edited
edit! $IN/code.c
syntax on
runtime syntax/2html.vim
write! code.html
qall!
VIM
}

run() {
    # Swap and history files name the process and the time.
    vim -N -u NONE -i NONE -n -es -S "$IN/work.vim" "$IN/prose"
}
