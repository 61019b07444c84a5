"""Event files, read back by a reader of their own format."""

import struct
import sys
import time

import numpy as np
import pytest

from numbanet.callbacks import Callback, ReduceLROnPlateau, TensorBoard
from numbanet.errors import ArgumentError, MissingDependency
from numbanet.optimizers import SGD
from numbanet.schedules import StepDecay
from tests.callbacks.series import begun, stored
from tests.models import LABELS, X, model


def events(folder):
    """Of each tag its steps, and its values or the counts of its histograms."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    found = {}
    for path in sorted(folder.glob("events*")):
        data, place = path.read_bytes(), 0
        while place < len(data):  # length, its checksum, an event, its checksum
            (length,) = struct.unpack_from("<Q", data, place)
            event = event_pb2.Event.FromString(data[place + 12 : place + 12 + length])
            place += length + 16
            for value in event.summary.value:
                number = value.simple_value if value.HasField("simple_value") else value.histo.num
                found.setdefault(value.tag, []).append((event.step, number))
    return found


@pytest.fixture(autouse=True)
def _tensorboardx():
    pytest.importorskip("tensorboardX")


def test_curves_of_training_and_validation_are_two_runs(tmp_path):
    history = (
        model()
        .fit(X, LABELS, 11, 3, validation_data=(X, LABELS), callbacks=[TensorBoard(tmp_path / "logs")], verbose=0)
        .history
    )
    for run, prefix, more in (("train", "", {"epoch_learning_rate"}), ("validation", "val_", set())):
        found = events(tmp_path / "logs" / run)
        assert set(found) == {"epoch_loss", "epoch_accuracy"} | more
        for name in ("loss", "accuracy"):
            assert found[f"epoch_{name}"] == [
                (k, pytest.approx(value, rel=1e-6)) for k, value in enumerate(history[prefix + name])
            ]


def test_without_validation_there_is_one_run(tmp_path):
    model().fit(X, LABELS, 11, 1, callbacks=[TensorBoard(str(tmp_path))], verbose=0)
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_the_learning_rate_of_each_epoch_is_a_curve_of_the_training(tmp_path):
    m = model(SGD(StepDecay(0.5, decay_steps=4, decay_rate=0.5)))
    m.fit(X, LABELS, 11, 3, callbacks=[TensorBoard(tmp_path / "schedule")], verbose=0)  # two steps an epoch
    assert events(tmp_path / "schedule" / "train")["epoch_learning_rate"] == [(0, 0.5), (1, 0.5), (2, 0.25)]
    plateau = ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=99)
    m = model(SGD(0.5))
    history = m.fit(X, LABELS, 11, 3, callbacks=[plateau, TensorBoard(tmp_path / "callback")], verbose=0).history
    found = events(tmp_path / "callback" / "train")["epoch_learning_rate"]
    assert found == list(enumerate(history["learning_rate"])) == [(0, 0.5), (1, 0.5), (2, 0.25)]
    assert m.optimizer.learning_rate == 0.125, "the next epoch's"


@pytest.mark.parametrize(
    ("update_freq", "steps"), [("batch", [1, 2, 3, 4]), (1, [1, 2, 3, 4]), (3, [3]), ("epoch", [])]
)
def test_curves_by_step(tmp_path, update_freq, steps):
    seen = []

    class Look(Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    both = [TensorBoard(tmp_path, update_freq=update_freq), Look()]
    model().fit(X, LABELS, 11, 2, callbacks=both, verbose=0)
    found = events(tmp_path / "train").get("batch_loss", [])
    assert found == [(k, pytest.approx(seen[k - 1], rel=1e-6)) for k in steps]


def test_histograms_of_weights(tmp_path):
    m = model()
    m.fit(X, LABELS, 11, 3, callbacks=[TensorBoard(tmp_path, histogram_freq=2)], verbose=0)
    found = events(tmp_path / "train")
    assert {name for name in found if name.endswith("/histogram")} == {f"{n}/histogram" for n in m.weight_names}
    assert found["dense/kernel/histogram"] == [(0, 20), (2, 20)]


def test_arrays_and_weights_that_are_not_finite_are_left_out(tmp_path):
    m = model()
    callback = begun(TensorBoard(tmp_path, histogram_freq=1), m)
    m.set_weights([np.full_like(a, 0.5) for a in m.get_weights()])
    m._network.slots[0].value[0, 0] = np.nan
    callback.on_epoch_end(0, {"loss": float("nan"), "matrix": np.eye(2)})
    callback.on_train_end()
    found = events(tmp_path / "train")
    assert set(found) == {
        "epoch_loss",
        "epoch_learning_rate",
        *(f"{n}/histogram" for n in m.weight_names if n != "dense/kernel"),
    }
    assert np.isnan(found["epoch_loss"][0][1])


def test_an_epoch_is_soon_in_the_file_while_training_goes_on(tmp_path):
    callback = begun(TensorBoard(tmp_path), model())
    for epoch in range(2):
        callback.on_epoch_end(epoch, {"loss": 1.0})
    until = time.monotonic() + 20
    while len(events(tmp_path / "train").get("epoch_loss", ())) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    callback.on_train_end()


def test_its_state_goes_on_counting_steps(tmp_path):
    m, first, second = model(), *(TensorBoard(tmp_path / str(k), update_freq=2) for k in range(2))
    m.fit(X, LABELS, 5, 1, callbacks=[first], verbose=0)  # five steps
    begun(second, m, stored(first.get_state()))
    for batch in range(5):
        second.on_train_batch_end(batch, {"loss": 1.0})
    second.on_train_end()
    assert [step for step, _ in events(tmp_path / "1" / "train")["batch_loss"]] == [6, 8, 10]


def test_it_needs_tensorboardx_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    m = model()
    with pytest.raises(MissingDependency, match=r"pip install 'numbanet\[tensorboard\]'"):
        m.fit(X, LABELS, callbacks=[TensorBoard(tmp_path)], verbose=0)
    assert m.epochs_trained == 0


@pytest.mark.parametrize(
    "options", [{"update_freq": "step"}, {"update_freq": 0}, {"update_freq": 1.5}, {"histogram_freq": -1}]
)
def test_what_it_refuses(options):
    with pytest.raises(ArgumentError, match=f"^TensorBoard: {next(iter(options))} must be"):
        TensorBoard(**options)
