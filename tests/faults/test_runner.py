#!/usr/bin/env python3
"""Tests of the runner: that it reads heads rightly, names outcomes rightly, and finds fault with what is wrong."""

import pathlib
import signal
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True

import corpus  # noqa: E402
import expected  # noqa: E402
import judge  # noqa: E402
from corpus import Outcome  # noqa: E402

HEAD = """\
// fault: something is done
// size 8 16: 1 clean, 2 abort|trap heap-overflow|heap-underflow
// size 4096: never (for a reason)
"""
OVERFLOW = "loam: error[heap-overflow]: free(PTR): ...\n"


def read(text):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "program.c"
        source.write_text(text)
        return corpus.read_head(source)


class Heads(unittest.TestCase):
    def test_sizes_and_duties(self):
        small, other, never = read(HEAD)
        self.assertEqual([small.size, other.size, never.size], ["8", "16", "4096"])
        self.assertIsNone(small.duty_at(0))
        self.assertEqual(small.duty_at(1).hows, ("clean",))
        self.assertEqual(small.duty_at(3).codes, ("heap-overflow", "heap-underflow"))
        self.assertIsNone(never.duty_at(3))
        self.assertEqual(never.never, "for a reason")

    def test_what_is_no_head(self):
        for duty in ("2 abort", "2 trap heap-overflow", "2 stop", "abort heap-overflow", "never"):
            with self.assertRaises(corpus.HeadError, msg=duty):
                read(f"// fault: f\n// size 8: {duty}\n")
        with self.assertRaises(corpus.HeadError):
            read("// fault: f\n")


class Outcomes(unittest.TestCase):
    def test_names(self):
        for status, words, message, name in (
                (-signal.SIGABRT, ["access", "accessed"], OVERFLOW, "abort"),
                (-signal.SIGSEGV, ["access"], "", "trap"),
                (-signal.SIGSEGV, ["access", "accessed"], "", "crash"),
                (-signal.SIGSEGV, [], "", "crash"),
                (0, ["harmless"], "", "clean"),
                (0, ["unnoticed"], "", "no"),
                (0, [], "", "no"),
                (0, ["harmless"], "warning", "said"),
                (1, [], "ERROR", "abort"),
                (corpus.CANT_BE_TRIED, ["can't be tried"], "", "untried")):
            self.assertEqual(corpus.classify(status, words, message), name)

    def test_what_differs_from_run_to_run(self):
        text = "free(0x7f12) block 0x7f\nthread 12 of process 3, name.8\nmore: loam check -- /a/name.8\nname.8 bytes\n"
        self.assertEqual(corpus.normalise(text, "/a/name.8"),
                         "free(PTR) block PTR\nthread N of process N, PROGRAM\nmore: loam check -- PROGRAM\nname.8 bytes\n")


class Judging(unittest.TestCase):
    def problems(self, outcome, messages=None, level=2, size=0):
        found = judge.Problems()
        with mock.patch("builtins.print"):
            judge.judge(read(HEAD)[size], level, outcome, messages or {}, found)
        return found.count

    def abort(self, message):
        return Outcome("abort", message, -signal.SIGABRT, ())

    def test_exact_message(self):
        right = {("8", 2): OVERFLOW}
        self.assertEqual(self.problems(self.abort(OVERFLOW), right), 0)
        self.assertEqual(self.problems(self.abort(OVERFLOW), {}), 1)
        self.assertEqual(self.problems(self.abort(OVERFLOW), {("8", 3): OVERFLOW}), 1)
        self.assertEqual(self.problems(self.abort(OVERFLOW + "more\n"), right), 1)

    def test_ways(self):
        trap, clean, no = (Outcome(what, "", status, ()) for what, status in
                           (("trap", -signal.SIGSEGV), ("clean", 0), ("no", 0)))
        self.assertEqual(self.problems(trap), 0)
        self.assertEqual(self.problems(clean), 1)
        self.assertEqual(self.problems(clean, level=1), 0)
        self.assertEqual(self.problems(no), 1)
        self.assertEqual(self.problems(no, level=0), 0)
        self.assertEqual(self.problems(no, size=2), 0)
        self.assertEqual(self.problems(Outcome("trap", "a message\n", -signal.SIGSEGV, ())), 1)

    def test_wrong_code_and_status(self):
        other = OVERFLOW.replace("overflow", "corruption")
        self.assertEqual(self.problems(self.abort(other), {("8", 2): other}), 1)
        self.assertEqual(self.problems(Outcome("abort", OVERFLOW, 1, ()), {("8", 2): OVERFLOW}), 1)

    def test_mended_twins(self):
        for what, count in (("clean", 0), ("no", 0), ("untried", 0), ("said", 1), ("abort", 1), ("crash", 1), ("hang", 1)):
            found = judge.Problems()
            with mock.patch("builtins.print"):
                judge.judge_mended(read(HEAD)[0], 2, Outcome(what, "", 0, ()), found)
            self.assertEqual(found.count, count, what)


class Messages(unittest.TestCase):
    def test_written_and_read(self):
        messages = {("8", 0): "a\n", ("8", 1): "a\n", ("8", 2): "b\nc\n", ("4096", 2): "b\nc\n"}
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(expected, "LEVELS", pathlib.Path(folder)):
            self.assertTrue(expected.write("name", messages))
            self.assertFalse(expected.write("name", messages))
            self.assertEqual(expected.read("name"), messages)
            self.assertIn("[size 8, levels 0 1]\na\n[size 8, level 2]\n", expected.path_of("name").read_text())
            self.assertTrue(expected.write("name", {}))
            self.assertEqual(expected.read("name"), {})


if __name__ == "__main__":
    unittest.main()
