"""The networks of estimators: a common one made of the estimator's parameters, or what a factory makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import layers, optimizers, regularizers
from ..checks import fail, fraction, non_negative, positive, positive_integer
from ..losses import Loss
from ..model import Sequential


def optimizer(owner: str, solver: Any, learning_rate: Any) -> optimizers.Optimizer:
    """The optimizer that a name means, with this learning rate; an object of the user's as it is, copied."""
    chosen = optimizers.get(solver)
    config = chosen.get_config()
    if isinstance(solver, str):
        config["learning_rate"] = positive(owner, "learning_rate_init", learning_rate)
    return type(chosen)(**config)


def common(estimator: Any, outputs: int, seed: int) -> Sequential:
    """Dense layers of the estimator's sizes, each with its activation and dropout, and one of `outputs` units."""
    owner = type(estimator).__name__
    sizes = estimator.hidden_layer_sizes
    sizes = list(sizes) if isinstance(sizes, Iterable) and not isinstance(sizes, str) else [sizes]
    alpha = non_negative(owner, "alpha", estimator.alpha)
    rate = fraction(owner, "dropout", estimator.dropout)

    def dense(units: int, activation: Any) -> layers.Layer:
        return layers.Dense(units, activation, kernel_regularizer=regularizers.L2(alpha / 2) if alpha else None)

    stack: list[layers.Layer] = []
    for size in sizes:
        stack.append(dense(positive_integer(owner, "hidden_layer_sizes", size), estimator.activation))
        if rate:
            stack.append(layers.Dropout(rate))
    return Sequential([*stack, dense(outputs, None)], seed)


def made(estimator: Any, factory: Callable[..., Any], shape: tuple[int, ...], outputs: int, seed: int) -> Sequential:
    """What the factory makes for samples of `shape`; with the estimator's random_state, where there is one."""
    owner = type(estimator).__name__
    if not callable(factory) or isinstance(factory, Sequential):
        fail(owner, "model", "a function of (input_shape, n_outputs) that makes a new Sequential, or None", factory)
    model = factory(shape, outputs)
    if not isinstance(model, Sequential) or model.built:
        fail(owner, "model", "a function that returns a new Sequential that is not built", model)
    if estimator.random_state is not None:
        model.seed = seed
    return model


def new(estimator: Any, shape: tuple[int, ...], outputs: int, loss: Loss, dtype: Any, seed: int) -> Sequential:
    """A compiled and built model for samples of `shape`; a factory's own choices of compile stay."""
    owner = type(estimator).__name__
    if estimator.model is None:
        model = common(estimator, outputs, seed)
    else:
        model = made(estimator, estimator.model, shape, outputs, seed)
    if model.loss is None:
        model.compile(optimizer(owner, estimator.solver, estimator.learning_rate_init), loss)
    model.build(shape, estimator.device, dtype)
    found = model._built("fit").output_shape
    if found[-1] not in (outputs, 1):  # one for two classes; what else does not fit, fit says
        fail(owner, "model", f"a function that makes a Sequential with n_outputs={outputs} outputs", found[-1])
    return model
