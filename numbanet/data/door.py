"""The door: what users pass as data is checked here, before any kernel of a step runs.

Nothing is reshaped, broadcast or rounded. An array of another type is converted where every value stays exact, plain
Python lists take the model's type, and arrays are made contiguous; the rest is refused, with what to do instead.
"""

from __future__ import annotations

import mmap
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import random
from ..checks import fail, positive_integer
from ..devices import get_device
from ..devices.arrays import DeviceArray
from ..errors import ArgumentError, DataError, DeviceError, DtypeError, ShapeError
from ..kernels import check

Shape = tuple[int, ...]
LITTLE = 16384  # elements that NumPy checks faster than it takes to bind a kernel
ONE_HOT = " For one-hot rows use CategoricalCrossentropy."
MOST = 1e6  # a class counts at most this often: far above any use, and no product of weights overflows


def sample_shape(owner: str, shape: Any, indices: bool) -> Shape:
    """The shape of a sample, checked: its sizes without the batch axis, none for a single number that is an index."""
    if isinstance(shape, str) or not isinstance(shape, Sequence):
        fail(owner, "input_shape", "a tuple of sizes, such as (64,)", shape)
    if (len(shape) == 0 and not indices) or None in shape:
        fail(owner, "input_shape", "the sizes of a sample, without the batch axis", shape)
    return tuple(positive_integer(owner, "input_shape", size) for size in shape)


def expect_float(owner: str, dtype: Any, precision: Any = None) -> None:
    """Raises ArgumentError where a model cannot compute in that type, or not with that precision."""
    if precision is not None and np.dtype(dtype) != np.float32:
        fail(owner, "precision", "None where dtype is not 'float32'", precision)
    if dtype not in ("float32", "float64") and dtype not in (np.float32, np.float64):
        fail(owner, "dtype", "'float32' or 'float64'", dtype)


def shape_of_samples(owner: str, x: Any, indices: bool) -> Shape:
    """The shape of each of the samples x. Raises ShapeError where x is one sample, or none."""
    mapped = memory_map(x) is not None
    shape: Shape = array(owner, "x", x, np.dtype("float64" if indices else "float32"), mapped).shape
    if len(shape) < (1 if indices else 2):
        remedy = " Use x.reshape(-1, 1) for samples of one feature." if len(shape) == 1 else ""
        raise ShapeError(f"{owner}: expected x of shape (N, features...), received {shape}.{remedy}")
    return shape[1:]


def memory_map(a: Any) -> mmap.mmap | None:
    """The memory map that an array lies in; None for one that lies in memory."""
    while isinstance(a, np.ndarray):
        a = a.base
    return a if isinstance(a, mmap.mmap) else None


def array(owner: str, name: str, value: Any, dtype: Any, mapped: bool = False) -> Any:
    """`value` as an array of `dtype`, if nothing is lost. Raises DtypeError and ShapeError.

    mapped: whether these are rows of a file that need not fit in memory.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise DtypeError(
            f"{owner}: expected {name} without a mask, received a masked array. Fill or drop its gaps first."
        )
    if isinstance(value, DeviceArray):
        if value.dtype != dtype:
            raise DtypeError(f"{owner}: expected {name} of {dtype}, received {value.dtype}. Convert it on the GPU.")
        return value
    if hasattr(value, "__cuda_array_interface__"):
        raise DeviceError(
            f"{owner}: expected {name} in the host's memory, received an array on a GPU. Copy it to the host; x and y "
            "may stay there where the model was built with device='cuda'."
        )
    plain = isinstance(value, list | tuple | int | float)
    try:
        a = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"{owner}: {name} is not an array of numbers: {error}") from None
    if a.dtype.kind not in "fiub":
        raise DtypeError(f"{owner}: expected {name} of dtype {dtype}, received {a.dtype}")
    with np.errstate(over="ignore"):
        converted = np.asarray(a, dtype, order="C")
    if not plain and not _is_exact(a, converted):
        raise DtypeError(
            f"{owner}: expected {name} of dtype {dtype}, received {a.dtype} whose values {dtype} cannot hold exactly. "
            f"{_rounding(name, a.dtype, dtype, mapped)}"
        )
    return converted


def _rounding(name: str, given: Any, dtype: Any, mapped: bool) -> str:
    """What to do where values would have to be rounded."""
    double = [f"use model.build(..., dtype='{given}')"] if given == np.float64 else []
    if mapped:  # astype would read the whole file into memory
        rounding = f"give a generator of batches that rounds each with astype('{dtype}')"
        ways = [*double, f"write a file of {dtype}", rounding]
    else:
        array_name = name if name.isidentifier() else "the array"
        ways = [f"round it with {array_name}.astype('{dtype}')", *(double or ["scale it first"])]
    text = ", or ".join(ways)
    return f"{text[0].upper()}{text[1:]}."


def _is_exact(a: Any, converted: Any) -> bool:
    """Whether the conversion to a float type changed no value."""
    if a.dtype.kind == "f":
        return np.can_cast(a.dtype, converted.dtype) or np.array_equal(converted, a, equal_nan=True)
    if not a.size or max(abs(int(a.max())), abs(int(a.min()))) <= 2 ** (np.finfo(converted.dtype).nmant + 1):
        return True
    return bool(a.tolist() == converted.tolist())  # Python compares an integer with a float exactly


def is_finite(a: Any) -> bool:
    """Whether no element of a contiguous float array is NaN or infinite."""
    if isinstance(a, DeviceArray):
        return not _flagged(a, lambda loops, flag: loops.finite(a.reshape(-1), flag))
    if a.size < LITTLE:
        return bool(np.isfinite(a).all())
    return not _flagged(a, lambda loops, flag: loops.finite(a.reshape(-1), flag))


def _flagged(a: Any, look: Callable[[Any, Any], None]) -> bool:
    """Whether a kernel of `check` sets a flag, where the array is."""
    device = a.device if isinstance(a, DeviceArray) else get_device("cpu")
    flag = device.zeros((1,), np.int64)
    look(device.kernels(check), flag)
    return bool(flag[0])


def _require_finite(owner: str, name: str, a: Any, rows: Any = None) -> None:
    if a.size and not is_finite(a):
        a = np.asarray(a)
        at = np.unravel_index(int(np.argmin(np.isfinite(a))), a.shape)
        raise DataError(f"{owner}: expected finite numbers in {name}. Received: {name}[{_place(at, rows)}] = {a[at]}")


def _place(at: tuple[Any, ...], rows: Any) -> str:
    """An index as users write it; rows: the numbers of the samples, where they were taken from more."""
    return ", ".join(str(int(i)) for i in (at if rows is None else (rows[at[0]], *at[1:])))


def _samples(owner: str, name: str, a: Any) -> None:
    if a.ndim == 0:
        raise ShapeError(f"{owner}: expected {name} with a first axis of samples, received a single number")
    if len(a) == 0:
        raise ShapeError(f"{owner}: expected one sample or more in {name}, received shape {a.shape}")


def _require_indices(owner: str, layer: str, a: Any, limit: int, rows: Any) -> None:
    if _flagged(a, lambda loops, flag: loops.indices(a.reshape(-1), limit, flag)):
        a = np.asarray(a)
        at = np.unravel_index(int(np.argmax((a < 0) | (a >= limit) | (a != np.floor(a)))), a.shape)
        where, received = _place(at, rows), np.format_float_positional(a[at], trim="-")
        raise DataError(
            f"{owner}: {layer} expected whole numbers from 0 to {limit - 1} in x. Received: x[{where}] = {received}"
        )


def expect_inputs(owner: str, a: Any, shape: Shape, layer: str) -> None:
    """Raises ShapeError where an array does not hold samples of `shape`."""
    _samples(owner, "x", a)
    if a.shape[1:] != shape:
        remedy = ""
        if a.shape == shape:
            remedy = " For a single sample pass x[None]."
        elif a.ndim > 2 and len(shape) == 1 and np.prod(a.shape[1:]) == shape[0]:
            remedy = " Put Flatten() first, or reshape x."
        raise ShapeError(
            f"{owner}: {layer} expected x of shape ({', '.join(['N', *map(str, shape)])}), received {a.shape}.{remedy}"
        )


def inputs(
    owner: str, x: Any, shape: Shape, dtype: Any, layer: str, index_limit: int | None = None, rows: Any = None
) -> Any:
    """Samples of `shape`, checked: a contiguous array (N, *shape) of `dtype`.

    index_limit: where they are indices, what each must be below. A copy then, because they are addresses to a layer's
    loops: they must stay as they were checked. rows: what errors call the samples, where they were taken from more.
    """
    on_gpu = isinstance(x, DeviceArray)
    a = array(owner, "x", x, dtype if index_limit is None or on_gpu else np.dtype("float64"), rows is not None)
    expect_inputs(owner, a, shape, layer)
    _require_finite(owner, "x", a, rows)
    if index_limit is None:
        return a
    _require_indices(owner, layer, a, index_limit, rows)
    return a.copy() if on_gpu else np.array(a, dtype)


def expect_targets(owner: str, a: Any, loss: Any, output_shape: Shape, samples: int) -> None:
    """Raises ShapeError where an array does not hold the targets of so many samples."""
    _samples(owner, "y", a)
    expected = (samples, *loss.target_shape(output_shape))
    if len(a) != samples:
        raise ShapeError(f"{owner}: expected as many samples in y as in x, {samples}. Received: {len(a)}")
    if a.shape != expected:
        raise ShapeError(
            f"{owner}: {type(loss).__name__} expected y of shape {expected}, received {a.shape}.{_remedy(a, expected)}"
        )


def targets(owner: str, y: Any, loss: Any, output_shape: Shape, dtype: Any, samples: int, rows: Any = None) -> Any:
    """Targets for `loss`, checked: a new contiguous array with `samples` rows. rows: as in `inputs`.

    A copy, because labels are addresses to the loss's loops: they must stay as they were checked.
    """
    kind = type(loss).__name__
    if loss.integer_targets:
        a = np.asarray(y)
        if a.dtype.kind not in "iu":
            one_hot = a.shape == (samples, *output_shape)
            remedy = ONE_HOT if one_hot else " Convert it with y.astype('int64') if it holds labels."
            raise DtypeError(
                f"{owner}: {kind} expected y of integer labels, received shape {a.shape} of dtype {a.dtype}.{remedy}"
            )
        if a.dtype == np.uint64 and a.size and a.max() > np.iinfo(np.int64).max:
            raise DataError(f"{owner}: {kind} expected labels below 2^63. Received: {a.max()}")
        a = np.asarray(a, np.int64, order="C")
    else:
        a = array(owner, "y", y, dtype, rows is not None)
    expect_targets(owner, a, loss, output_shape, samples)
    if a.dtype.kind == "f":
        _require_finite(owner, "y", a, rows)
    if isinstance(a, DeviceArray) and loss.plain_targets and loss.target_range is None:
        return a
    try:
        return np.array(loss.prepare(np.asarray(a), output_shape), order="C")
    except DataError as error:
        row = None if rows is None else _first_refused(loss, a, output_shape)
        raise DataError(f"{owner}: {error}" + ("" if row is None else f", in sample {rows[row]}")) from None


def _first_refused(loss: Any, a: Any, output_shape: Shape) -> int | None:
    """The first sample whose targets the loss refuses also on their own."""
    for k in range(len(a)):
        try:
            loss.prepare(a[k : k + 1], output_shape)
        except DataError:
            return k
    return None


def _remedy(a: Any, expected: Shape) -> str:
    if a.shape == (*expected, 1):
        return " Use y.reshape(-1)."
    if (*a.shape, 1) == expected:
        return " Use y.reshape(-1, 1)."
    if len(expected) == 1 and a.ndim == 2:
        return ONE_HOT
    if len(expected) == 2 and a.ndim == 1:
        return " For integer labels use SparseCategoricalCrossentropy."
    return ""


def sample_weights(owner: str, sample_weight: Any, samples: int, rows: int, dtype: Any) -> Any | None:
    """The weight of each sample, checked, for each of its rows: (N, rows); or None where none is given."""
    if sample_weight is None:
        return None
    given = array(owner, "sample_weight", sample_weight, dtype)
    if given.shape != (samples,):
        raise ShapeError(f"{owner}: expected sample_weight of shape ({samples},), received {given.shape}")
    _require_finite(owner, "sample_weight", given)
    if (given < 0).any():
        raise DataError(f"{owner}: expected sample_weight of 0 or more. Received: {given.min()}")
    return np.repeat(given[:, None], rows, axis=1)


def sequence_lengths(owner: str, lengths: Any, shape: Shape, network: Any) -> Any | None:
    """How many steps of each of the sequences x of this shape count: (N,), checked; None where not given."""
    if lengths is None:
        return None
    if len(shape) != (3 if network.index_limit is None else 2):
        raise ShapeError(f"{owner}: lengths are those of sequences. Received: x of shape {shape}")
    if isinstance(lengths, np.ma.MaskedArray):
        raise DtypeError(f"{owner}: expected lengths without a mask, received a masked array")
    try:
        given = np.asarray(lengths)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"{owner}: lengths is not an array of numbers: {error}") from None
    if given.dtype.kind not in "iu":
        raise DtypeError(f"{owner}: expected lengths of whole numbers, received dtype {given.dtype}")
    if given.shape != shape[:1]:
        raise ShapeError(f"{owner}: expected lengths of shape {shape[:1]}, received {given.shape}")
    if given.min() < 1 or given.max() > shape[1]:
        wrong = given.min() if given.min() < 1 else given.max()
        raise DataError(f"{owner}: expected lengths from 1 to {shape[1]}, the steps of x. Received: {wrong}")
    return given


def mask(lengths: Any, steps: int, dtype: Any) -> Any:
    """Which steps of sequences count, 1 or 0 in (N, steps), from their lengths."""
    return (np.arange(steps) < lengths[:, None]).astype(dtype)


def class_weights(owner: str, class_weight: Any, y: Any) -> Any:
    """The weight (N,) that each sample has from its class; float64."""
    if not isinstance(class_weight, dict) or not class_weight:
        fail(owner, "class_weight", "a dictionary from labels to weights", class_weight)
    for label, weight in class_weight.items():
        if isinstance(weight, bool) or not isinstance(weight, numbers.Real) or not 0 <= float(weight) <= MOST:
            fail(owner, "class_weight", f"a dictionary from labels to numbers from 0 to {MOST:g}", {label: weight})
    labels = class_labels(y)
    if labels is None:
        raise ArgumentError(f"{owner}: class_weight needs labels or one-hot rows as y, received y of shape {y.shape}")
    missing = sorted(set(np.unique(labels).tolist()) - set(class_weight))
    if missing:
        fail(owner, "class_weight", f"a dictionary with every label of y, also {missing}", class_weight)
    known, place = np.unique(labels, return_inverse=True)
    return np.array([class_weight[int(k)] for k in known])[place]


def class_labels(y: Any) -> Any | None:
    """The class of each sample where y is labels, one-hot rows, or one column of 0 and 1; else None."""
    y = np.asarray(y)
    if y.dtype.kind == "i":
        return y if y.ndim == 1 else None
    if y.ndim != 2 or not np.isin(y, (-1, 0, 1)).all():
        return None
    if y.shape[1] == 1:
        return (y[:, 0] > 0).astype(np.int64)
    return y.argmax(axis=1) if (y.sum(axis=1) == 1).all() and (y >= 0).all() else None


def split(y: Any, fraction: float, seed: int) -> tuple[Any, Any]:
    """Row numbers (training, validation), shuffled, with each class in proportion where y has classes.

    Raises ArgumentError where either part would be empty.
    """
    return split_rows(len(y), class_labels(y), fraction, seed)


def split_rows(n: int, labels: Any | None, fraction: float, seed: int) -> tuple[Any, Any]:
    """The same for n samples with these classes, if any."""
    order = random.permutation(n, seed, random.SPLIT)
    held = round(n * fraction)
    if not 0 < held < n:
        fail("fit", "validation_split", f"a share that leaves samples in both parts ({n} samples in all)", fraction)
    if labels is not None:
        # the k-th of m shuffled samples of a class stands at (k + 1/2) / m: any prefix then has all classes in
        # proportion, to the sample
        place = np.empty(n)
        shuffled = labels[order]
        for label in np.unique(shuffled):
            members = np.flatnonzero(shuffled == label)
            place[members] = (np.arange(len(members)) + 0.5) / len(members)
        order = order[np.argsort(place, kind="stable")]
    return np.sort(order[held:]), np.sort(order[:held])


def parameters(owner: str, values: Any, shapes: dict[str, Shape], dtype: Any) -> list[Any]:
    """One array for each named shape, checked. Raises ShapeError, DtypeError or ArgumentError."""
    if not isinstance(values, list | tuple):
        fail(owner, "weights", "a list of arrays", type(values))
    if len(values) != len(shapes):
        raise ShapeError(f"{owner}: expected {len(shapes)} arrays, received {len(values)}")
    checked = []
    for (name, shape), value in zip(shapes.items(), values, strict=True):
        a = array(owner, name, value, dtype)
        if a.shape != shape:
            raise ShapeError(f"{owner}: expected {name} of shape {shape}, received {a.shape}")
        checked.append(a)
    return checked


def states(owner: str, given: Any, places: dict[str, list[Any]], dtype: Any) -> dict[str, list[Any]]:
    """States for layers by their names, checked against the arrays that they are for.

    Raises ArgumentError, ShapeError, DtypeError or DataError.
    """
    if not isinstance(given, dict) or set(given) - set(places):
        fail(owner, "states", f"a dict with names of layers with stateful=True, {sorted(places)}", given)
    checked = {}
    for layer, values in given.items():
        shapes = {f"state {k} of {layer!r}": place.shape for k, place in enumerate(places[layer])}
        checked[layer] = parameters(owner, values, shapes, dtype)
        for name, value in zip(shapes, checked[layer], strict=True):
            _require_finite(owner, name, value)
    return checked
