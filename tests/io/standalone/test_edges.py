"""What is refused, what names may hold, and values at the edges."""

import re

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, FileError
from numbanet.io.standalone import write_c, write_numpy
from numbanet.io.standalone.c_file import c_text
from numbanet.io.standalone.numpy_file import numpy_text
from numbanet.kernels import add, kernel, time_slice
from numbanet.layers import Description, Layer

from .compiling import build, call, forward, in_c, module_of, needs_gcc, random_values, samples

both = pytest.mark.parametrize("write", [numpy_text, c_text])


@kernel()
def double(x, y):
    for i in range(x.size):
        y[i] = 2 * x[i]


class Doubling(Layer):
    """A layer with a kernel of its own."""

    def describe(self, input_shape):
        return Description(input_shape)

    def forward(self, program, t, training):
        program.call(double, t.x.reshape(-1), t.y.reshape(-1))


class Table(Doubling):
    """x + table, an array of the layer's own; for one sample."""

    table = np.array([1.0, -2.0, 4.0], "float32")

    def forward(self, program, t, training):
        program.call(program.kernels(add).forward, t.x.reshape(-1), np.tile(self.table, len(t.x)), t.y.reshape(-1))


class Tables(Doubling):
    """Two arrays of the layer's own that a kernel calls the same, for vectors with one feature for each sample."""

    tables = np.array([3.0], "float32"), np.array([0.25], "float32")

    def forward(self, program, t, training):
        for array, table in zip((t.x, t.y), self.tables, strict=True):
            program.call(program.kernels(add).forward, array.reshape(-1), table, t.y.reshape(-1))


class Halves(Doubling):
    """A part of its array goes to a kernel."""

    def forward(self, program, t, training):
        program.call(program.kernels(add).forward, t.x[:1].reshape(-1), t.x[:1].reshape(-1), t.y[:1].reshape(-1))


class FirstSet(Doubling):
    """Sequences whose first step is put anew: time_slice.put outside of a recurrent layer."""

    def describe(self, input_shape):
        return Description(input_shape, saved={"step": input_shape[1:]})

    def forward(self, program, t, training):
        loops = program.kernels(time_slice)
        program.call(loops.forward, t.x, np.int64(1), 1, t.saved["step"][:, None])
        program.call(loops.forward, t.x, 0, 1, t.y)
        program.call(loops.put, t.saved["step"], 0, t.y)


def built(parts, shape, name="net"):
    m = nn.Sequential(parts, name=name)
    m.build(shape)
    return random_values(m) if m.weight_names else m


@both
def test_an_operation_without_code_is_refused_by_name(write):
    m = built([layers.Dense(3), Doubling(name="own")], (2,))
    with pytest.raises(ArgumentError, match=r"layer 'own' uses the operation .*test_edges\.double"):
        write(m._network, "net")


@both
def test_states_kept_between_batches_are_refused(write):
    m = built([layers.LSTM(2, stateful=True, batch_size=1, name="memory")], (3, 2))
    with pytest.raises(ArgumentError, match=r"'memory' keeps its states.*stateful=False"):
        write(m._network, "net")


def test_a_part_of_an_array_is_refused():
    with pytest.raises(ArgumentError, match=r"'halves' gives a kernel a part of an array, a"):
        numpy_text(built([Halves()], (2,))._network, "net")


def test_numpy_refuses_calls_that_depend_on_the_batch():
    with pytest.raises(ArgumentError, match=r"'table' calls add.forward in a way that depends on the size"):
        numpy_text(built([Table()], (3,))._network, "net")


@needs_gcc
def test_an_array_of_a_layers_own_becomes_a_constant(tmp_path):
    m = built([Table()], (3,))
    x = samples(m, 1)
    np.testing.assert_allclose(in_c(m, tmp_path, x), x + Table.table, rtol=1e-6)


@needs_gcc
def test_two_arrays_of_a_layers_own_do_not_become_one(tmp_path):
    m = built([Tables()], (1,))
    np.testing.assert_allclose(in_c(m, tmp_path, np.ones((1, 1), "float32")), [[1 + 3 + 0.25]], rtol=1e-6)


@needs_gcc
def test_a_step_may_be_put_outside_of_recurrent_layers(tmp_path):
    m = built([FirstSet()], (4, 2))
    x = samples(m, 3)
    expected = x.copy()
    expected[:, 0] = x[:, 1]
    assert np.array_equal(m.predict(x), expected)
    assert np.array_equal(module_of(m)["predict"](x), expected)
    assert np.array_equal(in_c(m, tmp_path, x), expected)


@needs_gcc
def test_a_network_that_only_reshapes(tmp_path):
    m = built([layers.Flatten()], (2, 3))
    x = samples(m, 2)
    found = module_of(m)["predict"](x)
    assert np.array_equal(found, x.reshape(2, 6))
    assert not np.shares_memory(found, x)
    assert np.array_equal(in_c(m, tmp_path, x), x.reshape(2, 6))


HOSTILE = [
    'x"""\nraise SystemExit\n"""',
    "*/ int evil; /*",
    "a*",
    "back\\",
    "??/",
    "1st layer",
    "int",
    "lambda",
    "relu",
    "dense",
    "workspace",
    "ärger",
    "x",
    "net_predict",
]


@needs_gcc
def test_any_name_makes_a_file_that_works(tmp_path):
    parts = [layers.Dense(3, "tanh", name=name.replace("/", "|")) for name in HOSTILE]
    texts, models = {}, []
    for k, name in enumerate(HOSTILE):
        m = built(parts if k == 0 else [layers.Dense(2, name="dense")], (3,), name)
        text = c_text(m._network, name)
        models.append((m, re.search(r"void (\w+)_predict\(", text)[1]))
        texts[f"n{k}"] = text
        x = samples(m, 2)
        np.testing.assert_allclose(module_of(m, name)["predict"](x), m.predict(x), atol=1e-5)
    library = build(tmp_path, texts, "-O0")
    for m, prefix in models:
        x = samples(m, 2)
        np.testing.assert_allclose(call(library, prefix, x, m._network.output_shape), m.predict(x), atol=1e-5)
    assert len({prefix for _, prefix in models}) == len(HOSTILE)


def test_the_numpy_file_checks_its_input_in_plain_words():
    m = built([layers.Dense(2)], (3,))
    predict, x = module_of(m)["predict"], samples(m, 2)
    assert np.array_equal(predict(x.astype("float64")), predict(x))
    assert np.array_equal(predict([[1, 2, 3]]), predict(np.array([[1, 2, 3]], "int64")))
    with pytest.raises(ValueError, match=r"expected x of shape \(N, 3\), received \(2, 4\)"):
        predict(np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"received \(3,\). For a single sample pass x\[None\]"):
        predict(x[0])
    with pytest.raises(ValueError, match=r"received \(0, 3\)"):
        predict(x[:0])
    for wrong in (np.full((1, 3), np.nan), [[1.0, 2.0, 1e300]]):
        with pytest.raises(ValueError, match=r"finite"):
            predict(wrong)
    with pytest.raises(TypeError, match=r"float64 whose values float32 cannot hold exactly. Round it with x.astype"):
        predict(np.full((1, 3), 0.1))
    with pytest.raises(TypeError, match=r"expected x of dtype float32, received <U1"):
        predict(np.full((1, 3), "a"))


def test_the_numpy_file_checks_indices():
    predict = module_of(built([layers.Embedding(5, 2)], (3,)))["predict"]
    for wrong in (5, -1, 0.5):
        with pytest.raises(ValueError, match="whole numbers from 0 to 4"):
            predict(np.array([[0, 1, wrong]], "float32"))


@needs_gcc
def test_an_index_out_of_range_reads_no_memory_in_c(tmp_path):
    m = built([layers.Embedding(5, 2)], (3,))
    found = in_c(m, tmp_path, np.array([[5, -1, 4], [np.nan, 1e30, 0]], "float32"))
    assert np.isnan(found).any(axis=-1).tolist() == [[True, True, False], [True, True, False]]


@needs_gcc
def test_not_a_number_goes_through_pooling_in_c_as_in_the_kernels(tmp_path):
    m = built([layers.MaxPooling2D(2), layers.GlobalMaxPooling2D()], (4, 4, 2))
    x = samples(m, 1)
    x[0, 1, 2, 1] = np.nan
    found = in_c(m, tmp_path, x)
    np.testing.assert_array_equal(found, forward(m, x))
    assert np.isnan(found).tolist() == [[False, True]]


@needs_gcc
def test_weights_come_back_to_the_bit(tmp_path):
    """Numbers that are hard to write down, through a dense layer that only adds its bias."""
    m = built([layers.Dense(8)], (1,))
    bias = np.array([0.1, 1 / 3, 1e-45, -0.0, 3.4028235e38, 1.17549435e-38, 16777217.0, np.inf], "float32")
    m.set_weights([np.zeros((1, 8), "float32"), bias])
    zero = np.zeros((1, 1), "float32")
    assert in_c(m, tmp_path, zero)[0].tobytes() == (bias + np.float32(0)).tobytes()
    assert module_of(m)["dense_bias"].tobytes() == bias.tobytes()


@pytest.mark.parametrize("write", [write_numpy, write_c])
def test_a_file_that_cannot_be_written_is_one_error(write, tmp_path):
    with pytest.raises(FileError, match="nowhere"):
        write(tmp_path / "nowhere" / "net", built([layers.Dense(2)], (3,))._network, "net")
