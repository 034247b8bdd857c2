#!/usr/bin/env python3
"""Tests of the workloads' programs, the floor and the latency histogram: each workload does the same with every heap."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import measure  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("LOAM_BENCH_BIN", str(HERE.parent / "build" / "bench")))
LOAM = pathlib.Path(os.environ.get("LOAM_BENCH_LIBRARY", str(HERE.parent / "build" / "libloam.so")))
FLOOR = BIN / "libloam-bench-floor.so"
LATENCY = BIN / "loam-bench-latency"
LIST = HERE / "workloads" / "list.txt"
NO_FLOOR = "no floor"  # the last field where a heap that never frees would need too much memory


def workloads():
    """[(name, threads, arguments)]"""
    rows = [line.split("\t") for line in LIST.read_text(encoding="utf-8").splitlines()]
    return [(row[0], int(row[1]), " ".join(field for field in row[3:] if field != NO_FLOOR).split()) for row in rows]


def heaps():
    found = {"system": None, **{peer.name: peer.path for peer in measure.debian_peers()[0]}}
    found.update({path.name: str(path) for path in (LOAM, FLOOR) if path.exists()})
    return found


def fields_of(program, arguments, library=None):
    environment = measure.clean_environment()
    if library:
        environment["LD_PRELOAD"] = library
    done = subprocess.run([str(program), *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{program} with {library}: status {done.returncode}: {done.stderr}")
    return measure.parse_output(done.stdout)


class List(unittest.TestCase):
    def test_every_line_is_whole(self):
        for line in LIST.read_text(encoding="utf-8").splitlines():
            row = line.split("\t")
            self.assertGreaterEqual(len(row), 3, line)
            for field in row[3:]:
                self.assertTrue(field.startswith("--") or field == NO_FLOOR, line)
            self.assertTrue(all(row), line)
            self.assertTrue((HERE / "workloads" / f"{row[0].partition('-')[0]}.c").exists(), line)

    def test_names_are_told_once(self):
        names = [name for name, *_ in workloads()]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 18)

    def test_every_source_is_listed(self):
        sources = {path.stem for path in (HERE / "workloads").glob("*.c")}
        self.assertEqual(sources, {name.partition("-")[0] for name, *_ in workloads()})

    def test_readme_tells_of_each(self):
        text = (HERE / "README.md").read_text(encoding="utf-8")
        for name, *_ in workloads():
            self.assertIn(f"| `{name}` |", text)


@unittest.skipUnless(LATENCY.exists() and FLOOR.exists(), "the workloads' programs aren't built")
class Programs(unittest.TestCase):
    def run_workload(self, name, arguments, library=None):
        return fields_of(BIN / f"loam-bench-{name}", ["--scale", "1", *arguments], library)

    def test_same_checksum_with_every_heap(self):
        for name, _, arguments in workloads():
            right = self.run_workload(name, arguments)["checksum"]
            for heap, library in heaps().items():
                with self.subTest(name=name, heap=heap):
                    fields = self.run_workload(name, arguments, library)
                    self.assertEqual(fields["checksum"], right)
                    self.assertEqual(pathlib.Path(fields["owner.malloc"]).resolve().name,
                                     pathlib.Path(library).resolve().name if library else "libc.so.6")

    def test_other_seed_other_checksum(self):
        for name, _, arguments in workloads():
            with self.subTest(name=name):
                self.assertNotEqual(self.run_workload(name, arguments)["checksum"],
                                    self.run_workload(name, [*arguments, "--seed", "2"])["checksum"])

    def test_any_number_of_threads(self):
        for name, _, arguments in workloads():
            for threads in ("1", "3"):
                with self.subTest(name=name, threads=threads):
                    wanted = [*arguments, "--threads", threads]
                    self.assertEqual(self.run_workload(name, wanted)["checksum"],
                                     self.run_workload(name, wanted)["checksum"])

    def test_threads_as_listed(self):
        for name, threads, arguments in workloads():
            with self.subTest(name=name):
                self.assertEqual(self.run_workload(name, arguments)["checksum"],
                                 self.run_workload(name, [*arguments, "--threads", str(threads)])["checksum"])

    def test_unknown_word_is_refused(self):
        done = subprocess.run([str(BIN / "loam-bench-churn-lifo"), "--order", "sideways"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--order knows no sideways", done.stderr)

    def test_floor_never_frees(self):
        free = int(self.run_workload("churn-random", ["--order", "random"])["final_rss_kib"])
        kept = int(self.run_workload("churn-random", ["--order", "random"], str(FLOOR))["final_rss_kib"])
        self.assertGreater(kept, free + 20 * 1024)  # 300,000 blocks of over 100 bytes

    def test_programs_run_on_the_floor(self):
        code = "x = [bytearray(i) for i in range(20000)]; x.sort(); print(sum(map(len, x)))"
        environment = {**os.environ, "LD_PRELOAD": str(FLOOR), "PYTHONMALLOC": "malloc"}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "199990000\n", done.stderr)


@unittest.skipUnless(LATENCY.exists(), "the program isn't built")
class Latency(unittest.TestCase):
    def test_percentiles_are_those_of_sorting(self):
        for seed in "123":
            done = subprocess.run([str(LATENCY), "--self-test", "yes", "--seed", seed], capture_output=True, text=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout), (0, "self-test passed\n"), done.stderr)

    def test_figures(self):
        fields = fields_of(LATENCY, ["--scale", "1"])
        for call in ("malloc", "free"):
            self.assertEqual(int(fields[f"{call}.calls"]), 50000)
            values = [float(fields[f"{call}.{part}"]) for part in ("p50", "p90", "p99", "p99.9", "p99.99", "max")]
            self.assertEqual(values, sorted(values))
            self.assertGreater(values[0], 0)

    def test_table_and_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "out" / "latency.json"
            done = subprocess.run([sys.executable, str(HERE / "latency"), "--scale", "1", "--rounds", "2", "--bin",
                                   str(BIN), "--loam", "/nonexistent", "--only", "system", "--json", str(path)],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            data = json.loads(path.read_text(encoding="utf-8"))
        self.assertIn("p99.99", done.stdout)
        self.assertEqual(len(data["raw"]["system"]), 2)
        self.assertEqual(set(data["medians"]), {"system"})

    def test_a_library_without_effect_is_an_error(self):
        library = measure.find_library("libm.so.6")  # any library that isn't a heap
        if not library:
            self.skipTest("no libm.so.6")
        done = subprocess.run([sys.executable, str(HERE / "latency"), "--scale", "1", "--rounds", "1", "--bin", str(BIN),
                               "--peers", f"inert={library}", "--only", "inert"], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ERROR inert: malloc was that of", done.stdout)


if __name__ == "__main__":
    unittest.main()
