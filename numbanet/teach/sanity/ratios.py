"""update_ratios: how far does a step move the weights, measured by their size?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import positive_integer
from ...errors import StateError
from .finding import Finding, table
from .twin import batches, samples, twin

USUAL, LOW, HIGH = 1e-3, 1e-4, 5e-2
SPREAD = 100.0  # between layers


@dataclass(frozen=True, repr=False)
class UpdateRatios(Finding):
    """ratios: {"dense/kernel": |update| / |weights| of each step}, norms over the whole array; NaN for weights of 0."""

    ratios: dict[str, Any]
    verdict: str
    ok: bool

    @property
    def median(self) -> dict[str, float]:
        """Over the steps, of each parameter; NaN where there is none."""
        return {name: _median(values) for name, values in self.ratios.items()}

    def lines(self) -> list[str]:
        rows: list[tuple[str, ...]] = [("parameter", "first", "median", "last")]
        for name, values in self.ratios.items():
            rows.append((name, *(f"{value:.1e}" for value in (values[0], self.median[name], values[-1]))))
        return [f"update_ratios: {len(values)} steps", *table(rows)]

    def draw(self, axes: Any) -> None:
        for name, values in self.ratios.items():
            shown = np.where(values > 0, values, np.nan)
            axes.plot(np.arange(1, len(values) + 1), shown, label=name, alpha=0.9, lw=1.2 if "kernel" in name else 0.6)
        axes.axhline(USUAL, color="0.3", linestyle=":", label="usual")
        axes.set(xlabel="step", ylabel="|update| / |weights|", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=6)


def update_ratios(model: Any, x: Any, y: Any, steps: int = 30, batch_size: int | None = None) -> UpdateRatios:
    """Train a copy of the model for so many steps, and compare each update with the weights that it changes.

    About 1e-3 is usual. Kernels that move by far less hardly learn, by far more are thrown about; biases, which begin
    at 0, may move by anything. Layers whose ratios lie far apart learn at different speeds: gradients that vanish or
    explode. batch_size: None is 32. The model is not changed. Raises ArgumentError, StateError before compile or where
    nothing is trained, and what train_on_batch raises.

    Source: Karpathy, CS231n, Neural networks part 3, "Ratio of weights:updates".
    """
    steps = positive_integer("update_ratios", "steps", steps)
    x, y = samples("update_ratios", model, x, y)
    copied = twin("update_ratios", model, x)
    ready = copied._ready("update_ratios")
    slots = ready.network.trained
    if not slots:
        raise StateError("update_ratios: expected a model with parameters that are trained.")
    found: dict[str, list[float]] = {slot.key: [] for slot in slots}
    before, updates = [np.array(slot.value, np.float64) for slot in slots], int(ready.updates[0])
    for batch in batches("update_ratios", copied, x, y, batch_size):
        copied.train_on_batch(*batch)
        if int(ready.updates[0]) == updates:
            continue  # its gradient waits for those of others
        after, updates = [np.array(slot.value, np.float64) for slot in slots], int(ready.updates[0])
        for slot, old, new in zip(slots, before, after, strict=True):
            size = np.linalg.norm(old)
            found[slot.key].append(float(np.linalg.norm(new - old) / size) if size else np.nan)
        before = after
        if len(found[slots[0].key]) == steps:
            break
    ratios = {name: np.array(values) for name, values in found.items()}
    matrices = [slot.key for slot in slots if slot.value.ndim > 1]
    kernels = [name for name in matrices if name.endswith("kernel")] or matrices
    ok, verdict = _judge({name: _median(ratios[name]) for name in kernels})
    return UpdateRatios(ratios, verdict, ok)


def _median(values: Any) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def _judge(medians: dict[str, float]) -> tuple[bool, str]:
    """By the kernels, whose weights do not begin at 0."""
    known = {name: value for name, value in medians.items() if not np.isnan(value)}
    if not known:
        return True, "no kernels to judge by."
    slow, fast = min(known, key=lambda name: known[name]), max(known, key=lambda name: known[name])
    low, high = known[slow], known[fast]
    if low == 0:
        return False, f"DOES NOT MOVE: {slow!r} gets no gradient. Look at dead_units."
    if high / low > SPREAD:
        return False, (
            f"FAR APART: {fast!r} moves {high / low:,.0f} times faster than {slow!r}: gradients vanish or explode on "
            "their way. Try ReLU, another initializer, normalisation, or fewer layers."
        )
    if high > HIGH:
        return False, f"TOO FAST: {fast!r} moves by {high:.1e} of its size a step. Lower the learning rate."
    if low < LOW:
        return False, f"TOO SLOW: {slow!r} moves by {low:.1e} of its size a step. Raise the learning rate."
    return True, f"as it should be: kernels move by {low:.1e} to {high:.1e} of their size a step."
