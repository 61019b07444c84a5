"""On a GPU: every kernel, training beside the processor, the driver. Skipped where there is none."""

import threading
from pathlib import Path

import numpy as np
import pytest

import numbanet as nn
from numbanet.devices import get_device
from numbanet.errors import DeviceError, MissingDependency

from . import cases
from .on_device import TOLERANCE, difference

BENCH = Path(__file__).parents[2] / "bench"
pytestmark = [pytest.mark.gpu, pytest.mark.compiled]
FIRST = list({(c.operation, c.function): c for c in reversed(cases.everything())}.values())[::-1]


@pytest.fixture(scope="module")
def device():
    try:
        found = get_device("cuda")
    except (DeviceError, MissingDependency) as error:
        pytest.skip(str(error))
    if type(found.driver).__name__ != "Driver":
        pytest.skip("the CUDA simulator is on")
    return found


# --- kernels and training


@pytest.mark.parametrize("case", cases.everything(), ids=str)
def test_float32(device, case):
    assert difference(case, "float32", device) <= TOLERANCE["float32"]


@pytest.mark.parametrize("case", FIRST, ids=str)
def test_float64(device, case):
    assert difference(case, "float64", device) <= TOLERANCE["float64"]


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("name", ["MLP", "CNN with BatchNormalization and Dropout", "LSTM", "Residual"])
def test_ten_steps_are_those_of_the_processor_and_twice_the_same_bits(device, monkeypatch, name, optimizer):
    monkeypatch.syspath_prepend(str(BENCH))
    from on_gpu import training

    found = training.compared(name, optimizer, device)
    assert found["same"]
    assert found["right"], found


def test_fit_is_that_of_the_processor(device, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    from on_gpu import training

    found = training.fitted(device, 3)
    assert found["same"]
    assert found["right"], found


def small(device, outputs=4, seed=0):
    model = nn.Sequential([nn.layers.Dense(8, activation="tanh"), nn.layers.Dense(outputs)], seed=seed)
    model.build((3,), device=device)
    model.compile("sgd", nn.losses.SparseCategoricalCrossentropy())
    return model


def batch(n=16):
    random = np.random.default_rng(n)
    return random.standard_normal((n, 3), np.float32), random.integers(0, 4, n)


def test_a_recorded_step_sees_weights_that_were_set(device):
    model = small(device)
    before = model.get_weights()
    losses = []
    for _ in range(3):
        model.set_weights(before)
        losses.append(model.train_on_batch(*batch()))
    assert losses[0] == losses[1] == losses[2]
    model.set_weights([np.zeros_like(w) for w in before])
    assert model.train_on_batch(*batch()) == pytest.approx(np.log(4), rel=1e-6)


def test_models_in_threads_do_not_disturb_each_other(device):
    def train(found, seed):
        model = small(device, seed=seed)
        found[seed] = [model.train_on_batch(*batch(n)) for n in (5, 16, 33, 16, 5) * 20]

    alone, together = {}, {}
    for seed in range(4):
        train(alone, seed)
    threads = [threading.Thread(target=train, args=(together, seed)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alone == together


# --- memory


def test_no_memory_leaves_the_model_as_it_was(device):
    model = small(device, outputs=2**16)
    model.train_on_batch(*batch())
    before = model.get_weights()
    samples = device.driver.total_bytes // 2**18 + 1  # whose outputs fill the GPU
    with pytest.raises(DeviceError, match=r"MiB of free memory, found .* MiB of"):
        model.train_on_batch(np.zeros((samples, 3), np.float32), np.zeros(samples, np.int64))
    for w, after in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(w, after)
    assert np.isfinite(model.train_on_batch(*batch()))
    with pytest.raises(DeviceError, match="free memory"):
        device.zeros((2**42,), np.float32)


@pytest.mark.parametrize("size", [1, 1000, 2**16 - 1, 2**16, 2**21 + 1, 2**24 + 3])
def test_what_is_copied_may_change_at_once(device, size):
    values = np.arange(size, dtype=np.float32)
    arrays = []
    for k in range(5):
        mine = values + k
        arrays.append(device.take(mine))
        mine[...] = np.nan
    for k, array in enumerate(arrays):
        np.testing.assert_array_equal(np.array(array), values + k)


def test_memory_is_given_back(device):
    kept = device.zeros((1,), np.uint8)
    free = device.driver.free_bytes()
    for _ in range(20):
        held = device.zeros((free // 4,), np.uint8)
        assert device.driver.free_bytes() < free
        del held
    assert device.driver.free_bytes() >= free
    assert kept[0] == 0


def test_arrays_of_pytorch_are_views(device):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("PyTorch has no GPU here")
    theirs = torch.arange(12.0, device="cuda").reshape(3, 4)
    ours = device.take(theirs)
    assert ours.address == theirs.data_ptr()
    np.testing.assert_array_equal(np.array(ours), theirs.cpu().numpy())
    back = torch.as_tensor(device.take(np.arange(5.0)), device="cuda")
    assert back.tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(DeviceError, match="contiguous"):
        device.take(theirs.T)
