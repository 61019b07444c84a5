"""Windows that slide over images and sequences: their arguments, and how many positions they have.

Along one axis, n cells and a window of k cells, d apart, that moves s cells at a time over zeros before and after:
the output has floor((n + before + after - span) / s) + 1 positions, where span = (k - 1) d + 1.
"valid" has no zeros. "same" has ceil(n / s) positions and as many zeros as that takes, the smaller half before.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any, Literal

from ..checks import fail
from ..errors import ShapeError

Pair = tuple[int, int]
Along = Literal["valid", "same"] | Pair  # padding along one axis
Padding1D = Literal["valid", "same", "causal"] | Pair
Padding2D = Literal["valid", "same"] | tuple[Pair, Pair]

LARGEST_SPAN = 65536  # cells: the copy of a band in numbanet.kernels._windows


def single(owner: str, argument: str, value: Any) -> int:
    """A positive integer, also in a tuple of one."""
    found = value[0] if _is_sequence(value, 1) else value
    if not _is_count(found, 1):
        fail(owner, argument, "a positive integer", value)
    return int(found)


def pair(owner: str, argument: str, value: Any) -> Pair:
    """(height, width) from a pair of positive integers, or from one for both."""
    found = value if _is_sequence(value, 2) else (value, value)
    if not all(_is_count(v, 1) for v in found):
        fail(owner, argument, "a positive integer or a pair of them", value)
    return int(found[0]), int(found[1])


def non_negative_pair(owner: str, argument: str, value: Any) -> Pair:
    """(height, width) from a pair of integers of 0 or more, or from one for both."""
    found = _around(value)
    if found is None:
        fail(owner, argument, "an integer of 0 or more, or a pair of them", value)
    return found


def padding_1d(owner: str, value: Any, names: Sequence[str] = ("valid", "same")) -> Any:
    """One of `names`, or (before, after) from such a pair of numbers of zeros, or from one for both."""
    found = _around(value)
    if found is None and not _is_name(value, names):
        fail(owner, "padding", f"{_listed(names)}, a number of zeros, or (left, right)", value)
    return value if found is None else found


def padding_2d(owner: str, value: Any) -> Padding2D:
    """A name, or ((top, bottom), (left, right)) from that, from (height, width) or from one number of zeros."""
    names = ("valid", "same")
    found = _around_2d(value)
    if found is None and not _is_name(value, names):
        expected = f"{_listed(names)}, a number of zeros, (height, width), or ((top, bottom), (left, right))"
        fail(owner, "padding", expected, value)
    return value if found is None else found


def frame_1d(owner: str, argument: str, value: Any) -> Pair:
    """(before, after) from such a pair of numbers of cells, or from one for both."""
    found = _around(value)
    return found if found is not None else fail(owner, argument, "a number of 0 or more, or (left, right)", value)


def frame_2d(owner: str, argument: str, value: Any) -> tuple[Pair, Pair]:
    """((top, bottom), (left, right)) from that, from (height, width) or from one number of cells."""
    found = _around_2d(value)
    expected = "a number of 0 or more, (height, width), or ((top, bottom), (left, right))"
    return found if found is not None else fail(owner, argument, expected, value)


def extent(n: int, k: int, s: int, d: int, padding: Along) -> Pair:
    """(positions, zeros before) along an axis of n cells. Raises ShapeError where the window does not fit."""
    span = (k - 1) * d + 1
    if padding == "same":
        positions = -(-n // s)
        return positions, max((positions - 1) * s + span - n, 0) // 2
    before, after = (0, 0) if padding == "valid" else padding
    if n + before + after < span:
        zeros = f" and {before} + {after} of padding" if before + after else ""
        raise ShapeError(
            f"expected {span} cells or more where a window spans {span}, received {n}{zeros}. "
            f"Use a smaller window or padding='same'."
        )
    return (n + before + after - span) // s + 1, before


def along(padding: Padding2D) -> tuple[Along, Along]:
    """The padding along the height and along the width."""
    return (padding, padding) if isinstance(padding, str) else padding


def slide(
    height: int, width: int, kernel: Pair, strides: Pair, padding: Padding2D, dilation: Pair
) -> tuple[Pair, Pair]:
    """(rows, columns) of positions of a window on an image, and (rows above, columns left) of zeros."""
    down, across = along(padding)
    (rows, top), (columns, left) = (
        extent(height, kernel[0], strides[0], dilation[0], down),
        extent(width, kernel[1], strides[1], dilation[1], across),
    )
    return (rows, columns), (top, left)


def check_span(kernel: Pair, dilation: Pair) -> None:
    """Raises ShapeError for a window that convolutions cannot hold: what it spans is copied to the stack."""
    height, width = ((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    if height * width > LARGEST_SPAN:
        raise ShapeError(
            f"expected a window that spans at most {LARGEST_SPAN:,} cells, received {height} x {width} for kernel_size="
            f"{kernel} and dilation_rate={dilation}. Use a smaller window, or several layers"
        )


def plain_tuple(value: Any) -> Any:
    """Tuples as lists, for a configuration that a file can hold."""
    return [plain_tuple(v) for v in value] if isinstance(value, tuple) else value


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= least


def _is_sequence(value: Any, length: int) -> bool:
    return isinstance(value, tuple | list) and len(value) == length


def _is_name(value: Any, names: Sequence[str]) -> bool:
    return isinstance(value, str) and value in names


def _around(value: Any) -> Pair | None:
    """(before, after) along one axis, or None for what cannot be read so."""
    found = value if _is_sequence(value, 2) else (value, value)
    return (int(found[0]), int(found[1])) if all(_is_count(v, 0) for v in found) else None


def _around_2d(value: Any) -> tuple[Pair, Pair] | None:
    """((top, bottom), (left, right)), or None for what cannot be read so."""
    height, width = map(_around, value if _is_sequence(value, 2) else (value, value))
    return None if height is None or width is None else (height, width)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
