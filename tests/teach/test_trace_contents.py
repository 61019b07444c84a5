"""What the page of a trace is given: every array bit for bit, its axes, and the loops with what they cite."""

import base64
import inspect

import numpy as np
import pytest

import numbanet as nn
from numbanet.kernels import conv2d, kernel
from numbanet.kernels._kernel import Kernel
from numbanet.teach.page import contents, loops
from numbanet.teach.page.arrays import Arrays, Limits

L = nn.layers
MODELS = {
    "mlp": ([L.Dense(5, activation="relu"), L.Dense(3)], (6,)),
    "cnn": ([L.Conv2D(3, 3, activation="relu"), L.MaxPooling2D(2), L.Flatten(), L.Dense(3)], (8, 8, 2)),
    "lstm": ([L.LSTM(4), L.Dense(3)], (5, 3)),
    "gru": ([L.Bidirectional(L.GRU(2, return_sequences=True)), L.TimeDistributed(L.Dense(3)), L.Flatten()], (4, 3)),
}


def traced(name, dtype="float32", n=3):
    layers, shape = MODELS[name]
    model = nn.Sequential(layers, seed=0)
    model.compile(nn.optimizers.SGD(0.1), nn.losses.SparseCategoricalCrossentropy())
    model.build(shape, device="cpu", dtype=dtype)
    return nn.teach.trace(model, np.random.default_rng(8).normal(size=(n, *shape)).astype(dtype), np.arange(n) % 2)


def decoded(entry):
    kind = np.dtype(f"<{entry['kind']}")
    return np.frombuffer(base64.b64decode(entry["data"]), kind).reshape(entry["extent"])


def same_bits(entry, a):
    """Whether an entry holds an array, or the beginning of each of its axes."""
    a = np.asarray(a).reshape(entry["shape"])[tuple(slice(n) for n in entry["extent"])]
    return decoded(entry).astype(a.dtype).tobytes() == a.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MODELS)
def test_every_array_is_there_bit_for_bit(name, dtype):
    trace = traced(name, dtype)
    data = contents.page_data(trace)
    entries = data["arrays"]
    for step, found in zip(trace.steps, data["steps"], strict=True):
        assert [ref["name"] for ref in found["writes"]] == list(step.written)
        assert all(same_bits(entries[ref["array"]], step.written[ref["name"]]) for ref in found["writes"])
        assert all(same_bits(entries[ref["array"]], step.arguments[ref["name"]]) for ref in found["reads"])
        told = {name for name, _ in found["numbers"]} | {ref["name"] for ref in found["reads"] + found["writes"]}
        assert told | set(found["empty"]) == set(step.arguments)
    for found in data["layers"]:
        values = trace[found["name"]].values
        gates = [ref for gate in found["time"] for ref in (gate["value"], gate["gradient"]) if ref]
        assert all(same_bits(entries[ref["array"]], values[ref["name"]]) for ref in found["values"] + gates)
        left = set(values) - {ref["name"] for ref in found["values"] + gates}
        assert all(name.startswith("dz_") for name in left), "which delta holds"


def test_an_array_is_put_there_once():
    arrays = Arrays(2, Limits(8, 32))
    a = np.arange(6.0).reshape(2, 3)
    assert arrays.add(a, ("N", "I")) == arrays.add(a.copy(), ("N", "O")) == 0
    assert arrays.add(a.reshape(3, 2), ()) == 1
    assert arrays.add(np.where(a == 5, 7, a), ("N", "I")) == 2
    assert arrays.add(a.astype("float32"), ("N", "I")) == 3


@pytest.mark.parametrize("values", [[0, 255], [-1, 256], [2**40, 0], [True, False]])
def test_integers_keep_their_value(values):
    arrays = Arrays(1, Limits(8, 32))
    arrays.add(np.array(values), ())
    assert decoded(arrays.entries[0]).tolist() == values


@pytest.mark.parametrize(
    ("shape", "axes", "extent"),
    [
        ((20, 300), ("N", "I"), (4, 100)),
        ((60, 3), ("R", "C"), (12, 3)),
        ((20, 150, 3), ("N", "T", "I"), (4, 100, 3)),
        ((20, 28, 28, 64), ("N", "H", "W", "C"), (4, 28, 28, 16)),
        ((3, 3, 32, 64), ("KH", "KW", "I", "O"), (3, 3, 8, 16)),
        ((2, 20, 5, 6), ("2", "N", "T", "3H"), (2, 4, 5, 6)),
        ((20, 20), ("I", "O"), (20, 20)),
        ((), (), ()),
    ],
)
def test_long_axes_and_batches_are_cropped(shape, axes, extent):
    arrays = Arrays(20, Limits(4, 16))
    arrays.add(np.zeros(shape), axes)
    assert arrays.entries[0]["extent"] == extent


def test_axes_are_those_of_the_contract():
    found = loops.contract_of(nn.kernels.lstm.reference.backward)
    assert loops.axes(found, "dz", 3) == ("N", "T", "4H")
    assert loops.axes(found, "h", 3) == ("N", "T + 1", "H")
    assert loops.axes(found, "du", 2) == ("H", "4H"), "those of u"
    assert loops.axes(found, "u", 3) == ()


def test_what_a_loop_reads_before_it_writes():
    reference = nn.kernels.activations.reference
    assert loops.reads(reference.relu_in_place) == {"y"}
    assert loops.reads(reference.relu_in_place_backward) == {"y", "dy"}
    assert loops.reads(nn.kernels.dense.reference.backward_kernel) == {"dy", "x"}
    assert "dh0" not in loops.reads(nn.kernels.lstm.reference.backward), "it begins with zeros"
    assert {"c", "h"} <= loops.reads(nn.kernels.lstm.reference.forward), "where the first states are"
    assert loops.reads(nn.kernels.softmax_cross_entropy.reference.forward) == {"z", "t", "smoothing", "weights"}


def test_the_source_is_that_of_the_loop_and_knows_what_it_cites():
    fast, plain = conv2d.cpu.backward_kernel, conv2d.reference.backward_kernel
    found = loops.source(fast)
    assert "\n".join(found["lines"]) == inspect.getsource(plain.function).rstrip()
    (place,) = [k for k, cited in enumerate(found["cites"]) if cited == ["B2"]]
    assert found["lines"][place].strip() == "# B2"
    assert found["belongs"][place:] == [["B2"]] * (len(found["lines"]) - place)
    assert found["belongs"][:place] == [[]] * place
    helpers = loops.source(nn.kernels.lstm.reference.backward)["helpers"]
    assert {helper["name"] for helper in helpers} == {"value", "slope"}


@kernel()
def doubled(x, y):
    for i in range(x.size):
        y[i] = 2.0 * x[i]


def test_a_loop_of_your_own_has_a_source_and_no_contract():
    assert isinstance(doubled, Kernel)
    assert loops.contract_of(doubled) is None
    assert loops.axes(None, "x", 1) == ()
    assert loops.reads(doubled) == {"x"}
    assert loops.source(doubled)["lines"][1] == "def doubled(x, y):"


def test_a_page_takes_fewer_samples_rather_than_more_room(monkeypatch):
    trace = traced("cnn", n=6)
    whole = contents.page_data(trace)
    assert whole["shown"] == 6
    monkeypatch.setattr(contents, "MOST_BYTES", sum(len(a["data"]) for a in whole["arrays"]) // 2)
    assert contents.page_data(trace)["shown"] == 2


def test_a_loss_that_is_not_finite_is_shown(tmp_path):
    model = nn.Sequential([L.Dense(3), L.Dense(1)], seed=0)
    model.compile("sgd", "mse")
    with np.errstate(over="ignore"):
        trace = model.trace(np.full((2, 4), 1e20, np.float32), np.zeros((2, 1), np.float32))
    assert not np.isfinite(trace.loss)
    assert contents.page_data(trace)["loss"] == str(trace.loss)
    trace.to_html(tmp_path / "trace.html")
    assert (tmp_path / "trace.html").stat().st_size > 10_000
