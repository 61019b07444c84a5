"""Whole networks: what the exported files compute is what predict does."""

import subprocess
import sys

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.io.standalone import write_c, write_numpy
from numbanet.io.standalone.c_file import c_text
from numbanet.io.standalone.numpy_file import numpy_text

from .compiling import in_c, module_of, needs_gcc, program, random_values, samples


def mlp(dtype="float32"):
    parts = [layers.Dense(31, "relu"), layers.Dropout(0.3), layers.Dense(17, "tanh"), layers.Dense(5, "softmax")]
    return built(parts, (13,), dtype)


def cnn(dtype="float32"):
    parts = [
        layers.Conv2D(6, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Conv2D(5, 3, strides=2, activation="relu"),
        layers.BatchNormalization(scale=False),
        layers.Flatten(),
        layers.Dense(3),
    ]
    return built(parts, (11, 13, 2), dtype)


def lstm(dtype="float32"):
    return built([layers.LSTM(11, return_sequences=True), layers.LSTM(7), layers.Dense(1)], (5, 3), dtype)


def many(dtype="float32"):
    """Layers within layers, a mask on its way through them, and an odd way to end."""
    parts = [
        layers.Embedding(23, 6, mask_zero=True),
        layers.Bidirectional(layers.LSTM(4, return_sequences=True, use_bias=False)),
        layers.TimeDistributed(layers.Residual([layers.Dense(8, "gelu"), layers.LayerNormalization()])),
        layers.GRU(7, return_sequences=True, recurrent_activation="hard_sigmoid"),
        layers.Bidirectional(layers.GRU(3, reset_after=False, activation="elu"), merge_mode="ave"),
        layers.RepeatVector(4),
        layers.SimpleRNN(5, activation="softsign", return_sequences=True),
        layers.Reshape((2, 5, 2)),
        layers.UpSampling2D(2, interpolation="bilinear"),
        layers.Conv2DTranspose(3, 3, strides=2, padding="same"),
        layers.DepthwiseConv2D(3),
        layers.GlobalMaxPooling2D(keepdims=True),
        layers.Flatten(),
    ]
    return built(parts, (7,), dtype)


def built(parts, shape, dtype):
    m = nn.Sequential(parts, seed=3, name="net")
    m.build(shape, dtype=dtype)
    return random_values(m)


NETWORKS = {"mlp": mlp, "cnn": cnn, "lstm": lstm, "many": many}
every_network = pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)


@every_network
@pytest.mark.parametrize("n", [1, 7])
def test_the_numpy_file_agrees_with_predict(make, n):
    m = make()
    x = samples(m, n)
    found, expected = module_of(m)["predict"](x), m.predict(x)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert np.abs(expected).max() > 1e-3  # it says something


@needs_gcc
@every_network
def test_the_c_file_agrees_with_predict(make, tmp_path):
    m = make()
    x = samples(m, 3)
    found = in_c(m, tmp_path, x, "-O2")
    np.testing.assert_allclose(found, m.predict(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("write", [numpy_text, c_text])
@every_network
def test_one_model_is_always_the_same_file(make, write):
    assert write(make()._network, "net") == write(make()._network, "net")


@needs_gcc
def test_a_c_program_reads_samples_and_writes_outputs(tmp_path):
    m = mlp()
    x = samples(m, 4)
    path = program(tmp_path, c_text(m._network, "net"))
    text = "\n".join(" ".join(map(repr, row.tolist())) for row in x)
    out = subprocess.run([path], input=text, capture_output=True, text=True, check=True).stdout
    found = np.array([line.split() for line in out.splitlines()], float)
    np.testing.assert_allclose(found, m.predict(x), rtol=0, atol=1e-5)
    for wrong in ("1 2 3", "1 2 hello"):
        failed = subprocess.run([path], input=wrong, capture_output=True, text=True)
        assert failed.returncode == 1
        assert "expected samples of 13 numbers" in failed.stderr


def test_a_file_runs_where_there_is_numpy_alone(tmp_path):
    """In a Python that has no way to import numbanet."""
    m = cnn()
    write_numpy(tmp_path / "net.py", m._network, "net")
    x = samples(m, 2)
    np.save(tmp_path / "x.npy", x)
    code = "import sys, numpy as np, net; np.save('y.npy', net.predict(np.load('x.npy')))\n"
    code += "assert not {m for m in sys.modules if m.split('.')[0] in ('numbanet', 'numba')}"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env={"PYTHONPATH": str(tmp_path)})
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), m.predict(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("write", [write_numpy, write_c])
def test_a_network_and_its_activations_stay_as_they_were(write, tmp_path):
    m = cnn()
    x = samples(m, 4)
    before, capacity = m.predict(x), m._network.capacity
    write(tmp_path / "net", m._network, "net")
    assert m._network.capacity == capacity
    assert np.array_equal(m.predict(x), before)


@needs_gcc
@pytest.mark.slow
@every_network
def test_a_double_model_gives_double_files(make, tmp_path):
    m = make("float64")
    x = samples(m, 5)
    expected = m.predict(x)
    found = module_of(m)["predict"](x)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(in_c(m, tmp_path, x, "-O2"), expected, rtol=0, atol=1e-12)


@needs_gcc
@pytest.mark.slow
@every_network
def test_the_sanitizers_find_nothing(make, tmp_path):
    m = make()
    path = program(tmp_path, c_text(m._network, "net"), "-O1", "-g", "-fsanitize=address,undefined")
    x = samples(m, 2)
    text = " ".join(map(repr, x.reshape(-1).tolist()))
    ran = subprocess.run([path], input=text, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = np.array(ran.stdout.split(), float).reshape(2, -1)
    np.testing.assert_allclose(found, m.predict(x).reshape(2, -1), rtol=0, atol=1e-5)


@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("level", ["-O0", "-Os", "-O3", "-O3 -march=native"])
@every_network
def test_the_compilers_levels_agree(make, level, tmp_path):
    m = make()
    x = samples(m, 2)
    np.testing.assert_allclose(in_c(m, tmp_path, x, *level.split()), m.predict(x), rtol=0, atol=1e-5)
