"""Mean and variance of data of any size: arrays, files mapped into memory, and iterables of batches.

One pass in float64. Chunks are merged by the formulas of Chan, Golub and LeVeque, Algorithms for computing the sample
variance, The American Statistician 37 (1983), equations 2.1: no large sums of squares that cancel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, DataError, DtypeError, ShapeError

CHUNK = 1 << 20  # elements that are looked at together: 8 MB in float64


class Kept(NamedTuple):
    """The axes of an array that have statistics of their own, with the sizes of those before, of them, and after.

    What lies around one feature is all `inside` a sample.
    """

    rows: int
    shape: tuple[int, ...]
    inside: int

    @property
    def features(self) -> int:
        """How many means there are."""
        return int(np.prod(self.shape, dtype=np.int64))


def kept(axes: tuple[int, ...], shape: tuple[int, ...]) -> Kept:
    """The `axes` of an array of that shape, the batch axis first. Raises ShapeError where they do not fit.

    axes: none, or neighbours, as (-1,), (1, 2) or (-3, -2, -1); never the batch axis.
    """
    places = sorted(axis + len(shape) if axis < 0 else axis for axis in axes)
    if not all(0 < place < len(shape) for place in places):
        raise ShapeError(
            f"expected axis={_told(axes)} to be among the axes 1 to {len(shape) - 1} of the input, or -1 to "
            f"{1 - len(shape)}, received an input with the sample shape {shape[1:]}"
        )
    if not places:
        return Kept(shape[0], (), int(np.prod(shape[1:], dtype=np.int64)))
    first, end = places[0], places[-1] + 1
    if places != list(range(first, end)):
        raise ShapeError(
            f"expected axis={_told(axes)} to name neighbouring axes, each once, received an input with the sample "
            f"shape {shape[1:]}"
        )
    if all(size == 1 for size in shape[first:end]):  # one feature: a sample is one stretch, and loops are long
        return Kept(shape[0], shape[first:end], int(np.prod(shape[1:], dtype=np.int64)))
    before, after = (int(np.prod(part, dtype=np.int64)) for part in (shape[:first], shape[end:]))
    return Kept(before, shape[first:end], after)


def _told(axes: tuple[int, ...]) -> Any:
    return axes[0] if len(axes) == 1 else axes


def mean_and_variance(owner: str, data: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """float64 arrays of the shape of `axes`; the variance is the mean squared deviation, without Bessel's correction.

    data: an array (N, ...), lists of numbers that make one, or an iterable of batches (n, ...) or tuples (x, y, ...) of
    them, of which y is not looked at. Raises DataError for NaN, infinity or no data, ShapeError and DtypeError.
    """
    count, mean, squares, shape = 0, np.zeros(()), np.zeros(()), None
    for name, first, batch in _chunks(owner, data):
        try:
            of = kept(axes, batch.shape)
        except ShapeError as error:
            raise ShapeError(f"{owner}: {error}") from None
        if shape not in (None, of.shape):
            raise ShapeError(f"{owner}: expected batches with {shape} along axis={_told(axes)}, received {of.shape}")
        if batch.dtype.kind == "f" and not np.isfinite(batch).all():
            at = np.unravel_index(int(np.argmin(np.isfinite(batch))), batch.shape)
            place = ", ".join(str(int(i)) for i in (at[0] + first, *at[1:]))
            raise DataError(f"{owner}: expected finite numbers. Received: {name}[{place}] = {batch[at]}")
        x, shape, n = _by_feature(batch, of), of.shape, of.rows * of.inside
        own = x.mean(axis=1)
        x -= own[:, None]
        difference = own - mean
        squares = squares + (x * x).sum(axis=1) + difference**2 * (count * n / (count + n))
        mean = mean + difference * (n / (count + n))
        count += n
    if shape is None:
        raise DataError(f"{owner}: expected at least one sample, received none")
    return mean.reshape(shape), (squares / count).reshape(shape)


def _by_feature(batch: Any, of: Kept) -> Any:
    """A float64 copy (features, n), along whose rows NumPy adds fast, and pairwise."""
    x = batch.reshape(of.rows, of.features, of.inside).swapaxes(0, 1)
    return np.array(x, np.float64, order="C").reshape(of.features, -1)


def _chunks(owner: str, data: Any) -> Iterator[tuple[str, int, Any]]:
    """Pieces of the data: what it is called, the number of the first sample in that, and some samples."""
    for name, a in _arrays(owner, data):
        if a.ndim < 2:
            remedy = " Use x.reshape(-1, 1) for samples of one feature." if a.ndim == 1 else ""
            raise ShapeError(f"{owner}: expected {name} of shape (N, features...), received {a.shape}.{remedy}")
        if a.dtype.kind not in "fiub":
            raise DtypeError(f"{owner}: expected {name} of numbers, received {a.dtype}")
        rows = max(1, CHUNK // max(1, int(np.prod(a.shape[1:], dtype=np.int64))))
        for first in range(0, len(a) if a.size else 0, rows):
            yield name, first, a[first : first + rows]


def _arrays(owner: str, data: Any) -> Iterator[tuple[str, Any]]:
    """What the data is called, and an array; for each batch, where it comes in batches."""
    numbers = isinstance(data, list | tuple) and not any(hasattr(b, "shape") or isinstance(b, tuple) for b in data)
    if numbers or hasattr(data, "__array__"):
        yield "data", _array(owner, "data", data)
        return
    if not isinstance(data, Iterable) or isinstance(data, str | bytes | dict):
        raise ArgumentError(
            f"{owner}: expected an array of samples or an iterable of batches, received {type(data).__name__}"
        )
    for number, batch in enumerate(data):
        name = f"batch {number}"
        yield name, _array(owner, name, batch[0] if isinstance(batch, tuple) else batch)


def _array(owner: str, name: str, value: Any) -> Any:
    if isinstance(value, np.ma.MaskedArray):
        raise DtypeError(f"{owner}: expected {name} without a mask, received a masked array. Drop its gaps first.")
    try:
        return np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"{owner}: {name} is not an array of numbers: {error}") from None
