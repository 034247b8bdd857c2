"""From raw figures to medians, ratios and tables.

`raw` maps (workload, heap's name) to a list of runs, `errors` the same to a text; a pair with an error has no figures.
"""

import math
import statistics
import textwrap

from measure import FLOOR, OWN, PEER, PRICE

WIDTH = 100

# title, key, divisor, decimals, what is printed
METRICS = (
    ("Time: seconds from start to end", "wall_us", 1e6, 3),
    ("CPU time: seconds, user and system", "cpu_us", 1e6, 3),
    ("Peak memory: MiB resident", "peak_rss_kib", 1024, 1),
    ("Final memory: MiB resident after all is freed", "final_rss_kib", 1024, 1),
    ("Page faults: thousands", "faults", 1e3, 1),
)
RATIO_METRICS = (("time", "wall_us"), ("CPU time", "cpu_us"), ("peak memory", "peak_rss_kib"))


def geometric_mean(values):
    values = list(values)
    if not values or min(values) <= 0:
        return None
    return math.exp(sum(map(math.log, values)) / len(values))


def summarise(values):
    """None where nothing was measured."""
    ordered = sorted(value for value in values if value is not None)
    return {"median": statistics.median(ordered), "min": ordered[0], "max": ordered[-1]} if ordered else None


def spread(summary):
    """The range as a share of the median: what this machine's noise did to the cell."""
    return (summary["max"] - summary["min"]) / summary["median"] if summary["median"] else 0.0


class Results:
    def __init__(self, workloads, heaps, raw, errors, keys):
        self.about = {workload.name: workload for workload in workloads}
        self.workloads = list(self.about)
        self.errors = errors
        self.cells = {pair: {key: summarise([run.get(key) for run in runs]) for key in keys}
                      for pair, runs in raw.items() if runs and pair not in errors}
        self.working = {heap for _, heap in self.cells}
        self.rounds = max(map(len, raw.values()), default=0)
        kinds = {kind: [heap.name for heap in heaps if heap.kind == kind] for kind in (OWN, PEER, FLOOR, PRICE)}
        self.peers = kinds[PEER]
        self.floor = [name for name in kinds[FLOOR] if name in self.working]
        self.heaps = [*kinds[OWN], *kinds[PEER], *kinds[FLOOR]]
        self.own = [name for name in kinds[OWN] if name in self.working]
        self.prices = [name for name in kinds[PRICE] if name in self.working] if self.own else []

    def median(self, workload, heap, key):
        cell = self.cells.get((workload, heap))
        return cell[key]["median"] if cell and cell[key] else None

    def best_peer(self, workload, key):
        """The lowest median among the peers that ran; Loam isn't compared with itself."""
        medians = [self.median(workload, heap, key) for heap in self.peers]
        return min((value for value in medians if value), default=None)

    def to_best(self, workload, heap, key):
        own, best = self.median(workload, heap, key), self.best_peer(workload, key)
        return own / best if own and best else None

    def ratio(self, workload, heap, other, key):
        own, base = self.median(workload, heap, key), self.median(workload, other, key)
        return own / base if own and base else None

    def whole_workloads(self):
        """Those that Loam and every peer ran without an error: only these can be in a mean that compares heaps. A heap
        that ran nothing at all has no mean, and doesn't take the others' away; neither does the floor."""
        needed = self.working.intersection([*self.own, *self.peers])
        return [workload for workload in self.workloads if all((workload, heap) in self.cells for heap in needed)]

    def mean_to_best(self, heap, key):
        return geometric_mean(filter(None, (self.to_best(w, heap, key) for w in self.whole_workloads())))

    def mean_ratio(self, heap, other, key):
        """Over the workloads that both ran."""
        return geometric_mean(filter(None, (self.ratio(w, heap, other, key) for w in self.whole_workloads())))

    def best_mean_peer(self, key):
        means = {heap: self.mean_to_best(heap, key) for heap in self.peers}
        return min((heap for heap in means if means[heap]), key=lambda heap: means[heap], default=None)

    def noise(self, key):
        """The median spread of all cells; None where everything was run only once."""
        if self.rounds < 2:
            return None
        spreads = [spread(cell[key]) for cell in self.cells.values() if cell[key]]
        return statistics.median(spreads) if spreads else None


# ---- tables ----

def number(value, form):
    return "-" if value is None else format(value, form)


def first_width(results):
    return max(10, *(len(name) + 1 for name in results.workloads))


def cells_line(first, cells, width, left):
    return f"{first:<{left}}" + "".join(f"{cell:>{width}}" for cell in cells).rstrip()


def groups(names, least, left):
    """As many columns at a time as fit, and their width: enough for each name and for what stands below it."""
    width = max(least, *(len(name) + 2 for name in names))
    count = max(1, (WIDTH - left) // width)
    return width, [names[i:i + count] for i in range(0, len(names), count)]


def metric_cell(results, workload, heap, metric):
    _, key, divisor, decimals = metric
    if (workload, heap) in results.errors:
        return "error"
    cell = results.cells.get((workload, heap))
    if cell is None or cell[key] is None:
        return "-"
    return (f"{cell[key]['median'] / divisor:.{decimals}f}{min(spread(cell[key]), 9.99):>5.0%}"
            f"{number(results.to_best(workload, heap, key), '.2f'):>6}")


def metric_lines(results, metric):
    title, key, *_ = metric
    left = first_width(results)
    width, parts = groups(results.heaps, 18, left)
    for names in parts:
        yield f"{title}"
        yield cells_line("", names, width, left)
        for workload in results.workloads:
            yield cells_line(workload, [metric_cell(results, workload, heap, metric) for heap in names], width, left)
        yield cells_line("mean", [number(results.mean_to_best(heap, key), ".2f") for heap in names], width, left)
        yield ""


def ratio_table(results, title, first, columns, value, mean):
    """Of ratios: value(workload, column) and mean(column) give them."""
    left = first_width(results)
    width, parts = groups(columns, 11, left)
    for names in parts:
        yield title
        yield cells_line("", names, width, left)
        for workload in results.workloads:
            cells = ["error" if (workload, first) in results.errors else number(value(workload, name), ".2f")
                     for name in names]
            yield cells_line(workload, cells, width, left)
        yield cells_line("mean", [number(mean(name), ".2f") for name in names], width, left)
        yield ""


def ratio_lines(results, own, title, key):
    """To each peer, to the best one, to the floor."""
    yield from ratio_table(
        results, f"{own.capitalize()}'s {title} as a ratio to each heap's", own,
        [*results.peers, "best", *results.floor],
        lambda workload, name: (results.to_best(workload, own, key) if name == "best"
                                else results.ratio(workload, own, name, key)),
        lambda name: results.mean_to_best(own, key) if name == "best" else results.mean_ratio(own, name, key))


def price_lines(results, own, title, key):
    yield from ratio_table(
        results, f"The prices: {own}'s {title} with these options as a ratio to that with none", own, results.prices,
        lambda workload, name: results.ratio(workload, name, own, key),
        lambda name: results.mean_ratio(name, own, key))


def level_price(results, key):
    """What the default level costs over the one that checks the least."""
    if {"harden=2", "harden=0"} <= set(results.prices):
        return results.mean_ratio("harden=2", "harden=0", key)
    return None


def notes(results):
    left_out = [workload for workload in results.workloads if workload not in results.whole_workloads()]
    if left_out:
        yield f"Not in the means, because a heap failed there: {', '.join(left_out)}."
    best = results.best_mean_peer("wall_us")
    if best:
        yield f"The peer with the best mean time: {best}."
        for own in results.own:
            mean = number(results.mean_ratio(own, best, "wall_us"), ".2f")
            yield f"{own.capitalize()}'s mean time as a ratio to that peer's: {mean}."
    if results.prices:
        levels = ", ".join(f"{title} {number(level_price(results, key), '.2f')}" for title, key in RATIO_METRICS)
        yield f"harden=2 as a ratio to harden=0, mean: {levels}."
    if results.floor:
        rows = sum((workload, results.floor[0]) in results.cells for workload in results.workloads)
        yield f"The floor never frees; it is no peer. It ran {rows} of {len(results.workloads)} workloads."
    noise = {title: results.noise(key) for title, key in RATIO_METRICS}
    yield ("The machine's noise (median of all spreads): "
           + ", ".join(f"{title} {number(value, '.0%')}" for title, value in noise.items()) + ".")
    for (workload, heap), text in sorted(results.errors.items()):
        yield f"ERROR {workload} with {heap}: {text}"


def wrapped(texts):
    return [line for text in texts for line in textwrap.wrap(text, WIDTH, subsequent_indent="  ")]


def table(results, heading):
    lines = [*wrapped(heading), "",
             "In each cell: median, spread (max - min, % of the median), ratio to the best peer of the row.",
             "mean: geometric mean of the ratios.", ""]
    for metric in METRICS:
        lines.extend(metric_lines(results, metric))
    for own in results.own:
        for title, key in RATIO_METRICS:
            lines.extend(ratio_lines(results, own, title, key))
        for title, key in RATIO_METRICS if results.prices else ():
            lines.extend(price_lines(results, own, title, key))
    lines.extend(wrapped(notes(results)))
    return "\n".join(lines) + "\n"


# ---- for JSON ----

def pair_summary(results, workload, heap):
    if (workload, heap) in results.errors:
        return {"error": results.errors[workload, heap]}
    cell = results.cells.get((workload, heap))
    if cell is None:
        return None
    return {key: {**summary, "spread": spread(summary), "to_best_peer": results.to_best(workload, heap, key)}
            for key, summary in cell.items() if summary}


def ratios_to(results, heap, others, keys):
    return {other: {key: results.mean_ratio(heap, other, key) for key in keys} for other in others}


def summary(results, keys):
    columns = [*results.heaps, *results.prices]
    return {
        "workloads": {workload: {heap: pair_summary(results, workload, heap) for heap in columns}
                      for workload in results.workloads},
        "means": {heap: {key: results.mean_to_best(heap, key) for key in keys} for heap in results.heaps},
        "ratios": {own: ratios_to(results, own, [*results.peers, *results.floor], keys) for own in results.own},
        "prices": {price: ratios_to(results, price, results.own, keys) for price in results.prices},
        "level_price": {key: level_price(results, key) for key in keys},
        "best_mean_peer": {key: results.best_mean_peer(key) for key in keys},
        "noise": {key: results.noise(key) for key in keys},
    }
