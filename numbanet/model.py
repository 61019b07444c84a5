"""Sequential: a chain of layers, and what one does with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from . import evaluation, losses, metrics, optimizers, training
from .callbacks import Callback, History
from .checks import boolean, fail, seed_number, text
from .data import batches, door, feeds
from .devices import Device, get_device
from .errors import ArgumentError, NumbanetError, StateError
from .exports import Exports
from .io.checkpoint import read_checkpoint, write_checkpoint
from .io.model_file import Chosen, read_model, save_model
from .io.tensors import blame
from .layers.base import Layer
from .metrics import get_all as get_metrics
from .network import Network
from .step import TRAIN, Mode, Step
from .steps import Steps
from .summary import summary_lines


class Sequential(Exports):
    """A neural network of layers one after another.

    layers: the layers in order; `add` and `pop` change them later, and layers that stay keep their weights.
    seed: of the initial weights, shuffling and dropout. The same seed gives the same bits, on any number of threads.

    Methods may be called from several threads; they take turns.
    """

    trace: ClassVar[Callable[..., Any]]  # numbanet.teach.trace, which stands on this floor and puts itself here

    def __init__(self, layers: Iterable[Layer] | None = None, seed: int = 0, name: str = "sequential") -> None:
        self.seed = seed_number("Sequential", seed)
        self.name = text("Sequential", "name", name)
        super().__init__()
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
        self.stop_training = False
        self.epochs_trained = 0
        self.history: History | None = None  # of the last fit, also where it was interrupted
        self._steps: Steps | None = None
        self._built_from_data = False
        self._training: training.Training | None = None  # while fit runs
        self._runner: training.Runner = training.Alone()
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

    def build(
        self, input_shape: Sequence[int], device: str | Device = "cpu", dtype: Any = "float32", precision: Any = None
    ) -> None:
        """Allocate and initialise for samples of `input_shape`, without the batch axis: (64,) or (28, 28, 1).

        device: "cpu", "cuda" for a GPU, or "reference" for the textbook loops. dtype: "float32" or "float64".
        precision: "tf32" or "bf16" for the factors of products on a GPU's tensor cores, in float32 models.
        Raises ArgumentError, ShapeError (a layer does not fit the one below), DeviceError, MissingDependency.
        """
        if not self.layers:
            raise StateError("build: expected a model with layers, received an empty one. Add a layer first.")
        shape, chosen = door.sample_shape("build", input_shape, self._takes_indices), get_device(device, precision)
        door.expect_float("build", dtype, chosen.precision)
        with self._lock:
            self._refuse_while_fitting("build")
            self._warn_of_trained_layers()
            self._take(Network(self.layers, shape, chosen, dtype, self.seed))
            self.epochs_trained, self._built_from_data = 0, False

    def compile(
        self,
        optimizer: str | optimizers.Optimizer = "rmsprop",
        loss: str | losses.Loss | None = None,
        metrics: Sequence[str | metrics.Metric] = (),
    ) -> None:
        """Choose how to train. The optimizer's moments begin anew; the weights stay.

        Layers whose `trainable` is False now are frozen, the others trained; to change that, compile again.
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
                    self._take(self._network.following_its_layers())
                    self._network.iteration[...] = 0
            except Exception:
                self.optimizer, self.loss, self.metrics = before
                raise

    def _take(self, network: Network) -> None:
        """Work with this network from now on."""
        self._network, self._steps = network, self._steps_of(network)
        self._settle(network)

    def _steps_of(self, network: Network) -> Steps:
        """The network's steps, for the loss that was chosen, if any. Raises where loss or metrics do not fit."""
        if self.loss is None:
            return Steps(network)
        losses.warn_of_double_activation(self.loss, network.layers[-1])
        outputs = network.output_shape[-1]
        fitting = [metric.for_loss(self.loss, outputs) for metric in self.metrics]
        return Steps(network, self.loss, fitting, self.optimizer)

    def _refuse_while_fitting(self, method: str) -> None:
        if self._training:
            raise StateError(f"{method}: not while fit runs. Set model.stop_training, and go on after fit.")

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
            self.build(door.shape_of_samples(method, feeds.example(x), self._takes_indices))
            self._built_from_data = True

    # --- training and prediction

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        *,
        steps_per_epoch: int | None = None,
        initial_epoch: int = 0,
        resume_from: str | os.PathLike[str] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        validation_steps: int | None = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        lengths: Any = None,
        callbacks: Sequence[Callback] | None = None,
        verbose: int | str = "auto",
    ) -> History:
        """Train on samples x and targets y, and return the History of loss and metrics by epoch.

        x, y: arrays; memory-mapped ones are read, converted and checked batch by batch. Or x is an iterable of batches
        (x, y), (x, y, sample_weight) or (x, y, sample_weight, lengths): a sequence, taken in an order that is drawn for
        each epoch, or what is gone over in its own order. A thread makes two ahead, but of a list.
        steps_per_epoch: of an iterable without a length; each epoch goes on where the one before ended.
        batch_size: None is 32; len(x) is batch gradient descent, 1 stochastic, in between mini-batch.
        epochs: the number of the last epoch; those before initial_epoch are taken as done.
        resume_from: a checkpoint, or the folder of a ModelCheckpoint, whose newest is taken: training goes on from
        there to the same bits, also in the middle of an epoch, if an iterable gives the same batches from its
        beginning. A folder without one is a new beginning, if a ModelCheckpoint of this fit writes to it.
        validation_split: this share of the samples, drawn at random and stratified by class, is kept for validation.
        validation_data: what to validate on instead: (x, y), also with sample_weight and lengths, or such batches.
        validation_steps: how many batches of an iterable without a length each validation takes.
        class_weight: {label: weight} for every label of y, in the training loss. sample_weight: (N,), of each sample.
        lengths: (N,), how many steps of each sequence count, from 1 to all; what stands behind them changes nothing.
        verbose: 0 nothing, 1 a live line, 2 a line an epoch, "auto" by whether the output is a terminal.

        An unbuilt model is built for the shape of x, on the CPU in float32. Raises ShapeError, DtypeError, DataError or
        ArgumentError before training (or when a batch comes), what an iterable raises, FileError for a checkpoint, and
        NonFiniteError at the step that comes to NaN or infinity, whose update is not made (see TerminateOnNaN); on a
        GPU maybe some steps later. Ctrl-C raises KeyboardInterrupt after a step, or while fit waits for a batch.
        """
        with self._lock:
            self._refuse_while_fitting("fit")
            plan = training.plan(epochs, initial_epoch, verbose, callbacks)
            given = feeds.Given("fit", x, y, sample_weight, lengths, batch_size, steps_per_epoch)
            self._build_from("fit", given)
            steps = self._ready("fit")
            training.expect_parameters(steps)
            with self._taking_shape():
                chosen = feeds.Choice(
                    self.seed, shuffle, class_weight, validation_split, validation_data, validation_steps
                )
                feed, held = feeds.training(given, steps, chosen, plan.span, plan.guarded, self._runner.feed)
            self.stop_training = False
            self._training = self._runner.training(self, steps, feed, held, plan)
            try:
                if resume_from is not None:
                    self._training.resume(resume_from)
                return self._training.run()
            finally:
                self._training = None

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        sample_weight: Any = None,
        lengths: Any = None,
        steps: int | None = None,
    ) -> dict[str, Any]:
        """Loss and metrics on x and y, without training: {"loss": ..., "accuracy": ...}.

        x, y, lengths: as in fit. batch_size: None is 256. steps: how many batches of an iterable without a length.
        """
        with self._lock:
            given = feeds.Given("evaluate", x, y, sample_weight, lengths, batch_size, steps)
            self._build_from("evaluate", given)
            ready = self._ready("evaluate")
            with self._taking_shape():
                data = given.batches(ready)
            return self._runner.evaluate(ready, data)

    def predict(self, x: Any, batch_size: int | None = None, lengths: Any = None, steps: int | None = None) -> Any:
        """The output for samples x, as a numpy array (N, ...).

        x: an array, also a memory-mapped one, or an iterable of batches, x or tuples that begin with it. batch_size:
        None is 256. lengths: as in fit. steps: as in evaluate.
        """
        with self._lock:
            return evaluation.predict(self._steps or Steps(self._built("predict")), x, batch_size, lengths, steps)

    def train_on_batch(self, x: Any, y: Any, sample_weight: Any = None, lengths: Any = None) -> float:
        """One step on one batch; returns its loss, before the step. Raises as fit does."""
        with self._lock:
            steps = self._steps
            # the common case, where time counts: arrays of the model's own types and shapes
            if sample_weight is None and lengths is None and self.loss and steps and steps.takes(x):
                step = steps.step(TRAIN, len(x))
                if step.fits(x, y) and steps.plain_targets:
                    step.x[...] = x
                    step.targets[...] = y
                    if steps.good_batch(step):
                        step.run()
                        return float(step.loss[0])
            return float(self._run("train_on_batch", TRAIN, x, y, sample_weight, lengths).loss[0])

    def _run(self, method: str, mode: Mode, *data: Any, run: Callable[[Step], None] = Step.run) -> Step:
        """One step on one batch, x, y, sample_weight and lengths, which is checked first; run: what runs the step."""
        self._build_from(method, data[0])
        steps = self._ready(method)
        with self._taking_shape():
            batch = batches.checked(method, steps, *data)
        step = steps.step(replace(mode, lengths=batch.mask is not None), len(batch.x))
        fixed = steps.network.fixed
        before = np.array(fixed)
        try:
            batch.put(step)
            run(step)
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

    @contextmanager
    def _taking_shape(self) -> Iterator[None]:
        """The shape of data that are refused in this block binds nobody."""
        try:
            yield
        except NumbanetError:
            if self._built_from_data:
                self._network = self._steps = None
            raise
        self._built_from_data = False

    # --- files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write layers, weights and compile's choices to a file for `nn.load_model`: all of it, or nothing.

        Raises StateError before build, FileError, MissingDependency, ArgumentError where a get_config is not enough.
        """
        with self._lock:
            save_model(path, self.name, self._built("save"), self._chosen)

    def save_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Write all that training needs to go on to the same bits; also from a callback, while fit runs.

        Weights, moments, counters, learning rate, and of a fit the place in the epoch, metrics, history and callbacks'
        states. Raises StateError before build and compile, NonFiniteError for weights that are not finite, and as save.
        """
        with self._lock:
            steps, fit = self._ready("save_checkpoint"), self._training
            if fit is None or fit.plan.guarded:
                steps.expect_finite_weights()
            with steps.unswapped():
                state = {"epochs_trained": self.epochs_trained, "training": fit and fit.get_state()} | steps.get_state()
                validated = fit.validated if fit else "weights"
                write_checkpoint(path, self.name, steps.network, self._chosen, state, validated)

    def load_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Take over a checkpoint of this very model, compiled as it was; a model that is not built is built.

        `train_on_batch` then goes on to the same bits; `fit(..., resume_from=path)` does all of this itself. Raises
        FileError, ArgumentError where the checkpoint is of another model, and StateError before compile.
        """
        with self._lock:
            self._refuse_while_fitting("load_checkpoint")
            self._read_checkpoint(path)

    def _read_checkpoint(self, path: Any, accept: Callable[[Any], None] = lambda state: None) -> None:
        """Take over a checkpoint, if `accept` does not refuse its fit's state or None. On errors nothing is changed."""
        built = self._network is not None or self.loss is None
        try:
            if not built:
                saved, _ = read_model(path)
                self.build(saved.input_shape, dtype=saved.dtype)
            steps = self._ready("load_checkpoint")
            weights, state = read_checkpoint(path, self.name, steps.network, self._chosen)
            accept(state["training"])
            with blame(os.fspath(path)):
                steps.set_state(state, weights)
            self.epochs_trained = state["epochs_trained"]
            if steps.has_other_rate(state["initial_learning_rate"]):
                training.warn_of_other_rate(self.optimizer, state["initial_learning_rate"])
        except BaseException:
            if not built:
                self._network = self._steps = None
            raise

    @property
    def _chosen(self) -> Chosen:
        """What compile was given."""
        return self.optimizer, self.loss, self.metrics

    def swap_average(self) -> None:
        """Exchange the trained weights and their average, which an optimizer with use_ema=True keeps.

        Twice changes nothing. Until the first update the average is the weights. Raises StateError without one.
        """
        with self._lock:
            self._ready("swap_average").swap_average()

    def summary(self) -> None:
        """Print the layers with their output shapes and parameters, and the memory."""
        network = self._built("summary")
        print("\n".join(summary_lines(self.name, network, (self._steps or Steps(network)).sizes())))

    def __repr__(self) -> str:
        return f"Sequential({self.layers!r}, seed={self.seed})"
