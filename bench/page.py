"""The tables as a page with plots: one HTML file that needs nothing else, for light and for dark screens."""

import html
import math

import report

# Time, CPU time, memory, faults: what is plotted for each heap.
PLOTS = (("Time", "wall_us"), ("CPU time", "cpu_us"), ("Peak memory", "peak_rss_kib"), ("Page faults", "faults"))
PANELS = (("Time", "wall_us", 1e6, "s", 2), ("Peak memory", "peak_rss_kib", 1024, "MiB", 1))

STYLE = """
:root { color-scheme: light dark; --back: #fff; --ink: #1b1f24; --soft: #5d6670; --rule: #d5dae0; --card: #f6f7f9;
  --own: #c8501e; --c0: #7a8694; --c1: #2f6fb7; --c2: #2a8a6a; --c3: #8a5cb5; --c4: #b58a1c; --c5: #b04a78;
  --floor: #b9c0c8; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --ink: #e6e9ec; --soft: #9aa4ae; --rule: #363c43;
  --card: #1c2024; --own: #f0824e; --c0: #8f9ba8; --c1: #63a0e6; --c2: #4fbf98; --c3: #b48ae0; --c4: #dab54b;
  --c5: #e07fac; --floor: #565e67; } }
body { background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 1340px; padding: 24px 28px 60px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 40px 0 4px; }
h3 { font-size: 14px; margin: 0; } p { margin: 4px 0 12px; max-width: 90ch; } .soft, figcaption { color: var(--soft); }
.notes p { margin: 0; } .notes { margin-bottom: 14px; }
.facts { font-size: 13px; color: var(--soft); margin: 0; }
.grid { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(400px, 1fr)); }
.four { grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); }
figure { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; margin: 0; padding: 10px 12px; }
figcaption { font-size: 12px; line-height: 1.35; margin-bottom: 7px; min-height: 2.7em; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .quiet { fill: var(--soft); } svg .line { stroke: var(--rule); }
svg .one { stroke: var(--ink); stroke-dasharray: 3 3; }
svg .whisker { stroke: var(--ink); stroke-width: 1.2; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; margin: 8px 0 12px; }
.legend i { border-radius: 2px; display: inline-block; height: 11px; margin-right: 6px; width: 11px; }
table { border-collapse: collapse; font-size: 13px; } .wide { overflow-x: auto; }
th, td { border-bottom: 1px solid var(--rule); padding: 3px 9px; text-align: right;
  font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; } tr.mean { font-weight: 600; } pre { font-size: 12px; overflow-x: auto; }
.error { color: var(--own); }
"""

ROW, LABEL, WIDE, RIGHT = 19, 92, 400, 128  # of a plot: a bar's row; room for names; all; room for figures
STEPS = ((1.2, 0.25), (2.6, 0.5), (6, 1), (15, 2.5), (40, 10), (100, 20))
MOST = 3.0  # a longer bar is cut, so that the others can be told apart


def text_of(value):
    return html.escape(str(value))


def colours(results):
    """A heap has its colour in all plots."""
    names = {name: "own" for name in results.own}
    for i, peer in enumerate(results.peers):
        names[peer] = f"c{i % 6}"
    names.update((name, "floor") for name in results.floor)
    return names


def nice_end(most):
    """Where an axis ends, and the distance of its marks."""
    for limit, step in STEPS:
        if most <= limit:
            return math.ceil(most / step - 1e-9) * step, step
    return most, most


def axis(scale, end, step, height):
    count = round(end / step)
    for i in range(count + 1):
        at = scale(i * step)
        yield f'<line class="line" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height}"/>'
        yield f'<text class="quiet" x="{at:.1f}" y="{height + 14}" text-anchor="middle">{i * step:g}</text>'


def bar(scale, end, at, row):
    """row: name, colour, value, low, high, what is written at the right."""
    name, colour, value, low, high, said = row
    middle = at + ROW / 2
    yield f'<text x="{LABEL - 8}" y="{middle + 4:.1f}" text-anchor="end">{text_of(name)}</text>'
    yield (f'<rect x="{LABEL}" y="{at + 3}" width="{max(1, scale(min(value, end)) - LABEL):.1f}" height="{ROW - 6}" '
           f'rx="2" fill="var(--{colour})"/>')
    if value > end:
        tip = scale(end)
        yield (f'<path d="M{tip - 9:.1f} {at + ROW - 1} l5 -{ROW - 2} M{tip - 5:.1f} {at + ROW - 1} l5 -{ROW - 2}" '
               'stroke="var(--card)" stroke-width="2"/>')
    elif high > low:
        left, right = scale(low), scale(min(high, end))
        yield (f'<path class="whisker" fill="none" d="M{left:.1f} {middle} H{right:.1f} M{left:.1f} {middle - 3} v6 '
               f'M{right:.1f} {middle - 3} v6"/>')
    for i, text in enumerate(said):
        yield (f'<text class="{"quiet" if i else ""}" x="{WIDE - (0 if i else RIGHT - 42)}" y="{middle + 4:.1f}" '
               f'text-anchor="end">{text_of(text)}</text>')


def longest(rows):
    return min(max([1, *(row[2] for row in rows), *(row[4] for row in rows)]), MOST)


def bars(rows, what, most=0):
    """Bars of ratios beside each other, a line at 1, and an axis that goes to `most` at least."""
    if not rows:
        return ""
    end, step = nice_end(max(most, longest(rows)))
    height = ROW * len(rows)

    def scale(value):
        return LABEL + (WIDE - RIGHT - LABEL) * value / end

    wide = WIDE if any(len(row[5]) > 1 for row in rows) else WIDE - RIGHT + 52
    parts = [f'<svg viewBox="0 0 {wide} {height + 20}" role="img" aria-label="{text_of(what)}">',
             *axis(scale, end, step, height)]
    for i, row in enumerate(rows):
        parts.extend(bar(scale, end, i * ROW, row))
    parts.append(f'<line class="one" x1="{scale(1):.1f}" x2="{scale(1):.1f}" y1="0" y2="{height}"/></svg>')
    return "".join(parts)


def figure(title, caption, drawn):
    return f"<figure><h3>{text_of(title)}</h3><figcaption>{text_of(caption)}</figcaption>{drawn}</figure>"


def mean_rows(results, key):
    shades = colours(results)
    means = {name: results.mean_to_best(name, key) for name in results.heaps}
    order = sorted((name for name in means if means[name]), key=lambda name: means[name])
    return [(name, shades[name], means[name], 0, 0, (f"{means[name]:.2f}",)) for name in order]


def mean_figures(results):
    for title, key in PLOTS:
        yield figure(title, "Geometric mean of the ratios to the best peer of each workload. Shorter is better.",
                     bars(mean_rows(results, key), f"{title}: means"))


def cell_rows(results, workload, key, divisor, unit, decimals):
    shades = colours(results)
    best = results.best_peer(workload, key)
    for name in results.heaps:
        cell = results.cells.get((workload, name))
        if best and cell and cell[key]:
            low, middle, high = (cell[key][part] / best for part in ("min", "median", "max"))
            said = (f"{middle:.2f}", f"{cell[key]['median'] / divisor:.{decimals}f} {unit}")
            yield name, shades.get(name, "own"), middle, low, high, said


def workload_figures(results, panel):
    title, key, divisor, unit, decimals = panel
    rows = {workload: list(cell_rows(results, workload, key, divisor, unit, decimals))
            for workload in results.workloads}
    most = max(map(longest, rows.values()), default=1)  # one scale for all, so that they can be compared
    for workload in results.workloads:
        about = results.about[workload]
        threads = f"{about.threads} threads. " if about.threads > 1 else ""
        failed = [name for name in results.heaps if (workload, name) in results.errors]
        caption = threads + about.what + (f" ERROR with {', '.join(failed)}." if failed else "")
        yield figure(workload, caption, bars(rows[workload], f"{workload}: {title}", most))


def legend(results):
    items = "".join(f'<span><i style="background:var(--{colour})"></i>{text_of(name)}</span>'
                    for name, colour in colours(results).items())
    return f'<div class="legend">{items}</div>'


# ---- The prices ----

def price_rows(results, key):
    for name in results.prices:
        mean = results.mean_ratio(name, results.own[0], key)
        if mean:
            yield name, "own" if name.startswith("harden") else "c1", mean, 0, 0, (f"{mean:.3f}",)


def price_table(results, key):
    def row(first, values, kind=""):
        cells = "".join(f"<td>{report.number(value, '.2f')}</td>" for value in values)
        return f'<tr class="{kind}"><th>{text_of(first)}</th>{cells}</tr>'

    own = results.own[0]
    head = "".join(f"<th>{text_of(name)}</th>" for name in results.prices)
    lines = [row(workload, [results.ratio(workload, name, own, key) for name in results.prices])
             for workload in results.workloads]
    means = row("mean", [results.mean_ratio(name, own, key) for name in results.prices], "mean")
    return f'<div class="wide"><table><tr><th></th>{head}</tr>{"".join(lines)}{means}</table></div>'


def price_part(results):
    yield "<h2>The prices of protection</h2>"
    yield ("<p>Loam at each level, and at the default level with one measure switched off, as a ratio to the default. "
           "Below 1 is what the measure costs; above 1, what more protection would.</p>")
    yield '<div class="grid">'
    for title, key in report.RATIO_METRICS:
        yield figure(title[0].upper() + title[1:], "Geometric mean over all workloads, default = 1",
                     bars(list(price_rows(results, key)), f"prices: {title}"))
    yield "</div><h3 style='margin-top:18px'>CPU time, ratio to the default, by workload</h3>"
    yield price_table(results, "cpu_us")


# ---- The whole ----

def notes(results):
    for line in report.notes(results):
        kind = ' class="error"' if line.startswith("ERROR") else ""
        yield f"<p{kind}>{text_of(line)}</p>"


def parts(results, heading, table):
    yield "<h1>Loam beside other heaps</h1>"
    yield from (f'<p class="facts">{text_of(line)}</p>' for line in heading)
    yield "<h2>Means</h2>"
    yield '<div class="notes">'
    yield from notes(results)
    yield '</div><div class="grid four">'
    yield from mean_figures(results)
    yield "</div>"
    if results.prices:
        yield from price_part(results)
    for panel in PANELS:
        yield f"<h2>{panel[0]} of each workload</h2>"
        yield ("<p>Ratio to the best peer of the workload, which is 1; at the right the ratio and the median. The "
               f"whiskers show the smallest and the largest of the rounds. Bars over {MOST:g} are cut.</p>")
        yield legend(results)
        yield '<div class="grid">'
        yield from workload_figures(results, panel)
        yield "</div>"
    yield f"<h2>Tables</h2><details><summary>All figures</summary><pre>{text_of(table)}</pre></details>"


def page(results, heading, table):
    body = "\n".join(parts(results, heading, table))
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
            '<meta name="viewport" content="width=device-width"/><title>Loam beside other heaps</title>'
            f"<style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n")
