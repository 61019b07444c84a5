"""The arguments of every command; nothing is imported here that takes time."""

from __future__ import annotations

import argparse
from typing import Any

from .. import __version__
from ..bench.parser import add_parser as add_bench

ABOUT = "Neural networks made of explicit loops, compiled by Numba."
CODES = "Exit codes: 0 all went well, 1 something went wrong, 2 wrong arguments, 130 Ctrl-C."
MODEL_HELP = "a model's file (.safetensors), or the folder of a training"
TRAIN = """\
examples:
  numbanet train digits.toml
  numbanet train digits.toml --set training.epochs=5 --set optimizer.learning_rate=0.01
  numbanet train digits.toml --set model.layers.1.units=128 --overwrite
  numbanet train digits.toml --resume              # goes on after Ctrl-C, to the same bits
  mpiexec -n 4 python -m mpi4py -m numbanet train digits.toml"""
PREDICT = """\
examples:
  numbanet predict runs/digits new.csv             # class,probability of each line
  numbanet predict runs/digits new.csv --probabilities -o guesses.csv
  numbanet predict model.safetensors new.npz --raw"""
EVALUATE = """\
examples:
  numbanet evaluate runs/digits                    # on what its training held back for testing
  numbanet evaluate runs/digits more.csv --json"""
SUMMARY = """\
examples:
  numbanet summary runs/digits
  numbanet summary digits.toml"""
EXPORT = """\
examples:
  numbanet export runs/digits digits.onnx
  numbanet export runs/digits/last.safetensors digits.c"""
CHECK = """\
examples:
  numbanet check                                   # all operations, on every device that there is
  numbanet check --operation conv2d lstm
  numbanet check --quick"""
WARMUP = """\
examples:
  numbanet warmup                                  # the kernels of all layers, in float32
  numbanet warmup digits.toml --processes 4"""
COMPLETION = """\
examples:
  source <(numbanet completion bash)
  source <(numbanet completion zsh)                # below compinit, in ~/.zshrc
  numbanet completion fish > ~/.config/fish/completions/numbanet.fish"""


def make_parser() -> argparse.ArgumentParser:
    """The parser of `numbanet`."""
    parser = argparse.ArgumentParser(prog="numbanet", description=ABOUT, epilog=CODES)
    parser.add_argument("--version", action="version", version=f"numbanet {__version__}")
    _add_traceback(parser, default=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    _add_train(commands)
    _add_predict(commands)
    _add_evaluate(commands)
    summary = _add(commands, "summary", "print the layers of a model, their shapes and parameters", SUMMARY)
    summary.add_argument("model", metavar="MODEL", help=f"{MODEL_HELP}, or a configuration (.toml)")
    export = _add(commands, "export", "write a model as ONNX, or as one file of Python or C", EXPORT)
    export.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    export.add_argument("output", metavar="FILE", help="the file to write: .onnx, .py (NumPy alone) or .c (C99)")
    _add_check(commands)
    add_bench(commands)
    _add(commands, "doctor", "print versions, processor, threads and compiled kernels: for a bug report")
    _add_warmup(commands)
    _add_demo(commands)
    completion = _add(commands, "completion", "print a script that completes commands in a shell", COMPLETION)
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    return parser


def _add(commands: Any, name: str, text: str, examples: str | None = None) -> argparse.ArgumentParser:
    """A command whose --help ends with examples."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_traceback(parser, default=argparse.SUPPRESS)  # else it would undo that before the command
    return parser


def _add_traceback(parser: argparse.ArgumentParser, default: Any) -> None:
    text = "show where in the program an error came up"
    parser.add_argument("--traceback", action="store_true", default=default, help=text)


def _add_train(commands: Any) -> None:
    train = _add(commands, "train", "train a network that a file describes, on the data that it names", TRAIN)
    train.add_argument("config", metavar="CONFIG.toml", help="data, layers, optimizer, loss and the rest")
    change = "a value of the file, such as training.epochs=5; as often as needed"
    train.add_argument("--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help=change)
    train.add_argument("--resume", action="store_true", help="go on from the newest checkpoint, if there is one")
    train.add_argument("--overwrite", action="store_true", help="replace a training that is in the folder")
    train.add_argument("--dry-run", action="store_true", help="check file and data, print the layers, and stop")
    train.add_argument("--quiet", action="store_true", help="no line for each epoch")


def _add_predict(commands: Any) -> None:
    predict = _add(commands, "predict", "print what a model says of each sample, as CSV", PREDICT)
    predict.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    predict.add_argument("data", metavar="DATA", help="samples: .csv, .csv.gz or .npz; other columns do not matter")
    predict.add_argument("-o", "--output", metavar="FILE", help="where the predictions go (default: the terminal)")
    predict.add_argument("--probabilities", action="store_true", help="a column for each class, too")
    predict.add_argument("--raw", action="store_true", help="the output of the last layer as it is")
    _add_machine(predict)


def _add_evaluate(commands: Any) -> None:
    evaluate = _add(commands, "evaluate", "print loss and metrics of a model on data", EVALUATE)
    evaluate.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    what = "samples and targets: .csv, .csv.gz or .npz (default: what the training held back)"
    evaluate.add_argument("data", metavar="DATA", nargs="?", help=what)
    evaluate.add_argument("--target", metavar="COLUMN", help="the column to compare with (default: the training's)")
    evaluate.add_argument("--json", action="store_true", help="one line of JSON, with all digits")
    _add_machine(evaluate)


def _add_check(commands: Any) -> None:
    text = "prove all operations on this machine: gradients against differences, and device against device"
    check = _add(commands, "check", text, CHECK)
    check.add_argument("--operation", nargs="+", metavar="NAME", help="these alone (default: all)")
    check.add_argument("--quick", action="store_true", help="float32 alone on the devices, which compiles half as much")
    check.add_argument("--processes", type=int, metavar="N", help="that compile at once (default: one for each core)")


def _add_warmup(commands: Any) -> None:
    text = "compile now what a model needs, so that its first run starts at once"
    warmup = _add(commands, "warmup", text, WARMUP)
    what = f"{MODEL_HELP}, or a configuration (default: all layers)"
    warmup.add_argument("model", metavar="MODEL", nargs="?", help=what)
    warmup.add_argument("--processes", type=int, metavar="N", help="that compile at once (default: one for each core)")


def _add_demo(commands: Any) -> None:
    demo = _add(commands, "demo", "train a network on 1,797 real handwritten digits")
    demo.add_argument("--seed", type=int, default=0, help="of weights, order and dropout (default 0)")
    demo.add_argument("--epochs", type=int, default=15, help="at most (default 15)")
    demo.add_argument("--device", default="cpu", help="cpu, cuda, or reference for the textbook loops")
    demo.add_argument("--picture", default="learning_curve.png", help="where the learning curve goes")


def _add_machine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda or reference (default cpu)")
    parser.add_argument("--threads", type=int, metavar="N", help="of the processor (default: all)")
