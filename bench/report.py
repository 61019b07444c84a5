"""bench/RESULTS.md: one section for each of the commands that measure, written by it with --write."""

from __future__ import annotations

import datetime
import os
import re
import shlex
import sys
from pathlib import Path

from numbanet.bench.machine import machine, versions
from numbanet.bench.report.text import table

__all__ = ["prose", "table", "versions", "write_section"]

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# Measured results

Generated, each section by the command that it names: whole.py, and with --write roofs.py, compare.py, inference.py,
kernel_time.py, memory.py, memory_mapped.py, prefetch.py, epoch.py, standalone.py, ranks.py, character_model.py
and cuda_code.py. On shared machines read ratios and shares, not single times.
"""
SETTINGS = "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"  # of the environment, where they change what is compiled


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
