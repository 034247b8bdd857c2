"""Lines of a case's own source, out of addresses in its program."""

import re
import subprocess


def read_lines(program, source_name, addresses):
    """{address: lines in that source, the innermost inlined function's first}."""
    addresses = sorted(set(addresses))
    if not addresses:
        return {}
    # LLVM's, because binutils 2.40 takes headers for the source now and then, and elfutils wants .debug_aranges.
    said = subprocess.run(["llvm-addr2line", "-a", "-i", "-e", str(program)], text=True, capture_output=True,
                          check=False, input="".join(f"{address:#x}\n" for address in addresses)).stdout
    lines, current = {address: [] for address in addresses}, None
    for line in said.splitlines():
        place = re.fullmatch(r"(.*?):(\d+)(?: \(.*\))?", line)
        if re.fullmatch(r"0x[0-9a-f]+", line):
            current = int(line, 16)
        elif place and place[1].rpartition("/")[2] == source_name:
            lines[current].append(int(place[2]))
    return lines
