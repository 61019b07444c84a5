"""NumbanetClassifier: a network that tells classes apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import expit, logit, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import _check_sample_weight

from ..callbacks import Callback
from ..checks import fail
from ..losses import BinaryCrossentropy, CategoricalCrossentropy, Loss, SparseCategoricalCrossentropy
from ..optimizers import Optimizer
from .estimator import Estimator


class NumbanetClassifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """A network for classes: of numbers, strings, or several at once (y of zeros and ones, a column a label).

    hidden_layer_sizes: the units of each hidden layer. activation: of them. dropout: after each of them.
    solver: an optimizer's name, with learning_rate_init, or an object of numbanet.optimizers.
    alpha: L2 penalty, alpha / 2 times the sum of the squared weights, added to the mean loss (scikit-learn divides it
        by the number of samples).
    batch_size: "auto" is 200, or all samples where there are fewer.
    max_iter: epochs, at most: training ends once the loss has not fallen by tol for n_iter_no_change epochs.
        early_stopping: the loss on validation_fraction of the samples, stratified; the best weights are kept.
    random_state: of the initial weights, order and dropout. warm_start: fit goes on with the weights there are.
    class_weight: "balanced", or {class: weight}.
    model: a function of (input_shape, n_outputs) that makes a Sequential, such as a CNN for X of images (N, H, W, C);
        where it is compiled, with a cross-entropy, its optimizer and loss are used, else solver and the cross-entropy
        of logits. The parameters of layers above then mean nothing.
    device: as in Sequential.build. callbacks: of numbanet.callbacks, beside the estimator's own.

    The model is float32 where X is, else float64. Sparse X is made dense. A fitted estimator has classes_ also.
    Raises ValueError for data and parameters that it cannot use.
    """

    _several: bool  # whether y had a column for each label

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
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
        class_weight: str | dict[Any, float] | None = None,
        model: Callable[..., Any] | None = None,
        device: str = "cpu",
        callbacks: Sequence[Callback] | None = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
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
        self.class_weight = class_weight
        self.model = model
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NumbanetClassifier:
        """Train on samples X (N, features), or of the shape that `model` takes, and classes y (N,) or (N, labels)."""
        again = self.warm_start and hasattr(self, "model_")
        X, y = self._samples(X, y=y, reset=not again)
        several, classes = self._classes(y)
        if again and (several != self._several or not np.array_equal(classes, self.classes_)):
            raise ValueError(
                f"NumbanetClassifier: warm_start expects the classes of the fit before, {self.classes_}. "
                f"Received: {classes}"
            )
        weights = self._weights(X, self._weighted(y, sample_weight, self.class_weight))
        if not again:
            self._start(X, several, classes)
        self._fit(X, y, weights)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> NumbanetClassifier:
        """One epoch on these samples. classes: all that will ever come, needed in the first call."""
        first = not hasattr(self, "model_")
        if first and classes is None:
            raise ValueError("NumbanetClassifier: the first partial_fit needs classes, all that will ever come.")
        X, y = self._samples(X, y=y, reset=first)
        several, found = self._classes(y)
        known = self.classes_ if not first else found if several else unique_labels(classes)
        if not first and several != self._several:
            raise ValueError(f"NumbanetClassifier: expected y as in the first call. Received: shape {y.shape}")
        if classes is not None and not np.array_equal(known, unique_labels(classes)):
            raise ValueError(
                f"NumbanetClassifier: classes must be those of the first call, {known}. Received: {classes}"
            )
        if unknown := set(found) - set(known):
            raise ValueError(f"NumbanetClassifier: y has labels {sorted(unknown)}, which are not in {known}")
        by_class = self.class_weight
        if isinstance(by_class, dict):  # y need not have every class that is named, nor only those
            by_class = dict.fromkeys(known, 1.0) | by_class
        weights = self._weights(X, self._weighted(y, sample_weight, by_class))
        if first:  # once nothing above can refuse the data
            self._start(X, several, known)
        self._go_on(X, y, weights, 1, [])
        return self

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class (N, classes), or of each label (N, labels), in the order of classes_."""
        z, loss = self._outputs(X), self._loss
        if isinstance(loss, BinaryCrossentropy):
            p = expit(z) if loss.from_logits else z
            return p if self._several else np.hstack([1 - p, p])
        return softmax(z, axis=1) if loss.from_logits else z

    def decision_function(self, X: Any) -> Any:
        """How far each class is ahead (N, classes), as logits; of two classes the second one (N,); of labels each."""
        z, loss = self._outputs(X), self._loss
        if isinstance(loss, BinaryCrossentropy):
            z = z if loss.from_logits else logit(z)
            return z if self._several else z[:, 0]
        z = z if loss.from_logits else np.log(np.maximum(z, np.finfo(z.dtype).tiny))
        return z[:, 1] - z[:, 0] if len(self.classes_) == 2 else z

    def predict(self, X: Any) -> Any:
        """The most probable class of each sample (N,), or each label whose probability is above a half (N, labels)."""
        p = self.predict_proba(X)
        return (p > 0.5).astype(int) if self._several else self.classes_[p.argmax(axis=1)]

    def _classes(self, y: Any) -> tuple[bool, Any]:
        """Whether y has a column for each label, and the labels."""
        check_classification_targets(y)
        kind = type_of_target(y)
        if kind == "multiclass-multioutput":
            raise ValueError("NumbanetClassifier: expected y (N,), or (N, labels) of zeros and ones")
        if kind == "multilabel-indicator":
            return True, np.arange(y.shape[1])
        return False, unique_labels(self._column(y))

    def _start(self, X: Any, several: bool, classes: Any) -> None:
        if not several and len(classes) < 2:
            raise ValueError(f"NumbanetClassifier: expected y with 2 classes or more, received 1 class, {classes[0]!r}")
        self._several, self.classes_ = several, classes
        self._begin(X, len(classes))

    def _column(self, y: Any) -> Any:
        return column_or_1d(y, warn=True)

    def _weighted(self, y: Any, sample_weight: Any, class_weight: Any) -> Any:
        """The weights of samples with those of their classes."""
        if class_weight is None:
            return sample_weight
        by_class = compute_sample_weight(class_weight, y)
        return by_class if sample_weight is None else by_class * _check_sample_weight(sample_weight, y)

    def _default_loss(self) -> Loss:
        return BinaryCrossentropy() if self._several else SparseCategoricalCrossentropy()

    @property
    def _loss(self) -> Any:
        """The model's loss, one of the cross-entropies: the binary one for labels, and for no more than two classes."""
        loss, binary = self.model_.loss, isinstance(self.model_.loss, BinaryCrossentropy)
        if self._several and not binary:
            fail("NumbanetClassifier", "model", "compiled with BinaryCrossentropy, as labels need, or not at all", loss)
        if not binary and not isinstance(loss, CategoricalCrossentropy | SparseCategoricalCrossentropy):
            fail("NumbanetClassifier", "model", "compiled with a cross-entropy, or not compiled", loss)
        if binary and not self._several and len(self.classes_) > 2:
            expected = f"compiled with a categorical cross-entropy, as {len(self.classes_)} classes need"
            fail("NumbanetClassifier", "model", expected, loss)
        return loss

    def _targets(self, y: Any) -> Any:
        loss, dtype = self._loss, self.model_._built("fit").dtype
        if self._several:
            return y.astype(dtype)
        labels = np.searchsorted(self.classes_, self._column(y))
        if isinstance(loss, SparseCategoricalCrossentropy):
            return labels
        if isinstance(loss, BinaryCrossentropy):
            return labels[:, None].astype(dtype)
        return np.eye(len(self.classes_), dtype=dtype)[labels]
