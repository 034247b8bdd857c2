#!/usr/bin/env bash
# `loam run`: what it refuses and how it says so, exit statuses, signals, the environment, and that a
# program's input and output are untouched.
set -uo pipefail

unset LOAM_OPTIONS LD_PRELOAD LOAM_LIBRARY
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir "$scratch/tmp"
chmod 1777 "$scratch/tmp"
export TMPDIR=$scratch/tmp

# A copy that other users can reach too, which the build folder needn't be.
mkdir "$scratch/bin"
cp "$LOAM_BUILD/loam" "$LOAM_BUILD/libloam.so" "$scratch/bin"
loam=$scratch/bin/loam
CC=${CC:-cc}
failed=0
cd "$scratch" || exit 1

problem() {
    echo "FAILED: $*"
    failed=1
}

# try STATUS COMMAND...: runs it, keeps its output in the files out and err.
try() {
    local wanted=$1 status=0
    shift
    "$@" >out 2>err || status=$?
    [ "$status" = "$wanted" ] || {
        problem "status $status instead of $wanted: $*"
        cat err
    }
}

# says TEXT: standard error is this one line, with "loam: " before it.
says() {
    [ "$(cat err)" = "loam: $1" ] || problem "said \"$(cat err)\" instead of \"loam: $1\""
}

# compile NAME [FLAG...]: a program from standard input.
compile() {
    local name=$1
    shift
    "$CC" -x c -o "$name" - "$@" 2>compile.log
}

# poke FILE OFFSET BYTES: overwrites bytes, written as for printf.
poke() {
    # shellcheck disable=SC2059
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# wait_until COMMAND...: for at most ten seconds.
wait_until() {
    local tries=200
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || {
            problem "waited in vain for: $*"
            return 1
        }
        sleep 0.05
    done
}

# shellcheck disable=SC2317 # called by wait_until
is_stopped() {
    [ "$(awk '{ print $3 }' "/proc/$1/stat")" = T ]
}

child_of() {
    tr -d ' ' <"/proc/$1/task/$1/children"
}

# shellcheck disable=SC2317 # called by wait_until
child_is() {
    local child
    child=$(child_of "$1") && [ -n "$child" ] && [ "$(cat "/proc/$child/comm")" = "$2" ]
}

# ---- Statuses ---------------------------------------------------------------------------

for status in 0 1 3 125 255; do
    try "$status" "$loam" run sh -c "exit $status"
    [ ! -s err ] || problem "said something about a program that ended with $status: $(cat err)"
done
for signal in TERM KILL ABRT SEGV; do
    # shellcheck disable=SC2016
    try $((128 + $(kill -l $signal))) "$loam" run sh -c "ulimit -c 0; kill -$signal \$\$"
    [ ! -s err ] || problem "said something about a program killed by $signal: $(cat err)"
done

try 127 "$loam" run no-such-program
says "no-such-program was not found in PATH"
try 127 "$loam" run ./no-such-program
says "./no-such-program was not found"
try 127 "$loam" run ""
says "a program without a name was not found in PATH"
try 126 "$loam" run "$scratch"
says "$scratch can't be executed: it is a directory"
echo 'echo hello' >plain
try 126 "$loam" run ./plain
says "./plain can't be executed: Permission denied"

try 2 "$loam"
try 2 "$loam" walk
says "there is no command walk; loam help lists them"
try 2 "$loam" run
says "run needs a program; loam help run shows how"
try 2 "$loam" run --stats
says "run needs a program; loam help run shows how"
try 2 "$loam" run --stast true
says "run doesn't know --stast; loam help run lists what it knows"
try 2 "$loam" run --options
says "--options needs a value; loam help run shows how"
try 2 "$loam" run --options kep=1M true
says 'unknown option "kep" in --options; did you mean "keep"?'
try 2 "$loam" run --options=on_error=cry true
says '"cry" is no value for the option "on_error" in --options; it takes abort, report or ignore'
try 125 "$loam" run --stats-json "$scratch/no/such/folder" true
says "$scratch/no/such/folder can't be written: No such file or directory"

try 0 "$loam" --version
grep -qxE 'loam [0-9]+\.[0-9]+\.[0-9]+' out || problem "--version printed $(cat out)"
try 0 "$loam" --help
try 0 "$loam" run --help
try 0 "$loam" help options
try 2 "$loam" help cooking
if [ -w /dev/full ] && "$loam" help >/dev/full 2>err; then
    problem "help that can't be written is success"
fi

# ---- Finding the program ----------------------------------------------------------------

mkdir first second
echo 'not to be run' >first/tool
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "tool: $0 $*"\n' >second/tool
chmod 755 second/tool
try 0 env PATH="first:second:$PATH" "$loam" run tool 'a  b' c
[ "$(cat out)" = "tool: second/tool a  b c" ] || problem "PATH was searched wrongly: $(cat out)"
try 126 env PATH="first" "$loam" run tool
says "tool can't be executed: Permission denied"
(cd second && env PATH="$scratch/first::/bin" "$loam" run tool) >out 2>err
[ "$(cat out)" = "tool: ./tool " ] || problem "an empty item of PATH isn't the folder: $(cat out)"
# shellcheck disable=SC2016
try 0 "$loam" run -- sh -c 'echo $0'
[ "$(cat out)" = sh ] || problem "argv[0] is $(cat out)"

# ---- What can't be served ---------------------------------------------------------------

static_words="is statically linked, so its heap can't be replaced from outside"
main='int main(void) { return 0; }'
if compile static -static <<<"$main"; then
    try 125 "$loam" run ./static
    says "./static $static_words"
    printf '#!%s/static\n' "$scratch" >by-static
    printf '#!%s/by-static\n' "$scratch" >by-by-static
    mkdir -p tools && cp static tools/static-tool
    printf '#!/usr/bin/env static-tool\n' >by-env
    printf '#!/usr/bin/env -S A=1 static-tool -x\n' >by-env-split
    chmod 755 by-static by-by-static by-env by-env-split
    try 125 "$loam" run ./by-static
    says "./by-static is run by $scratch/static, which $static_words"
    try 125 "$loam" run ./by-by-static
    says "./by-by-static is run by $scratch/static, which $static_words"
    for script in ./by-env ./by-env-split; do
        try 125 env PATH="$scratch/tools:$PATH" "$loam" run $script
        says "$script is run by $scratch/tools/static-tool, which $static_words"
    done
else
    echo "no static C library here: not tested"
fi
if compile static-pie -static-pie -fPIE <<<"$main"; then
    try 125 "$loam" run ./static-pie
    says "./static-pie $static_words"
fi

compile dynamic <<<"$main" || problem "a program can't be compiled: $(cat compile.log)"
try 0 "$loam" run ./dynamic
cp dynamic foreign
poke foreign 18 '\363\000' # e_machine: RISC-V
try 125 "$loam" run ./foreign
grep -q '^loam: ./foreign is built for another architecture (64-bit RISC-V) than libloam.so (64-bit ' err ||
    problem "other architecture: $(cat err)"
cp dynamic narrow
poke narrow 4 '\001' # EI_CLASS: 32 bits
poke narrow 18 '\003\000'
try 125 "$loam" run ./narrow
grep -q '^loam: ./narrow is built for another architecture (32-bit x86) than ' err ||
    problem "other size: $(cat err)"

printf '\177ELF nonsense' >damaged
head -c 100 dynamic >short
printf 'a\0b\n' >binary
chmod 755 damaged short binary
for file in damaged short; do
    try 126 "$loam" run ./$file
    says "./$file can't be executed: it is a damaged program"
done
try 126 "$loam" run ./binary
says "./binary can't be executed: Exec format error"
"$CC" -x c -c -o object - <<<"$main" && chmod 755 object
try 126 "$loam" run ./object
says "./object can't be executed: it is an object file or a core dump"

loader=$(LC_ALL=C readelf -l dynamic | sed -n 's/.*interpreter: \(.*\)]/\1/p')
if compile musl "-Wl,--dynamic-linker,/lib/ld-musl-x86_64.so.1" <<<"$main"; then
    try 125 "$loam" run ./musl
    says "./musl is built for another C library than libloam.so (its loader is /lib/ld-musl-x86_64.so.1)"
fi
# The loader is no program with a loader, but what it loads is on Loam.
try 3 "$loam" run "$loader" /bin/sh -c 'exit 3'

if compile sanitized -fsanitize=address <<<"$main"; then
    try 125 "$loam" run ./sanitized
    says "./sanitized was built with AddressSanitizer, which brings its own heap"
fi
if compile sanitized -fsanitize=address -static-libasan <<<"$main"; then
    try 125 "$loam" run ./sanitized
    says "./sanitized was built with AddressSanitizer, which brings its own heap"
fi
if command -v clang >clang.log && clang -x c -fsanitize=address -o sanitized - <<<"$main" 2>clang.log; then
    try 125 "$loam" run ./sanitized
    says "./sanitized was built with AddressSanitizer, which brings its own heap"
fi
compile own -fno-builtin <<'END'
#include <stddef.h>
#include <string.h>
static _Alignas(16) char memory[1 << 20];
static size_t used;
void *malloc(size_t size) { void *p = memory + used; used += (size + 15) & ~(size_t)15; return p; }
void free(void *p) { (void)p; }
int main(void) { return strdup("x") == NULL; }
END
try 125 "$loam" run ./own
says "./own has a malloc of its own built in, which can't be replaced from outside"

printf '#!/no/such/interpreter -x\n' >orphan
chmod 755 orphan
try 126 "$loam" run ./orphan
says "./orphan can't be executed: its interpreter /no/such/interpreter: No such file or directory"

# ---- Scripts that can ---------------------------------------------------------------------

printf '#!/bin/sh\necho sh "$@"\n' >script.sh
printf '#! /usr/bin/env bash\necho bash "$@"\n' >script.bash
printf 'echo none "$@"\n' >script.none
printf '#!%s/script.sh one two\n' "$scratch" >script.chain
: >script.empty
chmod 755 script.*
for script in script.sh:sh script.bash:bash script.none:none; do
    try 0 "$loam" run "./${script%:*}" 'a  b'
    [ "$(cat out)" = "${script#*:} a  b" ] || problem "$script printed $(cat out)"
done
try 0 "$loam" run ./script.chain three
[ "$(cat out)" = "sh one two ./script.chain three" ] || problem "script.chain printed $(cat out)"
try 0 "$loam" run ./script.empty

# ---- Privileges ---------------------------------------------------------------------------

privileged_words="so the system preloads no library into it"
as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
}
# Where setuid bits are ignored, there is nothing to test.
honours_setuid() {
    cp /usr/bin/id identity && chown 65534 identity && chmod 4755 identity && [ "$(./identity -u)" = 65534 ]
}
if [ "$(id -u)" = 0 ] && as_nobody true 2>err && honours_setuid; then
    cp dynamic for-nobody && chown 65534 for-nobody && chmod 4755 for-nobody
    cp dynamic for-root && chmod 4755 for-root
    cp dynamic for-group && chgrp 65534 for-group && chmod 2755 for-group
    try 125 "$loam" run ./for-nobody
    says "./for-nobody is setuid or setgid, $privileged_words"
    try 125 "$loam" run ./for-group
    says "./for-group is setuid or setgid, $privileged_words"
    try 0 "$loam" run ./for-root # root's already
    try 125 as_nobody "$loam" run ./for-root
    says "./for-root is setuid or setgid, $privileged_words"
    try 0 as_nobody "$loam" run ./for-nobody
    try 0 as_nobody setpriv --no-new-privs "$loam" run ./for-root
    printf '#!%s/for-root\n' "$scratch" >by-setuid && chmod 755 by-setuid
    try 125 as_nobody "$loam" run ./by-setuid
    says "./by-setuid is run by $scratch/for-root, which is setuid or setgid, $privileged_words"
    # The bits of a script are ignored.
    cp script.sh setuid.sh && chmod 4755 setuid.sh
    try 0 as_nobody "$loam" run ./setuid.sh
    # Who may execute but not read a program isn't asked before.
    cp dynamic unreadable && chmod 711 unreadable
    try 0 as_nobody "$loam" run ./unreadable
    if command -v setcap >err && cp dynamic capable && setcap cap_net_raw+ep capable 2>err; then
        try 0 "$loam" run ./capable
        try 125 as_nobody "$loam" run ./capable
        says "./capable is given capabilities by its file, $privileged_words"
    fi
else
    echo "not root, or on a file system without setuid: not tested with it"
fi

# ---- The library --------------------------------------------------------------------------

try 125 env LOAM_LIBRARY=/no/libloam.so "$loam" run ./dynamic
says "the library that LOAM_LIBRARY names can't be read: /no/libloam.so"
mkdir alone && cp "$loam" alone
try 125 alone/loam run ./dynamic
says "libloam.so was found neither beside $scratch/alone/loam nor in ../lib; set LOAM_LIBRARY to its path"
for libdir in lib lib64; do
    mkdir -p "installed-$libdir/bin" "installed-$libdir/$libdir"
    cp "$loam" "installed-$libdir/bin"
    cp "$scratch/bin/libloam.so" "installed-$libdir/$libdir"
    try 0 "installed-$libdir/bin/loam" run ./dynamic
done
(cd bin && LOAM_LIBRARY=libloam.so ./loam run sh -c 'cd /; /bin/true') || problem "a relative LOAM_LIBRARY"
mkdir 'with space:and colon' && cp bin/* 'with space:and colon'
try 0 'with space:and colon/loam' run ./dynamic

# A library that does nothing at start takes no effect, whatever its name.
compile libother.so -shared -fPIC <<<'int nothing_at_all;'
try 125 env LOAM_LIBRARY="$scratch/libother.so" "$loam" run echo said
[ "$(cat out)" = said ] || problem "the program's output is gone: $(cat out)"
says "echo ran without Loam: $scratch/libother.so took no effect in it"

# ---- The environment ----------------------------------------------------------------------

compile libother.so -shared -fPIC <<'END'
#include <unistd.h>
__attribute__((constructor)) static void start(void) { if (write(1, "other\n", 6) != 6) _exit(9); }
END
# shellcheck disable=SC2016
show='printf "%s\n" "$LD_PRELOAD" "$LOAM_OPTIONS"'
try 0 env LD_PRELOAD="$scratch/libother.so" LOAM_OPTIONS=keep=1M "$loam" run --options thp=never \
    --options=on_error=report:stats=0 sh -c "$show"
grep -qx other out || problem "the library that was preloaded before is gone"
grep -qx "$scratch/bin/libloam.so:$scratch/libother.so" out || problem "LD_PRELOAD: $(cat out)"
grep -qx "keep=1M:thp=never:on_error=report:stats=0:loaded_file=$TMPDIR/loam-[^:]*/loaded" out ||
    problem "LOAM_OPTIONS: $(cat out)"
try 0 "$loam" run "$loam" run sh -c 'exit 0' # one inside the other
try 0 env TMPDIR="$scratch/with space:and colon" "$loam" run true
try 0 env TMPDIR=relative "$loam" run true

# ---- Input, output and open files ---------------------------------------------------------

head -c 300000 /dev/urandom >random
"$loam" run cat <random >copy 2>err || problem "cat failed"
cmp random copy || problem "cat's input or output was touched"
[ ! -s err ] || problem "said something about cat: $(cat err)"
"$loam" run sh -c 'echo out; echo err >&2' >out 2>err
[ "$(cat out)$(cat err)" = outerr ] || problem "output: $(cat out) $(cat err)"
# closing REDIRECTION: a program's open files are the same with and without Loam.
closing() {
    eval 'ls /proc/self/fd '"$1"' >without 2>err'
    eval '"$loam" run --stats-json numbers.json ls /proc/self/fd '"$1"' >with 2>err'
    cmp -s with without || problem "files are open that weren't ($1): $(tr '\n' ' ' <with)"
}
closing ''
closing '<&-'
closing '<&- 3>&-'

# ---- Signals ------------------------------------------------------------------------------

# trapping SIGNAL STATUS: a program that says so when it is ready and ends with STATUS at SIGNAL.
trapping() {
    echo "trap 'echo got $1; exit $2' $1; echo ready; while :; do sleep 0.05; done"
}
for signal in HUP INT QUIT TERM USR1 USR2 ALRM WINCH; do
    set -m # a group of its own, and no signals ignored because of the background
    "$loam" run sh -c "$(trapping $signal 7)" >signal.out 2>err &
    set +m
    pid=$!
    wait_until grep -q ready signal.out
    kill -s $signal $pid
    status=0
    wait $pid || status=$?
    [ $status = 7 ] || problem "status $status after $signal"
    grep -q "got $signal" signal.out || problem "$signal wasn't passed on"
    : >signal.out
done

"$loam" run sleep 100 2>err &
pid=$!
wait_until child_is $pid sleep
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status = 143 ] || problem "status $status after TERM"

# Stopped with the program, continued with it.
set -m
"$loam" run sh -c 'echo ready; kill -STOP $$; echo on; exit 5' >signal.out 2>err &
set +m
pid=$!
if wait_until is_stopped $pid; then
    wait_until is_stopped "$(child_of $pid)"
    kill -CONT $pid
fi
status=0
wait $pid || status=$?
[ $status = 5 ] || problem "status $status after a stop"
grep -qx on signal.out || problem "the program wasn't continued"

# What the process was started with, ignored or blocked, is the program's too.
try 0 env --ignore-signal=USR1 "$loam" run sh -c 'kill -USR1 $$; exit 0'
try 138 "$loam" run sh -c 'kill -USR1 $$; exit 0'
try 3 env --ignore-signal=CHLD "$loam" run sh -c 'exit 3'
"$loam" run grep SigBlk /proc/self/status >with
grep SigBlk /proc/self/status >without
cmp -s with without || problem "signals are blocked in the program"
# Signals to the whole group from the program itself don't end the command.
try 4 setsid --wait "$loam" run sh -c 'trap : TERM; kill -TERM 0; exit 4'

# On a terminal: ^C reaches the program once, ^Z stops both, and there is one process group.
# The program is one process, since a shell that is about to start another can't be stopped.
compile terminal <<'END'
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static volatile sig_atomic_t interrupts, continued, quit;
static void handle(int number)
{
    interrupts += number == SIGINT;
    continued += number == SIGCONT;
    quit = number == SIGQUIT;
}
int main(void)
{
    int shown = 0, greeted = 0;
    signal(SIGINT, handle);
    signal(SIGCONT, handle);
    signal(SIGQUIT, handle);
    puts("ready");
    while (!quit) {
        if (shown < interrupts)
            printf("got INT %d\n", shown = interrupts);
        if (!greeted && continued)
            greeted = puts("on again") >= 0;
        fflush(stdout);
        usleep(20000);
    }
    printf("got QUIT after %d INT\n", shown);
    return 6;
}
END
cat >terminal.py <<'END'
import os, pty, select, sys, time

loam, program = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "-i"])

seen = b""
def read_until(text):
    global seen
    deadline = time.time() + 20
    while text not in seen:
        left = deadline - time.time()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            sys.exit(f"waited in vain for {text} in {seen}")
        seen += os.read(terminal, 1000)
    seen = seen[seen.index(text) + len(text):]

def write(text):
    os.write(terminal, text)

write(b"stty -echo; PS1='pro''mpt '\r")
read_until(b"prompt ")
write(f"{loam} run {program}\r".encode())
read_until(b"ready")
write(b"\x03")
read_until(b"got INT 1")
write(b"\x1a")
read_until(b"Stopped")
read_until(b"prompt ")
write(b"fg\r")
read_until(b"on again")
write(b"\x1c")
read_until(b"got QUIT after 1 INT")
read_until(b"prompt ")
write(b"echo ended with $?\r")
read_until(b"ended with 6")
write(b"exit\r")
END
if command -v python3 >python.log; then
    timeout 100 python3 terminal.py "$loam" "$scratch/terminal" >terminal.log 2>&1 ||
        problem "terminal: $(cat terminal.log)"
fi

# ---- Statistics ---------------------------------------------------------------------------

# With bash: other shells end by _exit, which runs no exit handlers.
try 3 "$loam" run --stats bash -c 'ls / >/dev/null; exit 3'
for word in peak live slack cached purged metadata 'slot size' 'large blocks' 'system calls'; do
    grep -q "$word" err || problem "no $word in the statistics: $(cat err)"
done
grep -qE 'the heap of bash, process [0-9]+,' err || problem "no name in the statistics"
grep -qE '^ +[0-9]+  ls +[0-9.]+ [KM]?i?B' err || problem "no line for ls in the statistics: $(cat err)"
if grep -nE '.{81}' err; then
    problem "the statistics are wider than 80 columns"
fi
# shellcheck disable=SC2016
try 0 "$loam" run --stats bash -c 'i=0; while [ $i -lt 15 ]; do ls / >/dev/null; i=$((i + 1)); done'
[ "$(grep -cE '^ +[0-9]+  ls ' err)" = 10 ] || problem "not ten lines for 15 processes"
grep -q 'and 5 before these' err || problem "five processes are missing without a word"
# shellcheck disable=SC2016
try 137 "$loam" run --stats sh -c 'kill -9 $$'
grep -q '^loam: sh left no statistics: it was killed by signal 9 (Killed)$' err ||
    problem "killed: $(cat err)"
compile quick <<<'#include <unistd.h>
int main(void) { _exit(4); }'
try 4 "$loam" run --stats ./quick
grep -q '^loam: ./quick left no statistics: it ended without running its exit handlers$' err ||
    problem "_exit: $(cat err)"
try 0 "$loam" run --stats-json numbers.json bash -c 'ls / >/dev/null; exit 0'
[ ! -s err ] || problem "--stats-json said something: $(cat err)"
[ "$(grep -cE '^\{.*"pid":.*\}$' numbers.json)" = 2 ] || problem "--stats-json: $(cat numbers.json)"

# ---- Nothing is left ----------------------------------------------------------------------

left=$(ls "$TMPDIR")
[ -z "$left" ] || problem "left in TMPDIR: $left"

exit $failed
