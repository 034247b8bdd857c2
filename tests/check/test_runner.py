#!/usr/bin/env python3
"""Tests of the runner: that it reads patterns and findings rightly, and finds fault with what is wrong."""

import dataclasses
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True

import asan  # noqa: E402
import loam  # noqa: E402
import patterns  # noqa: E402
import valgrind  # noqa: E402
import wire  # noqa: E402
from findings import Finding, judge, judge_mended  # noqa: E402
from xml.etree import ElementTree  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

PATTERN = """\
name
what: something
with: N=8,40 CALL=puts(p),"f(p, \\"a\\")"
code: use-after-free|double-free
size: 2 * $N
---
int main(void) {
    char *p = malloc(2 * $N); /* BLOCK */
    free(p); /* FREE */
    @{$CALL;@|@} /* FLAW */
}
"""
LINES = """\
loam-check version=1
process pid=5 parent=1 program=/x/prog arguments=0
module id=1 path=/x/prog start=0x1000 end=0x2000 bias=0x0 build=00
module id=2 path=/lib/libc.so.6 start=0x3000 end=0x4000 bias=0x0 build=00
stack id=1 exact=0 frames=2+0x10,1+0x105
stack id=2 exact=1 frames=1+0x200,1+0x305
finding id=1 code=use-after-free certainty=exact stack=2 allocated=1 size=16 call=put%20s
finding id=2 code=leak"""


def one_case():
    return list(patterns.read_pattern("group", PATTERN))[0]


def good_finding(case, **changes):
    finding = Finding(code="use-after-free", line=min(case.lines("FLAW")), block_line=min(case.lines("BLOCK")),
                      free_line=min(case.lines("FREE")), size=16)
    return dataclasses.replace(finding, **changes)


class Patterns(unittest.TestCase):
    def test_every_combination_of_values(self):
        cases = list(patterns.read_pattern("group", PATTERN))
        self.assertEqual([case.name for case in cases],
                         ["group.name.8.1", "group.name.8.2", "group.name.40.1", "group.name.40.2"])
        self.assertEqual([case.size for case in cases], [16, 16, 80, 80])
        self.assertIn('f(p, "a"); /* FLAW */', cases[1].flawed)

    def test_the_twin_differs_where_it_is_said(self):
        case = one_case()
        differ = [number for number, (a, b) in enumerate(zip(case.flawed.splitlines(), case.mended.splitlines()), 1)
                  if a != b]
        self.assertEqual(set(differ), case.lines("FLAW"))

    def test_unknown_key(self):
        with self.assertRaises(patterns.PatternError):
            list(patterns.read_pattern("group", PATTERN.replace("what:", "waht:")))

    def test_the_corpus_is_large_enough(self):
        self.assertGreaterEqual(len(patterns.read_corpus()), 250)

    def test_every_code_has_a_case_and_a_page(self):
        codes = set(patterns.all_codes())
        self.assertGreater(len(codes), 10)
        self.assertEqual(codes, {code for case in patterns.read_corpus() for code in case.codes})
        self.assertEqual(codes, {page.stem for page in (TOP / "docs/errors").glob("*.md")})

    def test_every_code_has_an_example(self):
        self.assertEqual(set(patterns.all_codes()), {case.codes[0] for case in patterns.read_examples()})

    def test_pages_fit_a_terminal(self):
        for page in (TOP / "docs/errors").glob("*.md"):
            lines = page.read_text().splitlines()
            self.assertLess(len(lines), 60, page)
            self.assertLessEqual(max(map(len, lines)), 80, page)
            self.assertTrue(lines[0].startswith(f"# {page.stem}: "), page)


class Judging(unittest.TestCase):
    def test_right(self):
        case = one_case()
        self.assertEqual(judge(case, [good_finding(case)]).word, "exact")

    def test_later_needs_no_line(self):
        case = one_case()
        self.assertEqual(judge(case, [good_finding(case, line=1, certainty="later")]).word, "later")

    def test_wrong_details(self):
        case = one_case()
        for changes in ({"line": 1}, {"line": None}, {"block_line": 1}, {"free_line": None}, {"size": 15}):
            with self.subTest(changes):
                self.assertEqual(judge(case, [good_finding(case, **changes)]).word, "wrong")

    def test_another_code(self):
        self.assertEqual(judge(one_case(), [good_finding(one_case(), code="leak")]).word, "other")

    def test_nothing(self):
        self.assertEqual(judge(one_case(), []).word, "missed")

    def test_more_than_the_flaw(self):
        case = one_case()
        verdict = judge(case, [good_finding(case), Finding(code="leak")])
        self.assertEqual(verdict.word, "exact")
        self.assertFalse(verdict.is_right)

    def test_loosely(self):
        case = one_case()
        self.assertEqual(judge(case, [good_finding(case, size=None, block_line=None)], loosely=True).word, "exact")
        self.assertEqual(judge(case, [good_finding(case, line=1)], loosely=True).word, "wrong")

    def test_mended(self):
        self.assertEqual(judge_mended([], 0).word, "silent")
        self.assertEqual(judge_mended([], 1).word, "broken")
        self.assertEqual(judge_mended([], "hang").word, "broken")
        self.assertEqual(judge_mended([Finding(code="leak")], 0).word, "false")


class Wire(unittest.TestCase):
    def test_findings(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch("sources.read_lines") as read_lines:
            read_lines.side_effect = lambda program, name, addresses: {address: [address] for address in addresses}
            (pathlib.Path(folder) / "5").write_text(LINES)
            found = wire.read_findings(folder, "/y/prog", "prog.c")
        self.assertEqual(len(found), 1, "a line without its newline isn't there")
        self.assertEqual((found[0].line, found[0].block_line, found[0].size), (0x200, 0x104, 16))
        self.assertEqual(found[0].text, "call=put s")

    def test_options(self):
        self.assertEqual(wire.options_for("/d", ("--dangling", "--uninit=all")), "check_to=/d:dangling=1:uninit=all")


class Documents(unittest.TestCase):
    def test_json(self):
        frames = [{"function": "strcpy", "module": "/lib/libc.so.6"}, {"file": "x/a.c", "line": 16}]
        told = {"code": "use-after-free", "certainty": "exact", "message": "m", "stack": frames, "size": 24, "first": 3,
                "allocated": [{"file": "a.c", "line": 9}], "freed": [{"file": "b.c", "line": 8}],
                "same": [{"pid": 6, "count": 1, "size": 24, "first": 0}]}
        leak = {"code": "leak", "certainty": "later", "message": "m", "allocated": [{"file": "a.c", "line": 4}]}
        text = json.dumps({"findings": [told, leak], "notes": [{"pid": 5, "text": "n"}]})
        found, notes = loam.read_document(text, "a.c")
        self.assertEqual([(one.code, one.line, one.block_line, one.free_line, one.first) for one in found],
                         [("use-after-free", 16, 9, None, 3), ("use-after-free", 16, 9, None, 0),
                          ("leak", 4, 4, None, None)])
        self.assertEqual(notes, ["n"])


class Comparison(unittest.TestCase):
    """What stands in the documentation is what was measured, of the cases that there are."""

    def setUp(self):
        rows = [line.strip("| \n").split(" | ") for line in (TOP / "docs/compare-check.md").read_text().splitlines()]
        self.all = next(row for row in rows if row[0] == "all")

    def test_of_all_cases(self):
        self.assertEqual(int(self.all[1]), len(patterns.read_corpus()))

    def test_readme(self):
        loam_row, valgrind_row, asan_row = (cell.split(" / ") for cell in self.all[2:])
        said = (f"Of {self.all[1]} such programs Loam names the right mistake at the right line in {loam_row[0]}, Valgrind's "
                f"memcheck in {valgrind_row[0]}, AddressSanitizer in {asan_row[0]}; of the mended twins Loam finds fault with "
                f"{loam_row[2]}, Valgrind with {valgrind_row[2]}, AddressSanitizer with {asan_row[2]}.")
        self.assertIn(said, " ".join((TOP / "README.md").read_text().split()))


class Others(unittest.TestCase):
    def test_valgrind(self):
        error = ElementTree.fromstring(
            "<error><kind>InvalidWrite</kind><what>Invalid write of size 1</what><stack><frame><obj>/libc</obj></frame>"
            "<frame><file>a.c</file><line>7</line></frame></stack>"
            "<auxwhat>Address 0x4a2f is 0 bytes after a block of size 8 alloc'd</auxwhat></error>")
        found = valgrind.as_finding(error, "a.c")
        self.assertEqual((found.code, found.line), ("heap-overflow", 7))
        for what, code in (("is 4 bytes before a block of size 8 alloc'd", "heap-underflow"),
                           ("is 4 bytes inside a block of size 8 free'd", "use-after-free"),
                           ("0x0 is not stack'd, malloc'd or (recently) free'd", "wild-pointer")):
            self.assertEqual(valgrind.code_of("InvalidRead", "", what), code)

    def test_asan(self):
        report = ("==5==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1 at pc 0x2\n"
                  "WRITE of size 1 at 0x1 thread T0\n    #0 0x1 in main /x/a.c:7\n\n"
                  "0x1 is located 0 bytes to the right of 8-byte region\n")
        found = asan.read_report(report, "a.c")
        self.assertEqual([(one.code, one.line) for one in found], [("heap-overflow", 7)])
        leak = "Direct leak of 8 byte(s) in 1 object(s) allocated from:\n    #0 0x1 in malloc (/lib/x+0x5)\n    #1 0x2 in main a.c:9\n"
        self.assertEqual([(one.code, one.block_line) for one in asan.read_report(leak, "a.c")], [("leak", 9)])


if __name__ == "__main__":
    unittest.main()
