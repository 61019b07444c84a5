"""Models trained by the PTX of their kernels, on the machine, beside the processor."""

import numpy as np
import pytest

import numbanet as nn
from tests.ptx.compiler import numba_cuda

numba_cuda()

from tests.ptx.emulated import emulated  # noqa: E402

from . import models  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
L = nn.layers


@pytest.fixture(scope="module")
def device():
    return emulated()


@pytest.mark.parametrize("which", models.ALL, ids=lambda which: which.__name__)
def test_three_steps_are_those_of_the_processor(which, device):
    assert models.difference(which, device) < 1e-5


@pytest.mark.parametrize("which", models.ALL, ids=lambda which: which.__name__)
def test_two_runs_have_the_same_bits(which, device):
    (losses, weights), (again, weights_again) = models.three_steps(which, device), models.three_steps(which, device)
    assert losses == again
    for a, b in zip(weights, weights_again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_fit_evaluate_and_predict(device):
    results = []
    x, y = models.data((7,), "classes", 11)
    for where in (device, "cpu"):
        model = models.make(models.mlp, where)
        history = model.fit(x, y, batch_size=4, epochs=2, validation_split=0.3, verbose=0)
        found = model.evaluate(x, y, batch_size=4)
        results.append([*history.history["loss"], *history.history["val_loss"], *found.values()])
        results[-1] += list(model.predict(x, batch_size=4).ravel())
        results[-1] += history.history["accuracy"]
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)


def test_gradients_are_those_of_the_processor(device):
    x, y = models.data((8, 8, 2), "classes", 3)
    found, expected = (models.make(models.cnn, where) for where in (device, "cpu"))
    for ours, right in zip(found.gradients(x, y)[1], expected.gradients(x, y)[1], strict=True):
        np.testing.assert_allclose(ours, right, atol=1e-5 * np.abs(right).max())
    right = expected.input_gradient(x, y)
    np.testing.assert_allclose(found.input_gradient(x, y), right, atol=1e-5 * np.abs(right).max())


def test_a_step_that_comes_to_nan_changes_nothing(device):
    x, y = models.data((7,), "classes", 8)
    model = models.make(models.mlp, device)
    model.fit(x, y, batch_size=4, verbose=0)
    before = model.get_weights()
    weights = [w.copy() for w in before]
    weights[0][2, 3] = np.inf
    model.set_weights(weights)
    with pytest.raises(nn.errors.NonFiniteError, match="dense"):
        model.fit(x, y, batch_size=4, epochs=2, verbose=0)
    model.set_weights(before)
    model.fit(x, y, batch_size=4, verbose=0)
    assert np.isfinite(model.predict(x)).all()


def test_the_learning_rate_can_change_between_steps(device):
    x, y = models.data((7,), "classes", 4)
    weights = []
    for where in (device, "cpu"):
        model = models.make(models.mlp, where)
        model.train_on_batch(x, y)
        model.optimizer.learning_rate = 0.1
        model.train_on_batch(x, y)
        weights.append(model.get_weights()[0])
    np.testing.assert_allclose(*weights, rtol=1e-4, atol=1e-6)


def test_a_checkpoint_goes_on_to_the_same_bits(device, tmp_path):
    x, y = models.data((7,), "classes", 11)
    whole, first, second = (models.make(models.mlp, device) for _ in range(3))
    whole.fit(x, y, batch_size=4, epochs=3, verbose=0)
    saver = nn.callbacks.ModelCheckpoint(tmp_path)
    first.fit(x, y, batch_size=4, epochs=2, verbose=0, callbacks=[saver])
    second.fit(x, y, batch_size=4, epochs=3, verbose=0, resume_from=tmp_path)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_moves_between_devices(device, tmp_path):
    x, y = models.data((7,), "classes", 4)
    model = models.make(models.mlp, device)
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.safetensors")
    moved = nn.load_model(tmp_path / "model.safetensors")
    np.testing.assert_allclose(moved.predict(x), model.predict(x), rtol=1e-5, atol=1e-6)


def test_batches_of_an_iterable_train_as_those_of_arrays(device):
    x, y = models.data((7,), "classes", 8)
    arrays, batches = (models.make(models.mlp, device) for _ in range(2))
    arrays.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    batches.fit([(x[:4], y[:4]), (x[4:], y[4:])], shuffle=False, verbose=0)
    for a, b in zip(arrays.get_weights(), batches.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_perceptron_learns_and(device):
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    unit = nn.Perceptron(device=device).fit(x, [0, 0, 0, 1])
    assert unit.converged
    assert unit.predict(x).tolist() == [0, 0, 0, 1]


class OnGpu:
    """An array of another library's, on the same GPU."""

    def __init__(self, array):
        self.array = array

    @property
    def __cuda_array_interface__(self):
        return self.array.__cuda_array_interface__


def test_arrays_on_the_gpu_are_taken_as_they_are(device):
    x, y = models.data((4, 3), "numbers", 8)
    weights = []
    for given in ((x, y), (OnGpu(device.take(x)), OnGpu(device.take(y)))):
        model = models.make(models.lstm, device)
        model.fit(*given, batch_size=4, epochs=2, validation_split=0.25, verbose=0)
        model.evaluate(*given)
        weights.append([*model.get_weights(), model.predict(given[0])])
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_arrays_on_the_gpu_are_checked_there(device):
    x, y = models.data((7,), "classes", 8)
    model = models.make(models.mlp, device)
    bad = x.copy()
    bad[3, 2] = np.nan
    with pytest.raises(nn.errors.DataError, match=r"x\[3, 2\] = nan"):
        model.fit(OnGpu(device.take(bad)), y, verbose=0)
    with pytest.raises(nn.errors.ShapeError, match="received \\(8, 8\\)"):
        model.predict(OnGpu(device.zeros((8, 8), "float32")))
    with pytest.raises(nn.errors.DtypeError, match="float64"):
        model.predict(OnGpu(device.take(x.astype("float64"))))
    with pytest.raises(nn.errors.DeviceError, match="device='cuda'"):
        models.make(models.mlp, "cpu").predict(OnGpu(device.take(x)))


def test_batches_on_the_gpu_may_be_written_over_when_the_next_is_made(device):
    x, y = models.data((7,), "numbers", 8)

    def batches():
        place = device.take(x[:4])
        for first in (0, 4):
            place[...] = x[first : first + 4]
            yield OnGpu(place), y[first : first + 4]

    weights = []
    for given in (batches(), [(x[:4], y[:4]), (x[4:], y[4:])]):
        model = nn.Sequential([L.Dense(1)], seed=1)
        model.build((7,), device=device)
        model.compile("sgd", "mse")
        model.fit(given, shuffle=False, verbose=0)
        weights.append(model.get_weights()[0])
    np.testing.assert_array_equal(*weights)


def test_a_stop_is_told_though_something_else_ends_the_epoch(device):
    x, y = models.data((8, 8, 2), "classes", 12)
    x[1] = 1e30  # its square, in the moving variance, is not finite
    model = models.make(models.cnn, device)
    before = model.get_weights()

    class Breaks(Exception):
        pass

    def batches():
        yield x[:4], y[:4]
        raise Breaks

    with pytest.raises(nn.errors.NonFiniteError):
        model.fit(batches(), steps_per_epoch=2, verbose=0)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_gates_of_a_lstm(device):
    x, _ = models.data((4, 3), "numbers", 2)
    found, expected = (nn.teach.gates(models.make(models.lstm, where), x, "lstm") for where in (device, "cpu"))
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.nightly
def test_gradients_are_checked_without_rounding(device):
    rounding = type(device)(device.driver, "bf16")
    model = nn.Sequential([L.Dense(3)], seed=1)
    model.build((5,), device=rounding)
    model.compile("sgd", "mse")
    x, _ = models.data((5,), "numbers", 3)
    assert nn.check_gradients(model, x, x[:, :3], verbose=False)
    with pytest.raises(nn.errors.ArgumentError, match="precision"):
        model.build((5,), device=rounding, dtype="float64")
    with pytest.raises(nn.errors.ArgumentError, match="precision"):
        model.build((5,), device=rounding, precision="tf32")


def test_one_hot_targets_on_the_gpu_can_be_split(device):
    x, y = models.data((7,), "classes", 8)
    rows = np.eye(3, dtype=np.float32)[y]
    model = nn.Sequential([L.Dense(3)], seed=1)
    model.build((7,), device=device)
    model.compile("sgd", "mse")
    history = model.fit(OnGpu(device.take(x)), OnGpu(device.take(rows)), validation_split=0.25, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    with pytest.raises(nn.errors.DeviceError, match="sample_weight in the host's memory"):
        model.fit(x, rows, sample_weight=OnGpu(device.take(x[:, 0])), verbose=0)
