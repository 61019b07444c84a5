"""What `numbanet bench` does with its arguments."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from ..checks import choice, fail, positive_integer
from ..errors import ArgumentError, FileError, NumbanetError, StateError
from ..kernels._jit import DISABLED
from ..kernels._threads import MOST_THREADS
from . import cases, comparison, ladders, report, workloads
from .results import Results, read
from .session import Session

FEW = "mlp", "lenet5", "cnn", "lstm"  # models of `all`
DEVICES = "cpu", "cuda"  # what is not there is left out, with a line that says why


def run(options: argparse.Namespace) -> int:
    """Do what the command says. Returns the exit code: 1 where a kernel was refused."""
    if options.bench == "compare":
        print(comparison.text(comparison.compare(read(options.before), read(options.after))))
        return 0
    if options.bench == "report":
        results = Results()
        for path in options.files:
            results.add(read(path))
        _write(results, options.report)
        return 0
    return _measure(options)


def _measure(options: argparse.Namespace) -> int:
    _check(options)
    command = shlex.join(["numbanet", *options.arguments])
    session = Session(command, options.device or DEVICES, options.threads, options.dtype, options.rounds)
    try:
        if options.bench in ("all", "kernels"):
            session.kernels(options.op, options.shape)
        if options.bench in ("all", "ladder"):
            session.ladders(options.op, options.shape)
        if options.bench in ("all", "train"):
            session.train(options.model or (FEW if options.bench == "all" else None), options.batch)
    except (BrokenPipeError, KeyboardInterrupt):
        session.results.notes.append("interrupted: the rest was not measured")
        raise
    finally:
        _write(session.results, options.report, options.json)
    return 1 if session.refused else 0


def _check(options: argparse.Namespace) -> None:
    """Refuse what would only be found after minutes."""
    if DISABLED:
        raise StateError("bench: loops run as plain Python with NUMBA_DISABLE_JIT=1, which is not what is to be timed.")
    for count in options.threads or ():
        if positive_integer("bench", "threads", count) > MOST_THREADS:
            fail("bench", "threads", f"at most {MOST_THREADS} here (the environment's NUMBA_NUM_THREADS)", count)
    for batch in options.batch or ():
        positive_integer("bench", "batch", batch)
    positive_integer("bench", "rounds", options.rounds)
    known = ladders.OPERATIONS if options.bench == "ladder" else cases.OPERATIONS
    for name in options.op or ():
        choice("bench", "the operation", name, known)
    for name in options.model or ():
        choice("bench", "the model", name, workloads.KEYS)
    if options.shape and len(options.op or ()) != 1:
        raise ArgumentError("bench: a shape is that of one operation. Name the operation with --op.")
    if options.shape:
        cases.of(options.op[0], options.shape)
    for path in options.report:
        report.expect_kind(path)
    for path in filter(None, [*options.report, options.json]):
        if not Path(path).absolute().parent.is_dir():
            raise FileError(f"bench: expected the folder of {path} to exist")
        if Path(path).is_dir():
            raise FileError(f"bench: expected a file, and {path} is a folder")


def _write(results: Results, reports: list[str], json: str | None = None) -> None:
    """All of them, though one of them should fail, and before anything is said of it."""
    failed: list[NumbanetError] = []
    written = []
    for path in filter(None, [json, *reports]):
        try:
            if path == json:
                results.write(path)
            else:
                report.write(results, path)
            written.append(path)
        except NumbanetError as error:
            failed.append(error)
    for path in written:
        print(f"written: {path}")
    if failed:
        raise failed[0]
