"""Data that users give to `explain`, checked before a loop runs on it: a loop looks at no shape and no range."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import kernels
from ...checks import fail
from ...errors import DataError, ShapeError
from ...kernels import Kernel
from ...layers.base import Layer
from ...losses import Loss
from ...metrics import Metric
from .contract import contract
from .worked import rehearse

# "x (N, I)" and "p, t (R, C)" in a contract; not "keep (N, H) or (N, 0)", whose sizes are a choice
GROUP = re.compile(r"((?:\w+(?:, and |, | and | or ))*\w+) \(([^()]*)\)(?! or \()")


def numbers(name: str, value: Any) -> Any:
    """An array of numbers. Raises ArgumentError."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of unlike lengths
        fail("explain", name, "an array of numbers", value)
    if array.dtype.kind not in "fiub":
        fail("explain", name, "an array of numbers", value)
    return array


def _two(names: str, data: Any) -> list[Any]:
    """Both arrays, neither empty."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        fail("explain", "data", f"two arrays, {names}", data)
    found = [numbers("data", a) for a in data]
    if not all(a.size for a in found):
        raise ShapeError(f"explain: {names} must have elements, received shapes {found[0].shape} and {found[1].shape}")
    return found


def batch(layer: Layer, data: Any, limit: int | None) -> Any:
    """x (N, ...) of a layer. limit: of the indices that it takes, or None."""
    x = numbers("data", data)
    if not x.ndim or not x.size:
        raise ShapeError(f"explain: expected x of shape (N, ...) with elements for {layer!r}, received {x.shape}")
    n = batch_size(layer)
    if n is not None and len(x) != n:
        raise ShapeError(f"explain: {layer!r} keeps the states of {n} samples, received {len(x)}. Give {n} samples.")
    if limit is not None and not np.all((x == np.floor(x)) & (x >= 0) & (x < limit)):
        raise DataError(f"explain: expected whole numbers from 0 to {limit - 1} for {layer!r}. Received: {x.tolist()}")
    return x


def batch_size(layer: Layer) -> int | None:
    """Of how many samples a stateful layer, or one inside of it, keeps the states; None where none does."""
    inside = [getattr(layer, "batch_size", None), *map(batch_size, layer.inner_layers)]
    return next((n for n in inside if n is not None), None)


def rows(owner: Loss | Metric, data: Any) -> tuple[Any, Any]:
    """p (R, C), and t (R, C) or labels (R,), of a loss or metric: samples of more axes become rows."""
    name = type(owner).__name__
    p, t = _two("(y_pred, y_true)", data)
    if p.ndim == t.ndim == 1 and not owner.integer_targets:
        p, t = p[:, None], t[:, None]  # one output each
    expected = p.shape[:-1] if owner.integer_targets else p.shape
    if p.ndim < 2 or t.shape != expected:
        raise ShapeError(
            f"explain: {name} expected y_pred of shape (N, outputs) and y_true of shape {expected}, "
            f"received y_pred {p.shape} and y_true {t.shape}"
        )
    C = p.shape[-1]
    p, t = np.array(p, np.float64), np.asarray(t, np.float64)
    if owner.integer_targets and not np.all((t == np.floor(t)) & (t >= 0) & (t < C)):
        raise DataError(f"explain: {name} expected labels from 0 to {C - 1}. Received: {t.tolist()}")
    t = t.astype(np.int64) if owner.integer_targets else t
    if isinstance(owner, Loss):
        owner.target_shape(p.shape[1:])
        t = owner.prepare(t, p.shape[1:])
    return p.reshape(-1, C), np.array(t).reshape(-1 if owner.integer_targets else (-1, C))


def gradient_and_weights(data: Any) -> tuple[Any, Any]:
    """g and w (size) of an optimizer."""
    g, w = _two("(gradient, weights)", data)
    if g.shape != w.shape:
        raise ShapeError(f"explain: gradient and weights must have one shape, received {g.shape} and {w.shape}")
    return np.array(g, np.float64).reshape(-1), np.array(w, np.float64).reshape(-1)


def arguments(kernel: Kernel, data: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a loop by name: lists become arrays, and the loop must run on them. Raises ShapeError."""
    found = {name: numbers(name, v) if isinstance(v, list) else v for name, v in data.items()}
    found = {name: found[name] for name in kernel.parameters}
    arrays = {name: numbers(name, v) for name, v in found.items() if isinstance(v, np.ndarray)}
    module = kernel.function.__module__.split(".")
    text = contract(module[2]).shapes if module[:2] == kernels.__name__.split(".") else ""
    problem = misfit(text, arrays)
    if not problem:
        try:
            rehearse(kernel, found)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise _misfit(kernel, found, text, f"{type(error).__name__}: {error}") from error
        return found
    raise _misfit(kernel, found, text, problem)


def _misfit(kernel: Kernel, given: Mapping[str, Any], text: str, problem: str) -> ShapeError:
    shown = [f"{n} {v.shape}" if isinstance(v, np.ndarray) else f"{n}={v!r}" for n, v in given.items()]
    shapes = f" Its contract's shapes: {' '.join(text.split())}" if text else ""
    return ShapeError(f"explain: {kernel.name} cannot run on {', '.join(shown)}: {problem.rstrip('.')}.{shapes}")


def misfit(text: str, arrays: Mapping[str, Any]) -> str:
    """Which sizes disagree, by the letters that the shapes of a contract share, or "". text: of the contract."""
    known = _shapes(text)
    sizes: dict[str, tuple[str, int]] = {}
    for name, array in arrays.items():
        shapes = known.get(name) or known.get(name.removeprefix("d"), [])
        axes = next((axes for axes in shapes if len(axes) == array.ndim), ())
        for axis, size in zip(axes, array.shape, strict=False):
            if axis.isdecimal() and int(axis) != size:
                return f"{name} must be ({', '.join(axes)})"
            if axis.isalpha():
                first, expected = sizes.setdefault(axis, (name, size))
                if size != expected:
                    return f"{axis} is {expected} in {first} and {size} in {name}"
    both = re.search(r"(\w+) and (\w+) of one shape", text)
    if both and both[1] in arrays and both[2] in arrays and arrays[both[1]].shape != arrays[both[2]].shape:
        return f"{both[1]} and {both[2]} must have one shape"
    return ""


def _shapes(text: str) -> dict[str, list[list[str]]]:
    """The axes of the arrays that a contract names; one may have several shapes."""
    text = " ".join(text.split())
    free = set(re.findall(r"(\w+) may be \(", text)) | set(re.findall(r"(\w+) \([^()]*\) or \(", text))
    found: dict[str, list[list[str]]] = {}
    for names, inside in GROUP.findall(text):
        axes = [axis.strip() for axis in inside.split(",") if axis.strip()]
        for name in re.split(r", and |, | and | or ", names):
            if name not in free:
                found.setdefault(name, []).append(axes)
    return found
