"""Peak memory of training the CNN 32-64, each library in a process of its own: python bench/memory.py

What the kernel counts as the process's largest resident size (VmHWM), with the interpreter and the library, after
some steps on one batch; and the size after the import, before there is a network. The networks are described by
numbanet, which PyTorch's processes import, too: what that adds is taken off.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

LIBRARIES = {"numbanet": "numbanet", "PyTorch, contiguous": "torch 0", "PyTorch, channels last": "torch 1"}


def resident() -> float:
    """The largest resident size of this process so far, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def train(library: str, name: str, threads: int, steps: int) -> tuple[float, float]:
    """Peaks in MiB: after the import of the library alone, and after the training."""
    package, *which = library.split()
    importlib.import_module(package)
    alone = resident()
    module = importlib.import_module(f"peers.{package}_step")
    others = resident() - alone
    workload = chosen(name)
    module.set_threads(threads)
    if package == "numbanet":
        step, _ = module.step(workload, *workload.data())
    else:
        step = module.step(workload, *workload.data(), None, *map(int, which))
    for _ in range(steps):
        step()
    return alone, resident() - others


def chosen(name: str) -> Any:
    """The workload whose name holds this."""
    from numbanet.bench.workloads import WORKLOADS

    return next(w for w in WORKLOADS if name in w.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="CNN 32-64 +", help="the workload whose name holds this")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--library", help="measure this one alone, in this process")
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    if options.library:
        print(*train(options.library, options.only, options.threads, options.steps))
        return
    import report

    same = [__file__, "--only", options.only, "--threads", str(options.threads), "--steps", str(options.steps)]
    found = {}
    for label, library in LIBRARIES.items():
        command = [sys.executable, *same, "--library", library]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found[label] = [float(word) for word in output.split()]
    ours, best = found["numbanet"][1], min(peak for label, (_, peak) in found.items() if label != "numbanet")
    rows = [[label, f"{before:.0f}", f"{peak:.0f}"] for label, (before, peak) in found.items()]
    table = report.table([chosen(options.only).name, "MiB after imports", "MiB after training"], rows)
    text = f"{table}\n\nnumbanet / PyTorch: {ours / best:.2f}."
    print(text)
    if options.write:
        report.write_section("Memory", report.prose(__doc__), text)


if __name__ == "__main__":
    main()
