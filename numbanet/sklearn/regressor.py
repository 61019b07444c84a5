"""NumbanetRegressor: a network for numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d

from .. import losses
from ..callbacks import Callback
from ..losses import Loss
from ..optimizers import Optimizer
from .estimator import Estimator


class NumbanetRegressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """A network for one number a sample, y (N,), or several, y (N, outputs).

    loss: a name or an object of numbanet.losses. The other arguments are those of NumbanetClassifier; without
    early_stopping's strata. y is taken in the type of X; put it on a scale near 1 (TransformedTargetRegressor does).
    """

    _flat: bool  # whether y had one axis

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        loss: str | Loss = "mse",
        dropout: float = 0.0,
        solver: str | Optimizer = "adam",
        learning_rate_init: float = 0.001,
        alpha: float = 0.0,
        batch_size: int | str = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        shuffle: bool = True,
        random_state: Any = None,
        warm_start: bool = False,
        model: Callable[..., Any] | None = None,
        device: str = "cpu",
        callbacks: Sequence[Callback] | None = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.dropout = dropout
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.alpha = alpha
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.shuffle = shuffle
        self.random_state = random_state
        self.warm_start = warm_start
        self.model = model
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NumbanetRegressor:
        """Train on samples X (N, features), or of the shape that `model` takes, and numbers y (N,) or (N, outputs)."""
        return self._train(X, y, sample_weight, self.warm_start, self._fit)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> NumbanetRegressor:
        """One epoch on these samples."""
        return self._train(X, y, sample_weight, True, self._epoch)

    def predict(self, X: Any) -> Any:
        """The numbers of each sample, in the shape of y: (N,) or (N, outputs)."""
        y = self._outputs(X)
        return y[:, 0] if self._flat else y

    def _epoch(self, X: Any, y: Any, weights: Any) -> None:
        self._go_on(X, y, weights, 1, [])

    def _train(self, X: Any, y: Any, sample_weight: Any, again: bool, train: Callable[..., None]) -> NumbanetRegressor:
        again = again and hasattr(self, "model_")
        X, y = self._samples(X, y=y, reset=not again)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        outputs = 1 if y.ndim == 1 else y.shape[1]
        if again and (y.ndim == 1, outputs) != (self._flat, self.n_outputs_):
            raise ValueError(
                f"NumbanetRegressor: expected y with {self.n_outputs_} numbers a sample, as in the fit before. "
                f"Received: {y.shape}"
            )
        if not again:
            self._flat = y.ndim == 1
            self._begin(X, outputs)
        train(X, y.reshape(len(X), outputs), self._weights(X, sample_weight))
        return self

    def _default_loss(self) -> Loss:
        return losses.get(self.loss)

    def _targets(self, y: Any) -> Any:
        return y.astype(self.model_._built("fit").dtype)
