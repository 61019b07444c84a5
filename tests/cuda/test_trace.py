"""model.trace on a GPU: on Numba's CUDA simulator, in a process of its own, and on a GPU where there is one."""

import os
import subprocess
import sys

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import DeviceError
from tests.cuda import models
from tests.cuda.test_gpu import device  # noqa: F401  the fixture that skips where there is no GPU

PROGRAM = "from tests.cuda import models, test_trace; test_trace.agrees(models.{})"


def agrees(which):
    """The trace has the bits of gradients and the arrays of the processor, on the host; Python cannot run the loops."""
    _, shape, _, kind = which()
    ours, other = models.make(which, "cuda"), models.make(which, "cpu")
    x, y = models.data(shape, kind, 2)
    loss, gradients = ours.gradients(x, y, training=True)
    t, expected = ours.trace(x, y, training=True), other.trace(x, y, training=True)
    assert (t.device, t.loss) == ("cuda", loss)
    assert all(np.array_equal(a, b) for a, b in zip(t.gradients.values(), gradients, strict=True))
    for one, two in zip(t.layers, expected.layers, strict=True):
        assert list(one.values) == list(two.values)
        for name, a in one.values.items():
            b = two.values[name]
            assert isinstance(a, np.ndarray)
            assert np.abs(a - b).max() <= 1e-5 * max(np.abs(b).max(), 1e-6), (one.name, name)
    assert [(s.layer, s.operation, s.function) for s in t.steps] == [
        (s.layer, s.operation, s.function) for s in expected.steps
    ]
    with pytest.raises(DeviceError, match=r"pure_python: .*Received: one on 'cuda'"), nn.pure_python():
        ours.predict(x)


@pytest.mark.compiled
@pytest.mark.cuda
@pytest.mark.parametrize("model", ["mlp", pytest.param("lstm", marks=pytest.mark.slow)])
def test_on_the_simulator(model):
    command = [sys.executable, "-W", "error", "-c", PROGRAM.format(model)]
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.gpu
@pytest.mark.parametrize("which", models.ALL, ids=lambda which: which.__name__)
@pytest.mark.usefixtures("device")
def test_on_a_gpu(which):
    agrees(which)
