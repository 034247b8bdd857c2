#!/usr/bin/env python3
"""Tests of what surrounds the measuring: the floor, prices, the page, real programs, start-up, options."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True

import choose  # noqa: E402
import launched  # noqa: E402
import measure  # noqa: E402
import page  # noqa: E402
import programs  # noqa: E402
import report  # noqa: E402
import workloads  # noqa: E402
from launched import RunError  # noqa: E402
from measure import Heap  # noqa: E402
from test_bench import BIN, GOOD, HERE, KEYS, ROWS, results  # noqa: E402


def script(name):
    loader = importlib.machinery.SourceFileLoader(f"script_{name}", str(HERE / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


RUN, START = script("run"), script("start")

# The floor ran only the first workload.
FULL = {**GOOD, "floor": [[10]], "harden=0": [[10], [50]], "harden=2": [[40], [200]]}


class Floor(unittest.TestCase):
    def test_is_no_peer(self):
        found = results(**FULL)
        self.assertEqual(found.best_peer("a", "wall_us"), 40)
        self.assertNotIn("floor", found.peers)

    def test_takes_no_row_away(self):
        self.assertEqual(results(**FULL).whole_workloads(), ["a", "b"])
        self.assertEqual(results({("a", "floor"): "crashed"}, **FULL).whole_workloads(), ["a", "b"])

    def test_ratio(self):
        self.assertAlmostEqual(results(**FULL).mean_ratio("loam", "floor", "wall_us"), 2.0)

    def test_is_not_run_where_it_cannot(self):
        heaps = [Heap("system"), Heap("floor", "/f", kind=measure.FLOOR)]
        self.assertEqual([heap.name for heap in RUN.heaps_of(ROWS[0], heaps, 1)], ["floor", "system"])
        self.assertEqual([heap.name for heap in RUN.heaps_of(ROWS[1], heaps, 1)], ["system"])

    def test_is_in_the_table(self):
        text = report.table(results(**FULL), [])
        self.assertIn("It ran 1 of 2 workloads", text)
        row = text.split("time as a ratio to each heap's")[1].split("\n")
        self.assertEqual(row[1].split(), ["system", "other", "best", "floor"])
        self.assertEqual(row[2].split(), ["a", "0.50", "0.25", "0.50", "2.00"])
        self.assertEqual(row[3].split(), ["b", "2.00", "0.50", "2.00", "-"])


class Prices(unittest.TestCase):
    def test_ratios(self):
        found = results(**FULL)
        self.assertAlmostEqual(found.mean_ratio("harden=2", "loam", "wall_us"), 2.0)
        self.assertAlmostEqual(found.mean_ratio("harden=0", "loam", "wall_us"), 0.5)
        self.assertAlmostEqual(report.level_price(found, "wall_us"), 4.0)
        text = report.table(found, [])
        self.assertIn("harden=2 as a ratio to harden=0, mean: time 4.00", text)
        self.assertEqual(text.split("The prices: loam's time")[1].split("\n")[2].split(), ["a", "0.50", "2.00"])

    def test_are_in_no_other_table(self):
        first = report.table(results(**FULL), []).split("The prices")[0]
        self.assertNotIn("harden=0", first)

    def test_in_json(self):
        summary = json.loads(json.dumps(report.summary(results(**FULL), KEYS)))
        self.assertAlmostEqual(summary["level_price"]["wall_us"], 4.0)
        self.assertAlmostEqual(summary["prices"]["harden=2"]["loam"]["wall_us"], 2.0)

    def test_option(self):
        with tempfile.TemporaryDirectory() as folder:
            library = pathlib.Path(folder, "l.so")
            library.write_bytes(b"")
            parser, options = RUN.parse_arguments(["--prices", "--loam", str(library), "--bin", folder])
            names = [heap.name for heap in choose.heaps(parser, options)]
            self.assertEqual(names[0], "loam")
            self.assertEqual(tuple(names[-len(measure.PRICES):]), measure.PRICES)
            parser, options = RUN.parse_arguments(["--loam", str(library), "--bin", folder, "--heaps", "system,loam"])
            self.assertEqual([heap.name for heap in choose.heaps(parser, options)], ["loam", "system"])

    def test_names_are_options(self):
        """Each is an option that Loam knows."""
        known = (HERE.parent / "src" / "conf" / "options.def").read_text(encoding="utf-8")
        for price in measure.PRICES:
            self.assertIn(price.split("=")[0], known)

    def test_are_added_to_the_users(self):
        os.environ["LOAM_OPTIONS"] = "stats=0"
        self.addCleanup(os.environ.pop, "LOAM_OPTIONS")
        self.assertEqual(launched.clean_environment("harden=0")["LOAM_OPTIONS"], "stats=0:harden=0")
        self.assertEqual(launched.clean_environment()["LOAM_OPTIONS"], "stats=0")


class NotMeasured(unittest.TestCase):
    def test_is_a_dash(self):
        found = results(**GOOD)
        found.cells["a", "loam"]["final_rss_kib"] = None
        self.assertIsNone(found.median("a", "loam", "final_rss_kib"))
        text = report.table(found, []).split("Final memory")[1]
        self.assertEqual(text.split("\n")[2].split()[:2], ["a", "-"])
        self.assertIsNone(report.summarise([None, None]))
        json.dumps(report.summary(found, KEYS))


class Page(unittest.TestCase):
    def parse(self, found, heading=()):
        text = page.page(found, list(heading), report.table(found, []))
        return text, xml.fromstring(text.split("\n", 1)[1])

    def test_is_well_formed(self):
        text, root = self.parse(results({("b", "other"): "a < b & c"}, **FULL), ["x < y & z"])
        self.assertEqual(len(root.findall(".//figure")), len(page.PLOTS) + 3 + 2 * len(page.PANELS))
        self.assertIn("x &lt; y &amp; z", text)

    def test_needs_no_network(self):
        text, _ = self.parse(results(**FULL))
        for word in ("http", "src=", "@import", "url("):
            self.assertNotIn(word, text)

    def test_without_prices_and_without_anything(self):
        self.assertNotIn("prices", self.parse(results(**GOOD))[0])
        self.parse(report.Results(ROWS, [Heap("system")], {}, {("a", "system"): "crashed"}, KEYS))

    def test_bars(self):
        rows = [("one", "own", 0.5, 0.5, 0.5, ("0.50",)), ("two", "c0", 9.0, 8.0, 10.0, ("9.00",))]
        root = xml.fromstring(page.bars(rows, "what"))
        widths = [float(bar.get("width")) for bar in root.findall(".//rect")]
        self.assertAlmostEqual(widths[1] / widths[0], 6, places=1)  # cut at three
        said = [text.text for text in root.findall("text")]
        self.assertIn("0.50", said)
        self.assertIn("9.00", said)

    def test_means_are_sorted(self):
        means = [row[2] for row in page.mean_rows(results(**FULL), "wall_us")]
        self.assertEqual(means, sorted(means))


class Lists(unittest.TestCase):
    def test_fields(self):
        one, two, three = workloads.parse_list(
            "a\t2\twhat it is\nb-x\t4\twhat\t--kind 'x y'\n# no\n\nc\t1\tw\t\tno floor\n")
        self.assertEqual((one.name, one.threads, one.what, one.arguments, one.floor), ("a", 2, "what it is", (), True))
        self.assertEqual((two.arguments, two.floor), (("--kind", "x y"), True))
        self.assertEqual((three.arguments, three.floor), ((), False))

    def test_quick_is_a_part(self):
        with tempfile.TemporaryDirectory() as scratch:
            known = workloads.known(scratch, 20)
            for arguments, real in ((["--quick"], set(workloads.QUICK_PROGRAMS)),
                                    (["--only", "z3"], {"z3"}),
                                    ([], {program.name for program in programs.known(scratch)})):
                parser, options = RUN.parse_arguments(arguments)
                chosen = RUN.choose_workloads(parser, options, known)
                self.assertEqual({work.name for work in chosen if workloads.is_real(work)}, real)

    def test_packages_are_listed(self):
        listed = (HERE / "packages.txt").read_text(encoding="utf-8").split()
        for program in programs.known("/s"):
            for package in program.packages:
                if package != "python3":  # runs this
                    self.assertIn(package, listed)

    def test_budget(self):
        class Never:
            def measure(self, workload, heap):
                return dict.fromkeys(KEYS, 1)
        _, options = RUN.parse_arguments(["--rounds", "3", "--budget", "1000"])
        raw, _ = RUN.run_all(options, Never(), ROWS[:1], [Heap("system")])
        self.assertEqual(len(raw["a", "system"]), 3)
        options.budget = 1e-9
        raw, _ = RUN.run_all(options, Never(), ROWS[:1], [Heap("system")])
        self.assertEqual((len(raw["a", "system"]), options.rounds), (1, 1))


SAID = """      7: binding file /bin/p [0] to {0} [0]: normal symbol `malloc' [GLIBC_2.2.5]
      7: binding file /lib/libx [0] to {1} [0]: normal symbol `free'
      7: binding file /bin/p [0] to {0} [0]: normal symbol `calloc' [GLIBC_2.2.5]
      7: binding file /bin/p [0] to {0} [0]: normal symbol `realloc' [GLIBC_2.2.5]
      7: binding file /bin/p [0] to /lib/other [0]: normal symbol `puts'
"""


class Bindings(unittest.TestCase):
    def test_right(self):
        programs.check_bindings(SAID.format("/h", "/h"), "/h", "/bin/p")

    def test_one_library_with_another_heap(self):
        with self.assertRaisesRegex(RunError, "free was that of /j, not of /h"):
            programs.check_bindings(SAID.format("/h", "/j"), "/h", "/bin/p")

    def test_a_heap_of_the_programs_own(self):
        with self.assertRaisesRegex(RunError, "nobody"):
            programs.check_bindings(SAID.format("/bin/p", "/bin/p"), "/h", "/bin/p")

    def test_a_stub_of_the_program(self):
        stub = "      7: binding file /lib/libx [0] to /bin/p [0]: normal symbol `malloc'\n"
        programs.check_bindings(stub + SAID.format("/h", "/h"), "/h", "/bin/p")

    def test_of_a_program(self):
        libc = programs.find_libc()
        if not libc:
            self.skipTest("no libc.so.6 where it is looked for")
        programs.verify("/bin/true", ("--version",), None, libc)
        with self.assertRaises(RunError):
            programs.verify("/bin/true", ("--version",), None, "/lib/nonexistent")


class Inputs(unittest.TestCase):
    def test_are_the_same_each_time(self):
        generate = programs.generate
        for made in (lambda: generate.history(3), lambda: generate.pages(2), lambda: generate.pigeons(3),
                     lambda: generate.arithmetic(2), lambda: generate.commands(50)):
            self.assertEqual("".join(made()), "".join(made()))
            self.assertTrue("".join(made()))


class Figures(unittest.TestCase):
    def test_page(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "latency.txt").write_text("heap  p50 \n\nloam  30\n", encoding="utf-8")
            text = script("figures").page(pathlib.Path(folder))
        self.assertIn("## Single calls\n", text)
        self.assertIn("\n    heap  p50\n\n    loam  30\n", text)
        self.assertNotIn("## Start-up", text)


class StartUp(unittest.TestCase):
    def summary(self):
        def times(*values):
            return [{"wall_us": value, "cpu_us": 1, "faults": 50} for value in values]

        def memory(value):
            return [dict.fromkeys(START.MEMORY, value)]
        return START.summarise({"system": times(400, 500, 600, 700, 800), "h": times(900, 500, 1200, 1300, 2000)},
                               {"system": memory(1000), "h": memory(1180)})

    def test_figures(self):
        found = self.summary()["h"]
        self.assertEqual(found["wall_us"], {"low": 900, "median": 1200, "high": 1300})
        self.assertEqual(found["over_system"]["wall_us"], 600)
        self.assertEqual(found["over_system"]["low_us"], 400)
        self.assertEqual(found["over_system"]["held_rss_kib"], 180)
        self.assertEqual(found["ratio"], 2.0)

    def test_table(self):
        text = START.table(self.summary(), {"x": "crashed"}, ["head"])
        self.assertIn("+0.600", text)
        self.assertIn("+180", text)
        self.assertIn("ERROR with x: crashed", text)

    def test_each_heap_begins(self):
        heaps = [Heap("a"), Heap("b"), Heap("c")]
        self.assertEqual("".join(heap.name for heap in START.turns(heaps, 3)), "abcbcacab")


def built(name):
    return os.access(os.path.join(BIN, f"loam-bench-{name}"), os.X_OK)


@unittest.skipUnless(built("launch"), "the launcher isn't built")
class RealPrograms(unittest.TestCase):
    launcher = os.path.join(BIN, "loam-bench-launch")

    def test_what_a_program_says(self):
        done = launched.run(self.launcher, None, ["/bin/echo", "word"], launched.clean_environment())
        self.assertEqual(done.output, b"word\n")
        self.assertGreater(done.figures["wall_us"], 0)

    def test_one_that_takes_too_long(self):
        with self.assertRaisesRegex(RunError, "still running after 0.1 s"):
            launched.run(self.launcher, None, ["/bin/sleep", "60"], launched.clean_environment(), timeout=0.1)

    def test_result_is_hashed(self):
        with tempfile.TemporaryDirectory() as scratch:
            for program in programs.known(scratch, 1):
                if program.name not in ("sqlite3", "lua", "perl") or not shutil.which(program.command[0]):
                    continue
                with self.subTest(program=program.name):
                    programs.prepare(program, scratch, 1)
                    runs = [programs.measure(self.launcher, program, Heap("system"), scratch, 1) for _ in range(2)]
                    self.assertEqual(runs[0]["checksum"], runs[1]["checksum"])
                    self.assertEqual(len(runs[0]["checksum"]), 64)

    @unittest.skipUnless(built("few"), "few isn't built")
    def test_small_memory(self):
        figures = measure.measure(self.launcher, os.path.join(BIN, "loam-bench-few"), [], Heap("system"), 100)
        for key in START.MEMORY:
            self.assertGreater(figures[key], 50)


if __name__ == "__main__":
    unittest.main()
