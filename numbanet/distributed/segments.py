"""A recorded step in pieces: behind each of them more of the gradient is done, and can be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..program import Program

Block = tuple[int, int]  # of the gradient: its first element, and the one behind its last


@dataclass(frozen=True)
class Segment:
    """Calls one after another, and the blocks of the gradient that are done behind them."""

    program: Program
    blocks: tuple[Block, ...]


def gradient_blocks(starts: Sequence[int], size: int, elements: int | None) -> list[Block]:
    """The gradient in blocks of so many elements or more, each of whole parameters, the last ones first.

    starts: where the parameters' gradients begin. elements None: one block.
    """
    found, last = [], size
    for start in sorted(starts, reverse=True) if elements else []:
        if last - start >= (elements or 0):
            found.append((start, last))
            last = start
    return found if last == 0 and found else [*found, (0, last)]


def segments(program: Program, gradient: Any, starts: Sequence[int], blocks: Sequence[Block]) -> list[Segment]:
    """The calls of a program in pieces: up to the first block that is done, and from there on each by itself.

    Who runs them can look after what is under way between any two. The calls and their order are those of the program,
    and so are the bits.
    """
    bounds = [*sorted(starts), gradient.size]
    done = [1] * len(starts)  # the call behind the last one of each parameter
    for position, call in enumerate(program.calls, 1):
        for argument in call.arguments:
            for first, last in _touched(argument, gradient):
                for k in range(len(done)):
                    if first < bounds[k + 1] and bounds[k] < last:
                        done[k] = position
    ready = [max(d for d, at in zip(done, bounds, strict=False) if at >= first) for first, _ in blocks]
    cuts = range(min(ready), len(program.calls) + 1)
    found, start = [], 0
    for stop in cuts:
        piece = Program(program.device)
        piece.calls = program.calls[start:stop]
        behind = tuple(block for block, at in zip(blocks, ready, strict=True) if start < at <= stop)
        found.append(Segment(piece.finish(), behind))
        start = stop
    return found


def _touched(argument: Any, gradient: Any) -> list[tuple[int, int]]:
    """The elements of the gradient that an argument of a call lies over: at most one stretch."""
    if not isinstance(argument, np.ndarray) or argument.dtype != gradient.dtype or not argument.size:
        return []
    first = (argument.ctypes.data - gradient.ctypes.data) // gradient.itemsize
    last = first + argument.size
    return [(max(first, 0), min(last, gradient.size))] if first < gradient.size and last > 0 else []
