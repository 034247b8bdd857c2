# What the cases share. A case is `cases/NAME.sh`; README.md says what it holds.
#
# Variables a case may use:
#   IN    the folder in which `prepare` worked; `run` only reads it
#   PORT  a free TCP port of 127.0.0.1
# `run` works in a fresh folder. What it leaves there is compared, except for what is below `tmp`.

# text BYTES: prose-like lines, always the same ones.
text() {
    awk -v bytes="$1" '
        function random(n) { seed = (seed * 16807) % 2147483647; return seed % n }
        BEGIN {
            seed = 20240229
            for (i = 0; i < 3000; i++) {
                word = ""
                for (j = 2 + random(9); j > 0; j--)
                    word = word substr("etaoinshrdlucmfwypvbgkqjxz", 1 + random(1 + random(26)), 1)
                words[i] = word
            }
            while (size < bytes) {
                line = words[random(3000)]
                while (length(line) < 70)
                    line = line " " words[random(1 + random(3000))]
                print line
                size += length(line) + 1
            }
        }'
}

# rows N: N lines of "id,name,number,word".
rows() {
    awk -v n="$1" '
        function random(n) { seed = (seed * 16807) % 2147483647; return seed % n }
        BEGIN {
            seed = 1978
            for (i = 1; i <= n; i++)
                printf "%d,name%d,%d,w%d\n", i, random(n), random(1000000), random(500)
        }'
}

# c_source N: a C program of N functions with structures, loops, switches and tables; it prints one number.
c_source() {
    awk -v n="$1" '
        function random(n) { seed = (seed * 16807) % 2147483647; return seed % n }
        BEGIN {
            seed = 1972
            print "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>"
            print "struct node { struct node *next; unsigned key; unsigned char name[24]; };"
            for (i = 0; i < n; i++) {
                printf "static const unsigned table%d[] = {", i
                for (j = 0; j < 32; j++)
                    printf "%uu,", random(100000)
                print "};"
                printf "unsigned f%d(unsigned a, const struct node *list) {\n", i
                printf "    unsigned sum = a ^ %uu, i;\n", random(65536)
                print  "    unsigned char copy[24];"
                printf "    for (i = 0; i < 32; i++)\n        sum = sum * %uu + table%d[(i + a) & 31];\n", 2 * random(5000) + 3, i
                print  "    for (; list != NULL; list = list->next) {"
                print  "        memcpy(copy, list->name, sizeof copy);"
                print  "        switch ((list->key + sum) & 7) {"
                for (j = 0; j < 8; j++)
                    printf "        case %d: sum %s copy[%d] * %uu; break;\n", j, (random(2) ? "+=" : "^="), random(24), random(999)
                print  "        }\n    }"
                if (i > 0)
                    printf "    if (sum %% 5 == 0)\n        sum += f%d(sum >> 16, NULL) & 255;\n", random(i)
                print  "    return sum;\n}"
            }
            print "int main(void) {\n    struct node list[3] = {{&list[1], 1, \"one\"}, {&list[2], 2, \"two\"}, {NULL, 3, \"three\"}};\n    unsigned sum = 0;"
            for (i = 0; i < n; i++)
                printf "    sum += f%d(sum, list);\n", i
            print "    printf(\"%u\\n\", sum);\n    return 0;\n}"
        }'
}

# wait_for COMMAND...: until it succeeds, for at most 20 seconds.
wait_for() {
    tries=400
    # It sleeps at least once, so that both runs start the same programs.
    while sleep 0.05; do
        if "$@" >>tmp/wait.log 2>&1; then
            return 0
        fi
        tries=$((tries - 1))
        if [ "$tries" = 0 ]; then
            echo "gave up waiting for: $*" >&2
            return 1
        fi
    done
}

# serve COMMAND...: runs it in the background; what it says goes to tmp/server.log. Sets $server.
serve() {
    "$@" >>tmp/server.log 2>&1 &
    server=$!
}

# stop PID [SIGNAL]: ends a server and prints how it ended.
stop() {
    ended=0
    # The shell says "Terminated" or not, as the server is faster or slower.
    {
        kill -s "${2:-TERM}" "$1"
        wait "$1" || ended=$?
    } 2>/dev/null
    echo "server ended with status $ended"
}

# Put before a command, this runs it as `nobody` if the tests run as root. A function would not do: started in the
# background it would be a shell between `stop` and the server.
unprivileged=
[ "$(id -u)" != 0 ] || unprivileged='setpriv --reuid=nobody --regid=nogroup --clear-groups'
