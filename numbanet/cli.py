"""The command `numbanet`, also as `python -m numbanet`: the door, behind which each command is a file.

Whatever goes wrong is told in a line or a few, without Python's traceback, unless --traceback asks for it.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Any

from .commands.parser import make_parser
from .errors import NumbanetError

FAILED, INTERRUPTED = 1, 130
HOMES = {"bench": "bench.command"}  # all others are in commands/


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 with a line on what went wrong, or 130 after Ctrl-C."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = make_parser().parse_args(given, argparse.Namespace(arguments=given))
    home = importlib.import_module(f".{HOMES.get(options.command, f'commands.{options.command}')}", __package__)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)  # so that a log, or `| tee`, has each line when it is printed
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        try:
            code = home.run(options) or 0
            sys.stdout.flush()  # what a full disk, or a reader that has gone, did not take is noticed here
            return int(code)
        except BrokenPipeError:  # `numbanet demo | head`: whoever read has gone, and no one is left to tell
            _forget_output()
            return FAILED
        except KeyboardInterrupt:
            _say("interrupted")
            return INTERRUPTED
        except Exception as error:
            if options.traceback:
                traceback.print_exc()
            _say(_text(error))
            _flush()
            return FAILED


def _text(error: Exception) -> str:
    """What there is to say of an error."""
    if isinstance(error, NumbanetError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"there is not enough memory. {error}".strip()
    if isinstance(error, OSError) and error.strerror:
        return f"{os.fspath(error.filename)}: {error.strerror}" if error.filename else error.strerror
    return (
        f"{type(error).__name__}: {error}\nThis is an error of numbanet's own. Please report it, with what "
        "`numbanet --traceback ...` and `numbanet doctor` print."
    )


def _say(text: str) -> None:
    print(f"numbanet: {text}", file=sys.stderr)


def _warn(message: Any, *place: Any, **more: Any) -> None:
    """A warning in a line, without the place in the program that it came from."""
    _say(f"warning: {message}")


def _flush() -> None:
    """Write what a command has printed before it failed; where that cannot be, there is nothing more to say."""
    try:
        sys.stdout.flush()
    except OSError:
        _forget_output()


def _forget_output() -> None:
    """Python writes what is left at its exit, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
