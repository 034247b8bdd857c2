"""Reads what libloam-check.so writes (src/base/wire.h) about one program."""

import pathlib
import re
import urllib.parse

import sources
from findings import Finding
from patterns import LEAKS


def read_record(line):
    """(word, {key: value}) of one line; of keys that come again the last."""
    word, *pairs = line.split(" ")
    values = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        values[key] = urllib.parse.unquote(value)
    return word, values


def read_records(folder):
    """The records of all processes; a line without its newline isn't there."""
    records = []
    for file in sorted(pathlib.Path(folder).iterdir()):
        text = file.read_text(errors="replace")
        records += [read_record(line) for line in text[:text.rfind("\n") + 1].splitlines()]
    return records


def number(values, key):
    return int(values[key], 0) if key in values else None


class Stacks:
    """The first line of the user's own source in each stack."""

    def __init__(self, records, program, source_name):
        modules = {values["id"] for word, values in records
                   if word == "module" and pathlib.Path(values["path"]).name == pathlib.Path(program).name}
        self.frames = {}
        for word, values in records:
            if word == "stack":
                self.frames[values["id"]] = self.own_frames(values, modules)
        self.lines = sources.read_lines(program, source_name,
                                        [address for frames in self.frames.values() for address in frames])

    @staticmethod
    def own_frames(values, modules):
        """Addresses in the program itself; of a return address the call before it."""
        found = []
        for i, frame in enumerate(filter(None, values["frames"].split(","))):
            module, _, address = frame.partition("+")
            if module in modules:
                found.append(int(address, 0) - (0 if i == 0 and values.get("exact") == "1" else 1))
        return found

    def line(self, stack):
        for address in self.frames.get(stack, []):
            if self.lines.get(address):
                return self.lines[address][0]
        return None


def as_finding(values, stacks):
    block = values.get("failed") if values["code"] in ("null-deref", "bad-size") else values.get("allocated")
    leak = values["code"] in LEAKS
    return Finding(code=values["code"], certainty=values.get("certainty", "exact"),
                   line=stacks.line(values.get("allocated" if leak else "stack")), block_line=stacks.line(block),
                   free_line=stacks.line(values.get("freed")), size=number(values, "size"),
                   first=number(values, "first"), inside=number(values, "inside"), where=values.get("where"),
                   text=" ".join(f"{key}={values[key]}" for key in ("call", "access", "bytes") if key in values))


def read_findings(folder, program, source_name):
    records = read_records(folder)
    stacks = Stacks(records, program, source_name)
    return [as_finding(values, stacks) for word, values in records if word == "finding"]


def read_notes(folder):
    return [values.get("text", "") for word, values in read_records(folder) if word == "note"]


def options_for(folder, options):
    """LOAM_OPTIONS of what the command's options --KEY=VALUE and --KEY stand for."""
    words = [f"check_to={folder}"]
    for option in options:
        key, _, value = re.sub("^--", "", option).replace("-", "_").partition("=")
        words.append(f"{key}={value or 1}")
    return ":".join(words)
