"""What both estimators share: how X becomes samples, and how a model is trained and asked."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ..callbacks import Callback, EarlyStopping
from ..checks import boolean, fail, non_negative, positive_integer
from ..losses import Loss
from ..model import Sequential
from .networks import new

FLOATS = [np.float64, np.float32]  # the first for everything that is neither


class Estimator(BaseEstimator):  # type: ignore[misc]
    """The base of NumbanetClassifier and NumbanetRegressor, which say what targets and outputs are.

    A fitted estimator has model_ (a Sequential), n_features_in_, n_outputs_, n_iter_ (epochs of the last fit), loss_,
    best_loss_, loss_curve_ and history_ (loss and metrics by epoch).
    """

    model_: Sequential
    n_outputs_: int
    n_iter_: int
    loss_curve_: list[float]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.model is None
        tags.input_tags.three_d_array = self.model is not None
        return tags

    # --- what a subclass says

    def _default_loss(self) -> Loss:
        raise TypeError(f"{type(self).__name__} must define _default_loss()")

    def _targets(self, y: Any) -> Any:
        """The targets that `model_`'s loss takes."""
        raise TypeError(f"{type(self).__name__} must define _targets(y)")

    # --- data

    def _samples(self, X: Any, y: Any = None, reset: bool | None = None) -> Any:
        """X, and y unless `reset` is None, checked and dense; X is contiguous, and of the model's type if one is there.

        reset: whether a new model begins with these samples.
        """
        dtype = FLOATS if reset else self.model_._built("fit").dtype
        options: dict[str, Any] = {"accept_sparse": ["csr", "csc"], "dtype": dtype, "order": "C"}
        if self.model is not None:  # images and sequences
            options |= {"allow_nd": True, "accept_sparse": False}
        if reset is None:
            return _dense(validate_data(self, X, reset=False, **options))
        X, y = validate_data(self, X, y, reset=reset, multi_output=True, **options)
        return _dense(X), _dense(y)

    def _weights(self, X: Any, sample_weight: Any) -> Any:
        """Weights whose mean is 1, because ours divides by the number of samples; or None."""
        if sample_weight is None:
            return None
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not weights.any():
            raise ValueError("Sample weights must contain at least one non-zero number.")
        return (weights * (len(weights) / weights.sum())).astype(X.dtype)

    # --- training

    def _begin(self, X: Any, outputs: int) -> None:
        """A new model for these samples."""
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self.n_outputs_ = outputs
        self.model_ = new(self, X.shape[1:], outputs, self._default_loss(), X.dtype, seed)
        self.loss_curve_ = []
        self.history_: dict[str, list[float]] = {}

    def _go_on(self, X: Any, y: Any, weights: Any, epochs: int, callbacks: list[Callback], split: float = 0.0) -> None:
        """Train `model_` for so many epochs at most."""
        batch = min(200, len(X)) if self.batch_size == "auto" else self.batch_size
        history = self.model_.fit(
            X,
            self._targets(y),
            positive_integer(type(self).__name__, "batch_size", batch),
            epochs,
            validation_split=split,
            shuffle=boolean(type(self).__name__, "shuffle", self.shuffle),
            sample_weight=weights,
            callbacks=[*callbacks, *(self.callbacks or ())],
            verbose=2 if self.verbose else 0,
        )
        for name, values in history.history.items():
            self.history_[name] = self.history_.get(name, []) + list(values)
        self.n_iter_ = len(history.epoch)
        self.loss_curve_ = self.history_["loss"]
        self.loss_, self.best_loss_ = self.loss_curve_[-1], min(self.loss_curve_)

    def _fit(self, X: Any, y: Any, weights: Any) -> None:
        """Train until nothing gets better, or max_iter epochs."""
        owner = type(self).__name__
        tol, patience = non_negative(owner, "tol", self.tol), self.n_iter_no_change
        patience = positive_integer(owner, "n_iter_no_change", patience)
        epochs = positive_integer(owner, "max_iter", self.max_iter)
        stopping = boolean(owner, "early_stopping", self.early_stopping)
        split = self.validation_fraction if stopping else 0.0
        if stopping and not 0 < split < 1:
            fail(owner, "validation_fraction", "a number between 0 and 1", split)
        stop = EarlyStopping(
            "val_loss" if stopping else "loss", min_delta=tol, patience=patience, restore_best_weights=stopping
        )
        self._go_on(X, y, weights, epochs, [stop], split)
        if self.n_iter_ == epochs and stop.stopped_epoch is None:
            warnings.warn(
                f"{owner}: max_iter={epochs} epochs reached, and the loss still falls. Raise max_iter, or tol.",
                ConvergenceWarning,
                stacklevel=3,
            )

    # --- prediction

    def _outputs(self, X: Any) -> Any:
        """What the model makes of X, taken in the type that it was trained in."""
        check_is_fitted(self, "model_")
        return self.model_.predict(self._samples(X))


def _dense(X: Any) -> Any:
    return X.toarray(order="C") if hasattr(X, "toarray") else X
