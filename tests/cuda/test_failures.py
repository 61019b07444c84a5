"""Models on a GPU, made of NumPy here, that something goes wrong with: they are as they were before."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import DeviceError
from tests.ptx.compiler import numba_cuda

numba_cuda()

from tests.ptx.emulated import emulated  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
X, Y = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3), np.arange(4) % 2


@pytest.fixture
def device(monkeypatch):
    """`device.room`: how many allocations go well; None for all."""
    found = emulated()
    found.room = None
    allocate = found.driver.allocate

    def counted(size):
        if found.room is not None:
            found.room -= 1
            if found.room < 0:
                raise DeviceError("no room")
        return allocate(size)

    monkeypatch.setattr(found.driver, "allocate", counted)
    return found


def make(device):
    model = nn.Sequential([nn.layers.Dense(2)], seed=1)
    model.build((3,), device=device)
    model.compile("sgd", nn.losses.SparseCategoricalCrossentropy())
    return model


def refused(device, action):
    """The action fails at each of its allocations in turn, and goes well when there is room; returns how many."""
    for room in range(100):
        device.room = room
        try:
            action()
        except DeviceError as error:
            assert str(error) == "no room"  # noqa: PT017 - what fails is tried again
            continue
        finally:
            device.room = None
        return room
    raise AssertionError("it never goes well")


def test_no_room_for_a_step(device):
    """One that comes to nothing leaves no trace: the step afterwards is that of another model."""
    model, other = make(device), make(device)
    losses = []
    assert refused(device, lambda: losses.append(model.train_on_batch(X, Y))) > 5
    assert losses == [other.train_on_batch(X, Y)]
    np.testing.assert_array_equal(model.get_weights()[0], other.get_weights()[0])


def test_no_room_for_another_build_or_compile(device):
    model = make(device)
    before, loss = model.get_weights(), model.train_on_batch(X, Y)
    model.set_weights(before)
    for action in (
        lambda: model.build((5,), device=device),
        lambda: model.compile("adam", nn.losses.SparseCategoricalCrossentropy()),
    ):
        device.room = 1
        with pytest.raises(DeviceError, match="no room"):
            action()
        device.room = None
        np.testing.assert_array_equal(model.get_weights()[0], before[0])
        assert model.train_on_batch(X, Y) == loss
        model.set_weights(before)


def test_an_interrupted_recording(device, monkeypatch):
    model = make(device)
    before = model.get_weights()
    launch = device.driver.launch

    def interrupted(function, given):
        raise KeyboardInterrupt

    monkeypatch.setattr(device.driver, "launch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.train_on_batch(X, Y)
    monkeypatch.setattr(device.driver, "launch", launch)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert model.train_on_batch(X, Y) == make(device).train_on_batch(X, Y)
