import numpy as np
import pytest

from numbanet.kernels._chunks import CHUNK
from numbanet.kernels.copy import cpu as copy
from numbanet.kernels.copy import reference as copy_reference
from numbanet.kernels.moving_average import cpu, reference
from tests.oracles import DTYPES, assert_agrees, poisoned

DEVICES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
SIZES = [1, 131, pytest.param(2 * CHUNK + 131, marks=pytest.mark.compiled)]


def weights(size, updates=4, dtype="float64"):
    return np.random.default_rng(size).standard_normal((updates, size)).astype(dtype)


def followed(kernels, all_weights, momentum=0.8):
    average = np.zeros_like(all_weights[0])
    for k, w in enumerate(all_weights, 1):
        kernels.follow(momentum, np.array([k]), w, average)
    return average


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_cpu_agrees_with_the_reference(size, dtype):
    w = weights(size, dtype=dtype)
    found = followed(cpu, w)
    assert_agrees(found, followed(reference, w.astype("float64")))
    for kernels in (cpu, reference):
        target = poisoned(found)
        kernels.overwrite(3, np.array([6]), found, target)
        assert np.array_equal(target, found)


@DEVICES
def test_the_first_update_is_the_weights_and_then_their_average(kernels):
    w = weights(7)
    assert np.array_equal(followed(kernels, w[:1]), w[0])
    expected = 0.8 * (0.8 * w[0] + 0.2 * w[1]) + 0.2 * w[2]
    assert_agrees(followed(kernels, w[:3]), expected, 1e-12)
    assert_agrees(followed(kernels, w[:3], momentum=0.0), w[2], 1e-12)


@DEVICES
def test_it_overwrites_once_in_so_many_updates(kernels):
    average = weights(7)[0]
    for count in range(1, 10):
        w = np.ones(7)
        kernels.overwrite(4, np.array([count]), average, w)
        assert np.array_equal(w, average if count in (4, 8) else np.ones(7))


@DEVICES
def test_agrees_with_torchs_averaged_model(kernels):
    torch = pytest.importorskip("torch")
    module = torch.nn.Linear(6, 1, bias=False).double()
    averaged = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    w = weights(6, 5)
    for values in w:
        with torch.no_grad():
            module.weight[0] = torch.tensor(values)
        averaged.update_parameters(module)
    assert_agrees(followed(kernels, w, 0.9), averaged.module.weight.detach().numpy()[0], 1e-12)


@pytest.mark.parametrize("kernels", [copy, copy_reference], ids=["cpu", "reference"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_a_copy_has_the_same_bits(size, dtype, kernels):
    x = weights(size, dtype=dtype)[0]
    x[-1] = -0.0
    y = poisoned(x)
    kernels.forward(x, y)
    assert y.tobytes() == x.tobytes()
