"""What NVIDIA's assembler makes of the CUDA kernels, for which no GPU is needed: python bench/cuda_code.py

Every kernel, with its stages and tile configurations, as the cases of tests/cuda call them in float32: how many, the
most registers of a thread, bytes of shared memory of a block, bytes spilled to memory, and instructions of 128 bits.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import report

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cuda import assembled, cases
from tests.ptx.compiler import Assembled

HEAD = ["operation", "kernels", "registers sm_80", "sm_90", "shared bytes", "spilled", "128-bit"]


def rows() -> list[list[str]]:
    """One an operation, and one of all."""
    found: dict[str, dict[str, dict[tuple[int, int], Assembled]]] = defaultdict(dict)
    with tempfile.TemporaryDirectory() as folder:
        for case in cases.everything():
            for capability in assembled.CAPABILITIES:
                for launch in assembled.launches(case, capability):
                    key = f"{launch.kernel.name}{launch.kinds}"
                    known = found[case.operation].setdefault(key, {})
                    if capability not in known:
                        known[capability] = assembled.examine(launch, capability, folder)
    lines = [_line(operation, list(kernels.values())) for operation, kernels in found.items()]
    return [*lines, _line("all", [kernel for kernels in found.values() for kernel in kernels.values()])]


def _line(name: str, kernels: list[dict[tuple[int, int], Assembled]]) -> list[str]:
    old, new = ([kernel[capability] for kernel in kernels] for capability in assembled.CAPABILITIES)
    return [
        name,
        str(len(kernels)),
        str(max(k.registers for k in old)),
        str(max(k.registers for k in new)),
        str(max(k.shared_bytes for k in new)),
        str(sum(k.spill_bytes for k in old + new)),
        str(sum(k.wide_accesses for k in new)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    table = report.table(HEAD, rows())
    print(table)
    if options.write:
        report.write_section("CUDA kernels, as assembled", report.prose(__doc__), table)


if __name__ == "__main__":
    main()
