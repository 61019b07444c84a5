"""explain: data that does not fit is refused, and every call of a loop that is about something else is shown."""

import re

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import ArgumentError, DataError, ShapeError
from numbanet.teach.explaining.contract import contract, operations
from numbanet.teach.explaining.given import misfit
from numbanet.teach.explaining.owners import known_uses

layers, losses = nn.layers, nn.losses
P = np.full((2, 2), 0.5)
DENSE = {"x": [[1.0, 2.0]], "w": [[1.0], [2.0]], "b": [0.5], "y": [[0.0]]}


def loop(explanation, operation, function):
    (part,) = (part for part in explanation.parts if part.operation == operation)
    return next(loop for loop in part.loops if loop.name == function)


@pytest.mark.parametrize(
    ("layer", "element", "operation"),
    [
        (layers.Dense(3, activation="relu"), (1, 0), "dense"),
        (layers.Conv2D(2, 2, activation="tanh"), (1, 0, 1, 1), "conv2d"),
        (layers.Bidirectional(layers.LSTM(2)), (1, 3), "merge"),
    ],
)
def test_an_index_is_that_of_the_loops_whose_array_it_lies_in(layer, element, operation):
    found = nn.explain(layer, element={"y": element})
    (part,) = (part for part in found.parts if part.operation == operation)
    assert element in [each.index for loop in part.loops for each in loop.worked if each.array == "y"]
    with pytest.raises(ArgumentError, match="element must lie in y, of shape"):
        nn.explain(layer, element={"y": (9,) * len(element)})


@pytest.mark.parametrize(
    ("what", "data", "error", "message"),
    [
        (layers.Dense(2), np.zeros((0, 3)), ShapeError, r"shape \(N, ...\) with elements .* received \(0, 3\)"),
        (layers.Dense(2), 3, ShapeError, r"received \(\)"),
        (layers.Dense(2), [["a"]], ArgumentError, "data must be an array of numbers"),
        (layers.Dense(2), [[1], [1, 2]], ArgumentError, "data must be an array of numbers"),
        (layers.Embedding(3, 2), [[5]], DataError, "whole numbers from 0 to 2"),
        (layers.Embedding(3, 2), [[-1]], DataError, "whole numbers from 0 to 2"),
        (layers.Embedding(3, 2), [[0.5]], DataError, "whole numbers from 0 to 2"),
        (layers.LSTM(2, stateful=True, batch_size=4), np.ones((2, 3, 2)), ShapeError, "Give 4 samples"),
        (losses.MeanSquaredError(), (P,), ArgumentError, "data must be two arrays"),
        (losses.MeanSquaredError(), 3, ArgumentError, "data must be two arrays"),
        (losses.MeanSquaredError(), (P, np.ones((3, 2))), ShapeError, r"y_true of shape \(2, 2\)"),
        (losses.SparseCategoricalCrossentropy(), (P, [0, 2]), DataError, "labels from 0 to 1"),
        (losses.SparseCategoricalCrossentropy(), (P, [0, -1]), DataError, "labels from 0 to 1"),
        (losses.BinaryCrossentropy(), (P, P * 9), DataError, "targets from 0 to 1"),
        (nn.metrics.BinaryAccuracy(), (P, P[:1]), ShapeError, r"y_true of shape \(2, 2\)"),
        (nn.optimizers.SGD(0.1), ([1.0, 2.0], [1.0]), ShapeError, "must have one shape"),
        ("dense", DENSE | {"x": 3}, ShapeError, r"dense.reference.forward cannot run on x=3, w \(2, 1\)"),
        ("dense", DENSE | {"x": np.ones((1, 1))}, ShapeError, r"I is 1 in x and 2 in w. .* x \(N, I\), w \(I, O\)"),
        ("dense", DENSE | {"x": np.ones(2)}, ShapeError, "cannot run on"),
    ],
)
def test_data_that_does_not_fit_is_refused(what, data, error, message):
    with pytest.raises(error, match=re.compile(message, re.DOTALL)):
        nn.explain(what, data)


def test_lists_are_arguments_of_an_operation_too():
    (worked,) = nn.explain("dense", DENSE).parts[0].loops[0].worked
    assert worked.value == 5.5


@pytest.mark.parametrize("operation", operations())
def test_what_the_contract_s_shapes_allow_is_not_refused(operation):
    for _, use in known_uses().get(operation, {}).values():
        arrays = {name: a for name, a in use.arguments.items() if isinstance(a, np.ndarray)}
        assert misfit(contract(operation).shapes, arrays) == ""


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU])
def test_a_stateful_layer_has_as_many_samples_as_it_keeps_states_of(kind):
    found = nn.explain(kind(2, stateful=True, batch_size=4), element="h[3, 1, 1]")
    assert any(each.index == (3, 1, 1) for part in found.parts for loop in part.loops for each in loop.worked)


def test_every_gradient_of_a_recurrent_layer_is_worked_out():
    found = nn.explain(layers.GRU(2))
    kernels = loop(found, "time_sum", "backward_kernel")
    assert [run.purpose for run in kernels.runs] == ["kernel", "recurrent_kernel"]
    assert kernels.runs[0].worked[0].numbers != kernels.runs[1].worked[0].numbers
    assert [run.purpose for run in loop(found, "time_sum", "backward_bias").runs] == ["bias[0]", "bias[1]"]
    assert "for recurrent_kernel:" in str(found)
    assert "for <code>recurrent_kernel</code>:" in found._repr_html_()
    before = loop(nn.explain(layers.GRU(2, reset_after=False)), "time_sum", "backward_kernel")
    purposes = [run.purpose for run in before.runs]
    assert purposes[1:] == ["recurrent_kernel, columns=(0, 4)", "recurrent_kernel, columns=(4, 6)"]


def test_both_directions_are_worked_out():
    found = nn.explain(layers.Bidirectional(layers.LSTM(2)))
    assert [run.purpose for run in loop(found, "lstm", "forward").runs] == ["forward_lstm", "backward_lstm"]
    purposes = {run.purpose for run in loop(found, "time_sum", "backward_kernel").runs}
    assert purposes == {
        f"{way}_lstm/{name}" for way in ("forward", "backward") for name in ("kernel", "recurrent_kernel")
    }


def test_a_trace_s_recurrent_layer_has_all_gradients_and_takes_no_data():
    model = nn.Sequential([layers.LSTM(2), layers.Dense(2)], seed=1)
    model.compile("sgd", "mse")
    model.build((3, 2), device="reference", dtype="float64")
    x = np.random.default_rng(0).standard_normal((2, 3, 2))
    trace = nn.teach.trace(model, x, np.ones((2, 2)))
    runs = loop(nn.explain(trace["lstm"], element="dw[1, 3]"), "time_sum", "backward_kernel").runs
    assert [run.purpose for run in runs] == ["W of lstm", "U of lstm"]
    for run, gradient in zip(runs, (trace["lstm"].dW, trace["lstm"].dU), strict=True):
        assert abs(run.worked[0].value - gradient[1, 3]) < 1e-12
    with pytest.raises(ArgumentError, match="a trace has its own data"):
        nn.explain(trace["lstm"], x)
