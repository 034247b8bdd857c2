#!/usr/bin/env python3
"""Runs `loam check` on programs in each format and holds the documents against each other, SARIF against its schema
as well, and XML against what a reader of Valgrind's makes of it.

formats.py LOAM OPTIONS_AND_PROGRAM..., one run in each argument, such as "--dangling ./prog"
"""

import json
import pathlib
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
KINDS = {
    "heap-overflow": ("InvalidRead", "InvalidWrite"), "heap-underflow": ("InvalidRead", "InvalidWrite"),
    "use-after-free": ("InvalidRead", "InvalidWrite", "InvalidJump"), "double-free": ("InvalidFree",),
    "invalid-free": ("InvalidFree",), "foreign-free": ("InvalidFree",), "mismatched-free": ("MismatchedFree",),
    "leak": ("Leak_DefinitelyLost",), "possible-leak": ("Leak_PossiblyLost",),
}
GITHUB = re.compile(r"::(error|warning) (?:file=([^,]+),line=(\d+),(?:endLine=\d+,)?(?:col=(\d+),)?(?:endColumn=\d+,)?)?"
                    r"title=([a-z-]+)::(\S.*)")


def document(loam, run, form):
    *options, program = run.split()
    done = subprocess.run([loam, "check", "--format", form, *options, program], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    return done.returncode, done.stderr


class Checks:
    def __init__(self):
        self.schema = jsonschema.Draft202012Validator(json.loads((HERE / "sarif-2.1.0.json").read_text(encoding="utf-8")))
        self.problems = []

    def expect(self, good, run, text):
        if not good:
            self.problems.append(f"{run}: {text}")

    def takes_not_all(self, log):
        """A schema that takes everything would be no test."""
        wrong = json.loads(json.dumps(log))
        wrong["runs"][0]["tool"] = {}
        wrong["runs"][0]["nonsense"] = 1
        return len(list(self.schema.iter_errors(wrong))) >= 2

    def sarif(self, run, text, codes):
        log = json.loads(text)
        for error in self.schema.iter_errors(log):
            self.expect(False, run, f"sarif: {error.json_path}: {error.message[:200]}")
        self.expect(self.takes_not_all(log), run, "sarif: the schema takes anything")
        results = log["runs"][0]["results"]
        rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
        self.expect([result["ruleId"] for result in results] == codes, run, "sarif: other findings than json's")
        self.expect(all(rules[result["ruleIndex"]] == result["ruleId"] for result in results), run, "sarif: wrong index of a rule")

    def xml(self, run, text, codes):
        errors = [error.findtext("what") or error.findtext("xwhat/text") for error in ElementTree.fromstring(text).iter("error")]
        read = subprocess.run(["perl", str(HERE / "valgrind_reader.pl")], input=text, capture_output=True, text=True, check=False)
        rows = [line.split("\t") for line in read.stdout.splitlines()]
        self.expect(read.returncode == 0, run, f"xml: {read.stderr.strip()[:300]}")
        self.expect([row[2] for row in rows] == errors, run, "xml: the reader sees other errors")
        self.expect([row[2].partition(":")[0] for row in rows] == codes, run, "xml: other findings than json's")
        for kind, frames, what in rows:
            wanted = KINDS.get(what.partition(":")[0])
            self.expect(not wanted or kind in wanted, run, f"xml: {what} is called {kind}")
            self.expect(int(frames) > 0, run, f"xml: {what} has no stack")

    def github(self, run, text, codes):
        matches = [GITHUB.fullmatch(line) for line in text.splitlines()]
        self.expect(all(matches), run, "github: no annotation: " + text[:200])
        self.expect([match[5] for match in matches if match] == codes, run, "github: other findings than json's")
        for match in filter(None, matches):
            self.expect(match[2] is None or pathlib.Path(urllib.parse.unquote(match[2])).is_file(), run, f"github: there is no file {match[2]}")

    def all(self, loam, run):
        status, text = document(loam, run, "json")
        codes = [finding["code"] for finding in json.loads(text)["findings"]]
        self.expect(bool(codes) == (status in (98, 99)), run, f"json: status {status} with {len(codes)} findings")
        for form, check in (("sarif", self.sarif), ("xml", self.xml), ("github", self.github)):
            other, text = document(loam, run, form)
            self.expect(other == status, run, f"{form}: status {other}, with json {status}")
            check(run, text, codes)
        return len(codes)


def main():
    checks = Checks()
    found = sum(checks.all(sys.argv[1], run) for run in sys.argv[2:])
    for problem in checks.problems:
        print(f"FAILED: {problem}")
    print(f"{len(sys.argv) - 2} runs, {found} findings, {len(checks.problems)} problems")
    return 1 if checks.problems or found < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
