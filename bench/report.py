"""bench/RESULTS.md: one section for each of the commands that measure, written by it with --write."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# Measured results

Generated, each section by the command that it names: peak.py, compare.py, inference.py, kernel_time.py, memory.py,
memory_mapped.py, prefetch.py, epoch.py, character_model.py and cuda_code.py with --write. On shared machines read
ratios and shares, not single times.
"""
LIBRARIES = "numba", "numpy", "torch", "jax", "scikit-learn"
SETTINGS = "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"  # of the environment, where they change what is compiled
VECTORS = "avx512f", "avx2", "asimd"  # instruction sets worth naming


def machine() -> str:
    """The processor, its cores and vectors, and the operating system."""
    name, vectors = platform.processor() or platform.machine(), ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        text = cpuinfo.read_text()
        found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
        name = found[1].strip() if found else name
        flags = re.search(r"^(?:flags|Features)\s*: (.*)$", text, re.MULTILINE)
        vectors = next((f", {v}" for v in VECTORS if flags and v in flags[1].split()), "")
    return f"{os.cpu_count()} cores of {name}{vectors}, {platform.system()}"


def versions() -> str:
    """Python's and those of the installed libraries."""
    installed = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}
    named = [f"{name} {installed[name]}" for name in LIBRARIES if name in installed]
    return ", ".join([f"Python {platform.python_version()}", *named])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned for those who read it as text."""
    lines = [tuple(head), *map(tuple, rows)]
    columns = []
    for k, column in enumerate(zip(*lines, strict=True)):
        width = max(map(len, column))
        cells = [cell.ljust(width) if k == 0 else cell.rjust(width) for cell in column]
        columns.append([cells[0], "-" * width if k == 0 else "-" * (width - 1) + ":", *cells[1:]])
    return "\n".join(f"| {' | '.join(line)} |" for line in zip(*columns, strict=True))


def prose(docstring: str) -> str:
    """The first paragraph of a script's docstring below its title."""
    return " ".join(docstring.split("\n\n")[1].split())


def write_section(title: str, *paragraphs: str, results: Path = RESULTS) -> None:
    """Put the section there, in place of an older one of that title; the others stay."""
    old = results.read_text() if results.exists() else ""
    sections = {s.split("\n", 1)[0]: s for s in re.split(r"^## ", old, flags=re.MULTILINE)[1:]}
    settings = [f"{name}={value}" for name, value in os.environ.items() if name in SETTINGS]
    command = shlex.join(["python", f"bench/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    origin = f"`{' '.join([*settings, command])}`, {datetime.date.today()}; {machine()}; {versions()}."
    sections[title] = "\n\n".join([title, origin, *paragraphs])
    results.write_text("\n".join([HEAD, *(f"## {s.strip()}\n" for s in sections.values())]))
