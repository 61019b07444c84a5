"""The command line: `numbanet demo`, `numbanet bench` and `numbanet doctor`, also as `python -m numbanet`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from . import __version__
from .bench.parser import add_parser
from .errors import NumbanetError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, or 1 with one line on what went wrong."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(given, argparse.Namespace(arguments=given))
    try:
        return COMMANDS[options.command](options) or 0
    except NumbanetError as error:
        print(f"numbanet: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `numbanet demo | head`: whoever read has gone, and Python would complain at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("numbanet: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="numbanet", description="Neural networks made of explicit loops.")
    parser.add_argument("--version", action="version", version=f"numbanet {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    demo = commands.add_parser("demo", help="train a network on 1,797 real handwritten digits")
    demo.add_argument("--seed", type=int, default=0, help="of weights, order and dropout (default 0)")
    demo.add_argument("--epochs", type=int, default=15, help="at most (default 15)")
    demo.add_argument("--device", default="cpu", help="cpu, or reference for the textbook loops")
    demo.add_argument("--picture", default="learning_curve.png", help="where the learning curve goes")
    add_parser(commands)
    commands.add_parser("doctor", help="versions, processor, threads, compiled kernels: for a bug report")
    return parser


def _demo(options: argparse.Namespace) -> None:
    from . import demo

    demo.run(options.seed, options.epochs, options.device, options.picture)


def _bench(options: argparse.Namespace) -> int:
    from .bench import command

    return command.run(options)


def _doctor(options: argparse.Namespace) -> None:
    from . import doctor

    doctor.run()


COMMANDS: dict[str, Callable[[argparse.Namespace], int | None]] = {"demo": _demo, "bench": _bench, "doctor": _doctor}
