"""Perceptron: the classic unit, with the step activation and its own learning rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import positive, positive_integer
from .data import door
from .devices import Device, get_device
from .errors import DataError, ShapeError, StateError
from .kernels import perceptron

DTYPE = np.dtype("float64")


class Perceptron:
    """One unit: y = 1 where x.w + b >= 0, else 0; learns by w += rate (t - y) x after every sample.

    It reaches zero mistakes in finitely many steps where a straight line parts the classes (AND, OR), and never does
    where none can (XOR): `converged` says which. Weights begin at zero. Source: numbanet.kernels.perceptron.
    """

    def __init__(self, learning_rate: float = 1.0, device: str | Device = "cpu") -> None:
        self.learning_rate = positive("Perceptron", "learning_rate", learning_rate)
        self.device = get_device(device)
        self.weights: Any = None
        self.bias: Any = None
        self.mistakes: list[int] = []  # of each pass over the data
        self.converged = False

    def fit(self, x: Any, y: Any, epochs: int = 100) -> Perceptron:
        """Pass over x (N, features) and labels y (N,) of 0 and 1 until a pass has no mistake, or `epochs` times.

        Raises ShapeError, DtypeError, DataError or ArgumentError. Returns itself; look at `converged`.
        """
        epochs = positive_integer("Perceptron.fit", "epochs", epochs)
        x = self._samples("Perceptron.fit", x)
        t = door.array("Perceptron.fit", "y", y, DTYPE)
        if t.shape != (len(x),):
            remedy = " Use y.reshape(-1)." if t.size == len(x) else ""
            raise ShapeError(f"Perceptron.fit: expected y of shape ({len(x)},), received {t.shape}.{remedy}")
        if not np.isin(t, (0, 1)).all():
            raise DataError("Perceptron.fit: expected labels 0 and 1 in y. Received: " + str(np.unique(t)[:5]))
        self.weights, self.bias, self.mistakes = np.zeros(x.shape[1]), np.zeros(1), []
        take = self.device.take
        x, t, w, b, met = take(x), take(t), take(self.weights), take(self.bias), take(np.zeros(1, np.int64))
        for _ in range(epochs):
            self.device.kernels(perceptron).epoch(x, t, self.learning_rate, w, b, met)
            self.mistakes.append(int(met[0]))
            if not self.mistakes[-1]:
                break
        self.weights, self.bias = np.array(w), np.array(b)
        self.converged = self.mistakes[-1] == 0
        return self

    def predict(self, x: Any) -> Any:
        """0 or 1 for each sample, int64 (N,)."""
        if self.weights is None:
            raise StateError("Perceptron.predict: expected a perceptron that was trained. Call fit first.")
        x = self._samples("Perceptron.predict", x)
        if x.shape[1] != len(self.weights):
            raise ShapeError(f"Perceptron.predict: expected x of shape (N, {len(self.weights)}), received {x.shape}")
        take, y = self.device.take, self.device.zeros((len(x),), DTYPE)
        self.device.kernels(perceptron).predict(take(x), take(self.weights), take(self.bias), y)
        return np.array(y).astype(np.int64)

    def _samples(self, owner: str, x: Any) -> Any:
        a = door.array(owner, "x", x, DTYPE)
        if a.ndim != 2 or 0 in a.shape:
            raise ShapeError(f"{owner}: expected x of shape (N, features), received {a.shape}")
        if not door.is_finite(a):
            raise DataError(f"{owner}: expected finite numbers in x")
        return a

    def __repr__(self) -> str:
        if self.weights is None:
            return f"Perceptron(learning_rate={self.learning_rate}), not trained"
        verdict = "converged" if self.converged else f"did not converge in {len(self.mistakes)} epochs"
        return f"Perceptron(learning_rate={self.learning_rate}), {verdict}"
