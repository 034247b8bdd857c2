#!/usr/bin/env bash
# What `loam check` writes for other tools is read by such tools: SARIF is held against its schema, and Valgrind's XML
# read by Test::Valgrind. Neither is Loam's: the schema comes by npm, from a package that has it.
#
# ctest-builds: release
# ctest-timeout: 200
set -uo pipefail

. "$(dirname "$0")/../support/expected.sh"

cp "$LOAM_SRC"/tests/cli/*.[ch] .
wires=()
for file in [!t]*.c; do
    name=${file%.c}
    gcc -g -O0 -no-pie -fno-pie -w -o "$name" "$file" || problem "$file can't be compiled"
    "./$name" >"$name.wire"
    wires+=("$name")
done
# What isn't UTF-8, and what means something in either format, in names of files.
mkdir odd
odd=$'odd/a <b> & "c" \x01 \xff.c'
cp overflow_strcpy.c "$odd"
gcc -g -w -I. -no-pie -fno-pie -o odd/program "$odd" && ./odd/program >odd.wire && wires+=(odd)
: >none.wire
wires+=(none)
for name in "${wires[@]}"; do
    for format in sarif xml json; do
        "$loam" check --format "$format" --log-file "$name.$format" --read "$name.wire" >out 2>&1
        [ -s "$name.$format" ] || problem "$name: no $format: $(cat out)"
    done
done

# ---- SARIF. Whoever has the schema may say where, by SARIF_SCHEMA.

package=@microsoft/jest-sarif@1.0.0-beta.0
in_package=package/lib/schemas/sarif-2.1.0-rtm.5.json
schema=${SARIF_SCHEMA-}
kept=$LOAM_BUILD/sarif-schema.json
if [ -z "$schema" ]; then
    if [ ! -s "$kept" ] && command -v npm >npm.log; then
        timeout 60 npm pack --silent "$package" >npm.log 2>&1 && tar -xzf ./*jest-sarif*.tgz "$in_package" &&
            cp "$in_package" "$kept"
    fi
    schema=$kept
fi
python=
for which in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! "$which" -c 'import jsonschema' 2>python.log || python=$which
done

cat >validate.py <<'P'
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1], encoding="utf-8"))
validator = jsonschema.validators.validator_for(schema)(schema)
bad = 0
for name in sys.argv[2:]:
    log = json.load(open(name, encoding="utf-8"))
    for error in validator.iter_errors(log):
        bad += 1
        print(name, "/".join(map(str, error.absolute_path)), error.message[:200])
# A validator that takes everything would be no test.
log["runs"][0]["tool"] = {}
log["runs"][0]["nonsense"] = 1
if len(list(validator.iter_errors(log))) < 2:
    bad += 1
    print("the schema takes anything")
sys.exit(bad != 0)
P
skipped=
if [ -s "$schema" ] && [ -n "$python" ]; then
    "$python" validate.py "$schema" ./*.sarif || problem "SARIF isn't what its schema says"
else
    skipped="no schema of SARIF, or no jsonschema for Python"
fi

# ---- Valgrind's XML.

cat >read.pl <<'P'
use strict;
use warnings;
use Test::Valgrind::Parser::XML::Twig;
use Test::Valgrind::Report;

package session;
sub new { bless {}, shift }
sub report_class { "Test::Valgrind::Report" }

sub report { my ($self, $report) = @_; $self->{count}++; print $report->kind, " ", $report->data->{what}, " in ",
    $report->data->{stack}[0][2] // "", "\n"; }

package Test::Valgrind::Report;
no warnings "redefine";
sub kinds { qw(Diag InvalidRead InvalidWrite InvalidFree MismatchedFree UninitCondition UninitValue InvalidJump Overlap
    SyscallParam ClientCheck FishyValue Leak_DefinitelyLost Leak_IndirectlyLost Leak_PossiblyLost Leak_StillReachable) }
sub valid_kind { my ($class, $kind) = @_; grep { $_ eq $kind } kinds() }

package main;
for my $name (@ARGV) {
    my $session = session->new;
    my $parser = Test::Valgrind::Parser::XML::Twig->new;
    open my $in, "<", $name or die "$name: $!";
    $parser->_session($session);
    print "== $name\n";
    $parser->parse($session, $in);
}
P
if perl -MTest::Valgrind::Parser::XML::Twig -e 1 2>perl.log; then
    perl read.pl ./*.xml >read.out 2>read.err || problem "Test::Valgrind can't read the XML: $(cat read.err)"
    cat read.err
    for text in InvalidWrite InvalidRead InvalidFree MismatchedFree Leak_DefinitelyLost; do
        grep -q "^$text" read.out || problem "Test::Valgrind reads no $text"
    done
else
    skipped="${skipped:+$skipped; }no Test::Valgrind"
fi

[ "$failed" != 0 ] || [ -z "$skipped" ] || {
    echo "skipped: $skipped"
    exit 77
}
finish
