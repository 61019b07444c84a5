"""Sequential: a chain of layers, and what one does with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from . import data as door
from . import losses, metrics, optimizers, training
from .callbacks import Callback, History
from .checks import boolean, fail, fraction, positive_integer, seed_number
from .devices import Device, get_device
from .errors import ArgumentError, NumbanetError, StateError
from .io.model_file import save_model
from .layers.base import Layer
from .layers.stack import LayerStack
from .locks import Turns
from .metrics import get_all as get_metrics
from .network import Network
from .steps import TRAIN, Mode, Step, Steps
from .summary import summary_lines

PREDICT_BATCH = 256  # samples: enough rows for the register tile, few enough for the caches


class Sequential(LayerStack):
    """A neural network of layers one after another.

    layers: the layers in order; `add` and `pop` change them later, and layers that stay keep their weights.
    seed: of the initial weights, shuffling and dropout. The same seed gives the same bits, on any number of threads.

    Methods may be called from several threads; they take turns.
    """

    def __init__(self, layers: Iterable[Layer] | None = None, seed: int = 0, name: str = "sequential") -> None:
        self.seed = seed_number("Sequential", seed)
        self.name = name
        super().__init__()
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
        self.stop_training = False
        self.epochs_trained = 0
        self.history: History | None = None  # of the last fit, also where it was interrupted
        self._network: Network | None = None
        self._steps: Steps | None = None
        self._built_from_data = self._fitting = False
        self._lock = Turns()
        if isinstance(layers, str | Layer) or not isinstance(layers, Iterable | None):
            fail("Sequential", "layers", "a list of layers", layers)
        for layer in layers or ():
            self.add(layer)

    def _change(self, layers: list[Layer]) -> None:
        """Take new layers; a built model is built again, and layers that stay keep their weights."""
        with self._lock:
            self._refuse_while_fitting("add and pop")
            before = self._network
            if before and layers:
                after = Network(layers, before.input_shape, before.device, before.dtype, self.seed)
                after.adopt(before)
                self._take(after)
            else:
                self._network = self._steps = None
            self.layers = layers

    # --- build and compile

    def build(self, input_shape: Sequence[int], device: str | Device = "cpu", dtype: Any = "float32") -> None:
        """Allocate and initialise for samples of `input_shape`, without the batch axis: (64,) or (28, 28, 1).

        device: "cpu", or "reference" for the textbook loops. dtype: "float32" or "float64".
        Raises ArgumentError, ShapeError (a layer does not fit the one below) or DeviceError.
        """
        if not self.layers:
            raise StateError("build: expected a model with layers, received an empty one. Add a layer first.")
        shape = door.sample_shape("build", input_shape, self._takes_indices)
        door.expect_float("build", dtype)
        with self._lock:
            self._refuse_while_fitting("build")
            self._take(Network(self.layers, shape, get_device(device), dtype, self.seed))
            self.epochs_trained, self._built_from_data = 0, False

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        return self._network is not None

    def compile(
        self,
        optimizer: str | optimizers.Optimizer = "rmsprop",
        loss: str | losses.Loss | None = None,
        metrics: Sequence[str | metrics.Metric] = (),
    ) -> None:
        """Choose how to train. The optimizer's moments begin anew; the weights stay.

        loss: needed. The cross-entropies expect logits unless made with from_logits=False.
        Raises ArgumentError for names that are not known and metrics that do not fit the loss.
        """
        if loss is None:
            raise ArgumentError('compile: loss is needed, such as loss="mse" or an object of numbanet.losses.')
        chosen = optimizers.get(optimizer), losses.get(loss), get_metrics(metrics)
        with self._lock:
            self._refuse_while_fitting("compile")
            before = self.optimizer, self.loss, self.metrics
            self.optimizer, self.loss, self.metrics = chosen
            try:
                if self._network:
                    self._steps = self._steps_of(self._network)
                    self._network.iteration[...] = 0
            except Exception:
                self.optimizer, self.loss, self.metrics = before
                raise

    def _take(self, network: Network) -> None:
        """Work with this network from now on."""
        self._network, self._steps = network, self._steps_of(network)

    def _steps_of(self, network: Network) -> Steps:
        """The network's steps, for the loss that was chosen, if any. Raises where loss or metrics do not fit."""
        if self.loss is None:
            return Steps(network)
        losses.warn_of_double_activation(self.loss, network.layers[-1])
        outputs = network.output_shape[-1]
        fitting = [metric.for_loss(self.loss, outputs) for metric in self.metrics]
        return Steps(network, self.loss, fitting, self.optimizer)

    def _refuse_while_fitting(self, method: str) -> None:
        if self._fitting:
            raise StateError(f"{method}: not while fit runs. Set model.stop_training, and go on after fit.")

    def _built(self, method: str) -> Network:
        if self._network is None:
            raise StateError(f"{method}: expected a model that is built. Call build(input_shape) or fit first.")
        return self._network

    def _ready(self, method: str) -> Steps:
        if self.loss is None or self._steps is None:
            raise StateError(f"{method}: expected a model with an optimizer and a loss. Call compile(...) first.")
        return self._steps

    @property
    def _takes_indices(self) -> bool:
        """Whether an Embedding comes first, so that a sample may be a single number."""
        return bool(self.layers) and self.layers[0].index_limit is not None

    def _build_from(self, method: str, x: Any) -> None:
        """Build for the data's shape where that was not done before."""
        if self._network is None:
            if self.loss is None:
                self._ready(method)
            self.build(door.shape_of_samples(method, x, self._takes_indices))
            self._built_from_data = True

    # --- training and prediction

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int = 32,
        epochs: int = 1,
        *,
        validation_split: float = 0.0,
        validation_data: Sequence[Any] | None = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        lengths: Any = None,
        callbacks: Sequence[Callback] | None = None,
        verbose: int | str = "auto",
    ) -> History:
        """Train on samples x and targets y, and return the History of loss and metrics by epoch.

        batch_size: len(x) is batch gradient descent, 1 stochastic, in between mini-batch.
        validation_split: this share of the samples, drawn at random and stratified by class, is kept for validation.
        validation_data: (x, y), (x, y, sample_weight) or (x, y, sample_weight, lengths) to validate on instead.
        class_weight: {label: weight} for every label of y, in the training loss. sample_weight: (N,), of each sample.
        lengths: (N,), how many steps of each sequence count, from 1 to all; what stands behind them changes nothing.
        verbose: 0 nothing, 1 a live line, 2 a line an epoch, "auto" by whether the output is a terminal.

        An unbuilt model is built for the shape of x, on the CPU in float32. Raises ShapeError, DtypeError, DataError
        or ArgumentError before anything is trained.
        """
        with self._lock:
            self._refuse_while_fitting("fit")
            batch_size = positive_integer("fit", "batch_size", batch_size)
            epochs = positive_integer("fit", "epochs", epochs)
            share = fraction("fit", "validation_split", validation_split)
            boolean("fit", "shuffle", shuffle)
            training.check_watchers(verbose, callbacks)
            if share and validation_data is not None:
                fail("fit", "validation_split", "0 where validation_data is given", share)
            self._build_from("fit", x)
            steps = self._ready("fit")
            if not steps.network.trained:
                raise StateError("fit: expected a model with parameters to train, received one without.")
            samples = self._data("fit", x, y, sample_weight, lengths)
            factors = None if class_weight is None else door.class_weights("fit", class_weight, samples.y)
            samples, unweighted = samples.weighted(factors), samples
            validation = None
            if validation_data is not None:
                if not isinstance(validation_data, tuple | list) or not 2 <= len(validation_data) <= 4:
                    fail("fit", "validation_data", "(x, y), also with sample_weight and lengths", type(validation_data))
                validation = self._data("fit: validation_data", *validation_data)
            elif share:
                kept, held = door.split(samples.y, share, self.seed)
                samples, validation = samples.rows(kept), unweighted.rows(held)
            self.stop_training = False
            plan = training.Plan(batch_size, epochs, shuffle, verbose, self.seed, self.epochs_trained)
            self._fitting = True
            try:
                return training.fit(self, steps, samples, validation, plan, list(callbacks or ()))
            finally:
                self._fitting = False

    def evaluate(
        self, x: Any, y: Any, batch_size: int = PREDICT_BATCH, sample_weight: Any = None, lengths: Any = None
    ) -> dict[str, Any]:
        """Loss and metrics on x and y, without training: {"loss": ..., "accuracy": ...}. lengths: as in fit."""
        with self._lock:
            size = positive_integer("evaluate", "batch_size", batch_size)
            self._build_from("evaluate", x)
            steps = self._ready("evaluate")
            return training.evaluate(steps, self._data("evaluate", x, y, sample_weight, lengths), size)

    def predict(self, x: Any, batch_size: int = PREDICT_BATCH, lengths: Any = None) -> Any:
        """The output for samples x, as a numpy array (N, ...). lengths: as in fit."""
        with self._lock:
            size = positive_integer("predict", "batch_size", batch_size)
            network, steps = self._built("predict"), self._steps
            checked = self._inputs("predict", x, network)
            mask = door.mask("predict", lengths, checked, network)
            return training.predict(steps or Steps(network), checked, size, mask)

    def train_on_batch(self, x: Any, y: Any, sample_weight: Any = None, lengths: Any = None) -> float:
        """One step on one batch; returns its loss, before the step. Raises as fit does."""
        with self._lock:
            steps = self._steps
            # the common case, where time counts: arrays of the model's own types and shapes
            if sample_weight is None and lengths is None and self.loss and steps and steps.takes(x):
                step = steps.step(TRAIN, len(x))
                if step.fits(x, y) and steps.plain_targets:
                    np.copyto(step.x, x)
                    np.copyto(step.targets, y)
                    if steps.good_batch(step):
                        step.run()
                        return float(step.loss[0])
            return float(self._run("train_on_batch", TRAIN, x, y, sample_weight, lengths).loss[0])

    def _run(self, method: str, mode: Mode, x: Any, y: Any, sample_weight: Any, lengths: Any) -> Step:
        """One step on one batch, which is checked first."""
        self._build_from(method, x)
        steps, batch = self._ready(method), self._data(method, x, y, sample_weight, lengths)
        step = steps.step(replace(mode, lengths=batch.mask is not None), len(batch.x))
        fixed = steps.network.fixed
        step.x[...], step.targets[...] = batch.x, batch.y
        if batch.mask is not None:
            step.mask[...] = batch.mask
        before = np.array(fixed)
        try:
            step.weights[...] = 1 if batch.weights is None else batch.weights.reshape(-1)
            step.run()
        finally:
            steps.restore_weights()
            if not mode.update:  # a forward pass of training moves running statistics
                fixed[...] = before
        return step

    def gradients(
        self, x: Any, y: Any, sample_weight: Any = None, training: bool = False, lengths: Any = None
    ) -> tuple[float, list[Any]]:
        """The loss, and its gradient by each trained parameter in the order of get_weights; nothing is updated.

        training=True takes those of the next training step, with its dropout mask and the statistics of this batch.
        """
        with self._lock:
            mode = Mode(boolean("gradients", "training", training), loss=True, gradients=True)
            loss = float(self._run("gradients", mode, x, y, sample_weight, lengths).loss[0])
            return loss, [np.array(slot.gradient) for slot in self._built("gradients").trained]

    def input_gradient(
        self, x: Any, y: Any, sample_weight: Any = None, training: bool = False, lengths: Any = None
    ) -> Any:
        """dL/dx, as an array of x's shape."""
        with self._lock:
            mode = Mode(boolean("input_gradient", "training", training), loss=True, gradients=True, input_gradient=True)
            return np.array(self._run("input_gradient", mode, x, y, sample_weight, lengths).dx)

    def loss_value(
        self, x: Any, y: Any, sample_weight: Any = None, training: bool = False, lengths: Any = None
    ) -> float:
        """The loss of one batch, with regularisation; nothing is updated."""
        with self._lock:
            mode = Mode(boolean("loss_value", "training", training), loss=True)
            return float(self._run("loss_value", mode, x, y, sample_weight, lengths).loss[0])

    def _inputs(self, method: str, x: Any, network: Network) -> Any:
        layer = f"{type(self.layers[0]).__name__} (layer 0, {self.layers[0].name!r})"
        return door.inputs(method, x, network.input_shape, network.dtype, layer, network.index_limit)

    def _data(self, method: str, x: Any, y: Any, sample_weight: Any = None, lengths: Any = None) -> training.Data:
        steps = self._ready(method)
        network = steps.network
        try:
            checked = self._inputs(method, x, network)
            y = door.targets(method, y, steps.loss, network.output_shape, network.dtype, len(checked))
            weights = door.sample_weights(method, sample_weight, len(checked), steps.rows, network.dtype)
            mask = door.mask(method, lengths, checked, network)
        except NumbanetError:
            if self._built_from_data:  # the shape of refused data binds nobody
                self._network = self._steps = None
            raise
        self._built_from_data = False
        return training.Data(checked, y, weights, mask)

    # --- weights

    def get_weights(self) -> list[Any]:
        """Copies of all parameters, layer by layer, each layer's in Keras's order (kernel, bias)."""
        with self._lock:
            return [np.array(slot.value) for slot in self._built("get_weights").slots]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take values in the order of get_weights; nothing is changed unless all of them fit."""
        with self._lock:
            network = self._built("set_weights")
            shapes = dict(zip(self.weight_names, (slot.parameter.shape for slot in network.slots), strict=True))
            checked = door.parameters("set_weights", weights, shapes, network.dtype)
            for slot, a in zip(network.slots, checked, strict=True):
                slot.value[...] = a

    def last_gradients(self) -> dict[str, Any]:
        """Copies of the last step's gradients by the names of weight_names, as the optimizer used them: clipped."""
        with self._lock:
            slots = self._built("last_gradients").trained
            return {f"{slot.layer}/{slot.parameter.name}": np.array(slot.gradient) for slot in slots}

    def reset_states(self, states: dict[str, Sequence[Any]] | None = None) -> None:
        """Choose the states with which recurrent layers with stateful=True begin the next batch: zeros, or these.

        states: {layer name: [h]}, for an LSTM [h, c], each (batch_size, units), as `get_states` returns them; those of
        layers that are not named are set to zero. Where one does not fit, nothing is changed: ArgumentError,
        ShapeError, DtypeError or DataError.
        """
        with self._lock:
            network = self._built("reset_states")
            kept = network.states()
            chosen = door.states("reset_states", {} if states is None else states, kept, network.dtype)
            for name, places in kept.items():
                for k, place in enumerate(places):
                    place[...] = chosen[name][k] if name in chosen else 0

    def get_states(self) -> dict[str, list[Any]]:
        """Copies of the states in which recurrent layers with stateful=True ended the last batch: {name: [h, ...]}."""
        with self._lock:
            states = self._built("get_states").states()
            return {name: [np.array(state) for state in of_layer] for name, of_layer in states.items()}

    @property
    def weight_names(self) -> list[str]:
        """The names of get_weights' arrays: "dense/kernel", "dense/bias", ..."""
        return [f"{slot.layer}/{slot.parameter.name}" for slot in self._built("weight_names").slots]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write layers, weights and compile's choices to a file for `nn.load_model`: all of it, or nothing.

        Raises StateError before build, FileError, MissingDependency, ArgumentError where a get_config is not enough.
        """
        with self._lock:
            save_model(path, self.name, self._built("save"), (self.optimizer, self.loss, self.metrics))

    def count_params(self) -> int:
        """How many numbers the parameters hold."""
        return sum(slot.value.size for slot in self._built("count_params").slots)

    def summary(self) -> None:
        """Print the layers with their output shapes and parameters, and the memory."""
        network = self._built("summary")
        print("\n".join(summary_lines(self.name, network, (self._steps or Steps(network)).sizes())))

    def __repr__(self) -> str:
        return f"Sequential({self.layers!r}, seed={self.seed})"
