"""The arguments of `numbanet bench`."""

from __future__ import annotations

import argparse
from typing import Any

DTYPES = "float32", "float64"


def add_parser(commands: Any) -> None:
    """Add `bench` and its own commands to those of `numbanet`."""
    bench = commands.add_parser("bench", help="time every kernel and whole training steps, on the CPU and a GPU")
    own = bench.add_subparsers(dest="bench", required=True, metavar="what")
    everything = _measuring(own, "all", "kernels, ladders and training steps: for one page of everything")
    kernels = _measuring(own, "kernels", "every kernel, once it is right, beside the limits of the machine")
    train = _measuring(own, "train", "training steps at growing batches, and from which batch on a GPU wins")
    ladder = _measuring(own, "ladder", "from the textbook loop to the kernel that is used, rung by rung")
    for parser in (kernels, ladder):
        parser.add_argument("--op", nargs="+", metavar="NAME", help="operations (default: all that there are)")
        parser.add_argument("--shape", metavar="SHAPE", help="such as 128x784x512, or N=128,I=784: of one operation")
    train.add_argument("--model", nargs="+", metavar="NAME", help="models (default: all that there are)")
    train.add_argument("--batch", nargs="+", type=int, metavar="N", help="batch sizes (default: 1 4 16 64 256 1024)")
    for parser in (everything, kernels, ladder, train):
        parser.set_defaults(**dict.fromkeys(("op", "shape", "model", "batch")))
    report = own.add_parser("report", help="a page, a table or a picture of results that were kept")
    report.add_argument("files", nargs="+", metavar="FILE.json", help="of --json, or of pytest bench --benchmark-json")
    report.add_argument("--report", nargs="+", required=True, metavar="PATH", help="page.html, table.md, picture.png")
    compare = own.add_parser("compare", help="what became faster or slower between two files, beyond the noise")
    compare.add_argument("before", metavar="BEFORE.json")
    compare.add_argument("after", metavar="AFTER.json")


def _measuring(own: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = own.add_parser(name, help=text, description=text)
    parser.add_argument("--device", nargs="+", metavar="NAME", help="of cpu, cuda, reference (default: cpu, and cuda)")
    parser.add_argument("--threads", nargs="+", type=int, metavar="N", help="of the CPU (default: 1, and all)")
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="of the arrays (default float32)")
    parser.add_argument("--rounds", type=int, default=7, help="stretches of each thing, which take turns (default 7)")
    parser.add_argument("--json", metavar="PATH", help="keep the results, for report and compare")
    parser.add_argument("--report", nargs="+", default=[], metavar="PATH", help="page.html, table.md, picture.png")
    return parser
