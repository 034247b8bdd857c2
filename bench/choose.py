"""Which heaps are measured, and what the runners of this folder share of their command lines."""

import os
import pathlib
import sys

import measure
from measure import FLOOR, LOAM, OWN, SYSTEM, Heap

TOP = pathlib.Path(__file__).resolve().parent.parent


def warn(text):
    print(f"bench: {text}", file=sys.stderr)


def write_file(path, text):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text(text, encoding="utf-8")


def add_arguments(parser):
    parser.add_argument("--loam", metavar="PATH", help="the library to measure (default: build/libloam.so)")
    parser.add_argument("--peers", default="", metavar='"NAME=PATH ..."',
                        help="further libraries; a name already known replaces that one")
    parser.add_argument("--heaps", metavar="H", help="only these heaps, with commas between (default: all)")
    parser.add_argument("--prices", action="store_true",
                        help="Loam at each level, and without each of its measures, as well")
    parser.add_argument("--bin", metavar="DIR", default=str(TOP / "build" / "bench"),
                        help="where the workloads' programs are (default: build/bench)")


def named_heap(parser, name, path, **more):
    if not os.path.isfile(path):
        parser.error(f"{name}: there is no file {path}")
    path = os.path.abspath(path)
    if " " in path or ":" in path:
        parser.error(f"{name}: {path}: LD_PRELOAD can't name a path with a space or a colon")
    return Heap(name, path, **more)


def find_peers(parser, options):
    heaps = {SYSTEM: Heap(SYSTEM)}
    found, missing = measure.debian_peers()
    heaps.update((peer.name, peer) for peer in found)
    for item in options.peers.split():
        name, equals, path = item.partition("=")
        if not (name and equals and path) or name in (SYSTEM, LOAM, FLOOR):
            parser.error(f"--peers wants NAME=PATH, with a name other than {SYSTEM}, {LOAM} and {FLOOR}: {item}")
        heaps[name] = named_heap(parser, name, path)
    for name, package in missing:
        if name not in heaps:
            warn(f"{name} is missing: apt-get install {package}")
    return list(heaps.values())


def find_loam(parser, options):
    path = options.loam or str(TOP / "build" / "libloam.so")
    if not options.loam and not os.path.exists(path):
        warn(f"{path} isn't built: only the peers are measured")
        return []
    own = named_heap(parser, LOAM, path, kind=OWN)
    return [own, *measure.prices(own.path)] if options.prices else [own]


def heaps(parser, options, with_floor=True):
    loam, *prices = find_loam(parser, options) or [None]
    found = [heap for heap in (loam, *find_peers(parser, options)) if heap]
    floor = os.path.join(options.bin, "libloam-bench-floor.so")
    if os.path.exists(floor) and (with_floor or FLOOR in (options.heaps or "").split(",")):
        found.append(named_heap(parser, FLOOR, floor, kind=FLOOR))
    if options.heaps:
        wanted = options.heaps.split(",")
        for name in wanted:
            if name not in [heap.name for heap in found]:
                parser.error(f"no heap {name}; there are: {', '.join(heap.name for heap in found)}")
        found = [heap for heap in found if heap.name in wanted]
    return found + prices
