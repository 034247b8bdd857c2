#!/usr/bin/env python3
"""Tests of the runner: its arithmetic, its tables, and that it refuses what it must not believe."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import measure  # noqa: E402
import report  # noqa: E402
import workloads  # noqa: E402
from launched import RunError  # noqa: E402
from measure import FLOOR, OWN, PRICE, Heap  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BIN = os.environ.get("LOAM_BENCH_BIN", str(HERE.parent / "build" / "bench"))
MADE = [workload.name for workload in workloads.made()]
PROGRAMS = ("launch", *MADE)
KEYS = ("wall_us", "cpu_us", "peak_rss_kib", "final_rss_kib", "faults")
HEAPS = [Heap("loam", "/l", kind=OWN), Heap("system"), Heap("other", "/o"), Heap("floor", "/f", kind=FLOOR),
         *(Heap(name, "/l", kind=PRICE, options=name) for name in ("harden=0", "harden=2"))]
ROWS = [workloads.Made("a"), workloads.Made("b", floor=False)]


def run_of(value):
    return {key: value for key in KEYS}


def results(errors=None, **values):
    """results(loam=[[figures of a], [figures of b]], ...)"""
    raw = {(workload, heap): [run_of(value) for value in lists[i]]
           for heap, lists in values.items() for i, workload in enumerate(("a", "b")[:len(lists)])}
    return report.Results(ROWS, HEAPS, raw, errors or {}, KEYS)


GOOD = {"loam": [[30, 10, 20], [100]], "system": [[40], [50]], "other": [[80], [200]]}


class Arithmetic(unittest.TestCase):
    def test_median_and_spread(self):
        cell = results(**GOOD).cells["a", "loam"]["wall_us"]
        self.assertEqual(cell, {"median": 20, "min": 10, "max": 30})
        self.assertEqual(report.spread(cell), 1.0)

    def test_loam_is_not_among_the_peers(self):
        self.assertEqual(results(**GOOD).best_peer("a", "wall_us"), 40)

    def test_ratios(self):
        found = results(**GOOD)
        self.assertEqual(found.to_best("a", "loam", "wall_us"), 0.5)
        self.assertEqual(found.ratio("a", "loam", "other", "wall_us"), 0.25)

    def test_means_are_geometric(self):
        found = results(**GOOD)
        self.assertAlmostEqual(found.mean_to_best("loam", "wall_us"), 1.0)  # of 0.5 and 2
        self.assertAlmostEqual(found.mean_ratio("loam", "other", "wall_us"), 0.125 ** 0.5)
        self.assertEqual(found.best_mean_peer("wall_us"), "system")

    def test_a_row_with_an_error_is_in_no_mean(self):
        found = results({("a", "other"): "crashed"}, **GOOD)
        self.assertEqual(found.whole_workloads(), ["b"])
        self.assertAlmostEqual(found.mean_to_best("loam", "wall_us"), 2.0)

    def test_a_heap_that_never_ran_leaves_the_others_their_means(self):
        found = results({("a", "loam"): "crashed", ("b", "loam"): "crashed"}, **GOOD)
        self.assertIsNone(found.mean_to_best("loam", "wall_us"))
        self.assertAlmostEqual(found.mean_to_best("system", "wall_us"), 1.0)

    def test_no_division_by_nothing(self):
        zero = results(loam=[[0], [0]], system=[[0], [0]], other=[[0], [0]])
        self.assertIsNone(zero.mean_to_best("system", "wall_us"))
        self.assertIn("mean", report.table(zero, []))


class Tables(unittest.TestCase):
    def test_width(self):
        many = [Heap("loam", "/l", kind=OWN), Heap("system"), *(Heap(f"heap-{i:08}", "/h") for i in range(9))]
        raw = {("prodcons", heap.name): [run_of(123456789), run_of(1)] for heap in many}
        text = report.table(report.Results([workloads.Made("prodcons")], many, raw, {}, KEYS), [])
        self.assertLessEqual(max(map(len, text.splitlines())), report.WIDTH)
        for heap in many:
            self.assertIn(heap.name, text)

    def test_error_is_named(self):
        text = report.table(results({("a", "loam"): "signal 11"}, **GOOD), [])
        self.assertIn("ERROR a with loam: signal 11", text)

    def test_summary_can_be_written(self):
        self.assertIn("signal 11", json.dumps(report.summary(results({("a", "loam"): "signal 11"}, **GOOD), KEYS)))


class Owners(unittest.TestCase):
    def fields(self, **owners):
        return {f"owner.{name}": owners.get(name, "/lib/libc.so.6") for name in ("malloc", "free", "calloc", "realloc")}

    def test_right(self):
        measure.check_owner(Heap("system"), self.fields())
        owners = dict.fromkeys(("malloc", "free", "calloc", "realloc"), "/h")
        measure.check_owner(Heap("other", "/h"), self.fields(**owners))

    def test_library_without_effect(self):
        with self.assertRaises(RunError):
            measure.check_owner(Heap("other", "/h"), self.fields())

    def test_library_with_half_an_effect(self):
        with self.assertRaisesRegex(RunError, "realloc"):
            measure.check_owner(Heap("other", "/h"), self.fields(malloc="/h", free="/h", calloc="/h"))

    def test_something_preloaded_that_should_not_be(self):
        with self.assertRaises(RunError):
            measure.check_owner(Heap("system"), self.fields(malloc="/h"))


def is_built():
    return all(os.access(os.path.join(BIN, f"loam-bench-{name}"), os.X_OK) for name in PROGRAMS)


@unittest.skipUnless(is_built(), "the workloads' programs aren't built")
class Programs(unittest.TestCase):
    def program(self, name):
        return os.path.join(BIN, f"loam-bench-{name}")

    def measure(self, name, *arguments):
        return measure.measure(self.program("launch"), self.program(name), ["--scale", "1", *arguments],
                               Heap("system"), 100)

    def test_same_seed_same_checksum(self):
        for name in MADE:
            for threads in ("1", "2", "3"):
                with self.subTest(name=name, threads=threads):
                    first = self.measure(name, "--threads", threads)
                    self.assertEqual(first["checksum"], self.measure(name, "--threads", threads)["checksum"])
                    other = self.measure(name, "--threads", threads, "--seed", "2")
                    self.assertNotEqual(first["checksum"], other["checksum"])

    def test_figures_are_there(self):
        figures = self.measure("small")
        for key in measure.MEASURES:
            self.assertIn(key, figures)
        self.assertGreater(figures["peak_rss_kib"], 1024)

    def test_peak_memory_is_the_programs_own(self):
        ballast = bytearray(b"x") * (64 << 20)  # were it the runner's, this would be in it
        self.assertLess(self.measure("prodcons")["peak_rss_kib"], len(ballast) // 1024)

    def test_failure_is_named(self):
        with self.assertRaisesRegex(RunError, "exit status 1: .*usage"):
            self.measure("small", "--nonsense", "1")
        with self.assertRaisesRegex(RunError, "127.*No such file"):
            measure.measure(self.program("launch"), "/nonexistent", [], Heap("system"), 100)

    def test_run_from_start_to_end(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out", "bench.json")
            done = self.run_bench("--json", path)
            data = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.assertEqual(done.returncode, 1 if self.has_error(data) else 0, done.stderr)
        self.assertIn("Time:", done.stdout)
        self.assertEqual(len(data["raw"]["tree"]["system"]), 1)

    def test_library_without_malloc_is_an_error(self):
        library = measure.find_library("libm.so.6")  # any library that isn't a heap
        if not library:
            self.skipTest("no libm.so.6")
        done = self.run_bench("--peers", f"inert={library}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ERROR tree with inert: malloc was that of", " ".join(done.stdout.split()))

    def run_bench(self, *arguments):
        return subprocess.run([sys.executable, str(HERE / "run"), "--bin", BIN, "--rounds", "1", "--scale", "1",
                               "--only", "tree", *arguments], capture_output=True, text=True, check=False)

    def has_error(self, data):
        return any(cell and "error" in cell for row in data["workloads"].values() for cell in row.values())


if __name__ == "__main__":
    unittest.main()
