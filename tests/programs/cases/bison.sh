# package: bison flex
# set: quick
# does: generates an LALR and a GLR parser and a scanner
# needs: bison flex

prepare() {
    {
        echo '%token NUMBER'
        awk 'BEGIN { for (i = 0; i < 120; i++) printf "%%token T%d\n%%left O%d\n", i, i }'
        printf '%%code { int yylex(void); void yyerror(const char *); }\n%%%%\nall: s | all s;\ns: e '"';'"' ;\n'
        awk 'BEGIN { printf "e: NUMBER | \047(\047 e \047)\047"; for (i = 0; i < 120; i++) printf "\n | e O%d e | T%d e T%d { $$ = $2; }", i, i, (i * 7) % 120; print "\n;\n%%" }'
    } >grammar.y
    {
        printf '%%option noyywrap\n%%%%\n[0-9]+ return 1;\n[ \\t\\n] ;\n'
        awk 'BEGIN { for (i = 0; i < 300; i++) printf "\"keyword%d\"[a-f]*%d return %d;\n", i * 7919 % 1009, i % 7, i + 2 }'
        printf '.  return 0;\n%%%%\n'
    } >scanner.l
}

run() {
    cp "$IN/grammar.y" "$IN/scanner.l" .
    bison -v --warnings=none -o parser.c grammar.y
    sed '1i %glr-parser' grammar.y >glr.y
    bison --warnings=none -o glr.c glr.y
    flex -o scanner.c scanner.l
}
