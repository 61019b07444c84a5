"""Memory-mapped samples: the bits are those of arrays in memory, and little of the file is in memory at a time."""

import mmap
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.callbacks import Callback, ModelCheckpoint
from numbanet.data import door, memory_mapped
from numbanet.io.checkpoint import file_name
from tests.models import model, refuses, same

N = 60
X = np.random.default_rng(0).standard_normal((N, 4)).astype("float32")
LABELS = np.arange(N) % 3
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
WEIGHTS = np.linspace(0.5, 2.0, N, dtype="float32")


@pytest.fixture
def mapped(tmp_path):
    """Makes a memory-mapped copy of an array."""

    def make(a, mode="r"):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.npy"
        np.save(path, a)
        return np.load(path, mmap_mode=mode)

    return make


def fitted(x, y, build=True, m=None, **fit):
    m = model("adam", 0.5, build=build) if m is None else m
    return m, m.fit(x, y, verbose=0, **{"batch_size": 7, "epochs": 3} | fit)


OPTIONS = {
    "shuffled": {},
    "in order": {"shuffle": False},
    "weights": {"sample_weight": WEIGHTS},
    "class weights": {"class_weight": {0: 1.0, 1: 0.5, 2: 3.0}, "sample_weight": WEIGHTS},
    "a split": {"validation_split": 0.25},
    "a split and weights": {"validation_split": 0.25, "class_weight": {0: 1.0, 1: 0.5, 2: 3.0}},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("both", [True, False])
def test_the_bits_are_those_of_arrays_in_memory(mapped, options, both):
    a, one = fitted(X, LABELS, **OPTIONS[options])
    b, other = fitted(mapped(X), mapped(LABELS) if both else LABELS, build=both, **OPTIONS[options])
    assert same(a, b)
    assert one.history == other.history


@pytest.mark.parametrize("kind", ["uint8", "big-endian", "float64", "every second", "a view", "Fortran", "private"])
def test_any_map_is_converted_as_an_array_is(mapped, kind):
    x = np.round(X * 50 + 100).clip(0, 255)
    given = {
        "uint8": lambda: mapped(x.astype("uint8")),
        "big-endian": lambda: mapped(x.astype(">f4")),
        "float64": lambda: mapped(x.astype("float64")),
        "every second": lambda: mapped(np.repeat(x, 2, axis=0))[::2],
        "a view": lambda: np.asarray(mapped(x)),
        "Fortran": lambda: mapped(np.asfortranarray(x)),
        "private": lambda: mapped(x, "c"),
    }[kind]()
    assert door.memory_map(given) is not None
    assert same(fitted(x, LABELS)[0], fitted(given, LABELS)[0])


def test_targets_may_lie_in_a_file_too(mapped):
    def regression():
        m = nn.Sequential([layers.Dense(3)])
        m.compile("sgd", "mse")
        return m

    y = X[:, :3] * 2
    a, one = fitted(X, y, m=regression(), validation_split=0.2)
    for x in (mapped(X), X):
        b, other = fitted(x, mapped(y), m=regression(), validation_split=0.2)
        assert same(a, b)
        assert one.history == other.history


def test_lengths_go_with_their_samples(mapped):
    x = np.random.default_rng(0).standard_normal((12, 5, 3)).astype("float32")
    lengths, models = np.arange(12) % 5 + 1, []
    for given in (x, mapped(x)):
        m = nn.Sequential([layers.SimpleRNN(4), layers.Dense(3)])
        m.compile("sgd", "sparse_categorical_crossentropy")
        m.fit(given, LABELS[:12], batch_size=5, epochs=2, lengths=lengths, verbose=0)
        models.append((m, m.evaluate(given, LABELS[:12], lengths=lengths), m.predict(given, 5, lengths).tolist()))
    assert same(models[0][0], models[1][0])
    assert models[0][1:] == models[1][1:]


def test_validation_evaluation_and_prediction_take_maps(mapped):
    m, one = fitted(X, LABELS, validation_data=(X, LABELS, WEIGHTS))
    _, other = fitted(X, LABELS, validation_data=(mapped(X), mapped(LABELS), WEIGHTS))
    assert one.history == other.history
    assert m.evaluate(X, LABELS, 7) == m.evaluate(mapped(X), LABELS, 7)
    assert np.array_equal(m.predict(X, 7), m.predict(mapped(X), 7))
    assert m.train_on_batch(mapped(X), LABELS) > 0


@pytest.mark.parametrize("step", [4, 9, 13])
def test_resumed_in_an_epoch_the_bits_are_those_of_one_fit(mapped, tmp_path, step):
    folder = tmp_path / "saved"
    saver = ModelCheckpoint(folder, every_epochs=None, every_steps=step, keep=None)
    a, whole = fitted(mapped(X), LABELS, callbacks=[saver])
    for x in (mapped(X), X):  # wherever the samples lie
        b, rest = fitted(x, LABELS, resume_from=folder / file_name(step))
        assert same(a, b)
        assert whole.history == rest.history
    refuses(lambda: fitted(mapped(X)[:40], LABELS[:40], resume_from=folder / file_name(step)), "'samples': 60")


def test_what_was_written_to_a_private_map_stays(mapped, monkeypatch):
    monkeypatch.setattr(memory_mapped, "RESIDENT", 1)
    x = mapped(np.zeros_like(X), "c")
    x[...] = X
    a, b = fitted(X, LABELS)[0], fitted(x, LABELS)[0]
    assert same(a, b)
    assert np.array_equal(x, X)


VIEWS = {
    "as it is": lambda x: x,
    "a part of each row": lambda x: x[:, 1:-1, 1:-1],
    "every second": lambda x: x[::2],
    "backwards": lambda x: x[::-1],
    "transposed": lambda x: x.transpose(0, 2, 1),
    "gaps": lambda x: x[:, ::2, ::3],
    "Fortran": lambda x: x.T,
    "one column": lambda x: x[:, :, 3],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("resident", [1, 2**27])
def test_rows_of_any_view_are_read(mapped, monkeypatch, view, resident):
    monkeypatch.setattr(memory_mapped, "RESIDENT", resident)
    x = np.arange(9 * 7 * 6, dtype="float32").reshape(9, 7, 6)
    column, expected = memory_mapped.Column(VIEWS[view](mapped(x))), VIEWS[view](x)
    for chosen in (slice(1, 4), slice(4, 99), np.array([4, 0, 4, 2]), np.array([3])):
        rows = column.rows(chosen)
        assert np.array_equal(rows, expected[chosen])
        assert rows.flags.c_contiguous
        assert rows.flags.owndata


def test_rows_that_are_not_aligned_are_read(tmp_path):
    (tmp_path / "x").write_bytes(b"head!" + X.tobytes())
    x = np.memmap(tmp_path / "x", "float32", "r", offset=5, shape=X.shape)
    assert not x.flags.aligned
    assert np.array_equal(memory_mapped.Column(x).rows(np.array([7, 3])), X[[7, 3]])


@pytest.mark.compiled  # for what measures coverage in plain Python takes memory of its own
@pytest.mark.parametrize("view", VIEWS)
def test_no_more_than_the_rows_is_read(mapped, view):
    column = memory_mapped.Column(VIEWS[view](mapped(np.zeros((60, 60, 60), "float32"))))
    tracemalloc.start()
    rows = column.rows(np.array([8, 3]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * rows.nbytes + 4000 < column.array.nbytes


def with_value(a, at, value):
    changed = a.copy()
    changed[at] = value
    return changed


def embedding():
    m = nn.Sequential([layers.Embedding(9, 4), layers.Flatten(), layers.Dense(3)])
    m.build((4,))
    m.compile("sgd", "sparse_categorical_crossentropy")
    return m


def sequences():
    m = nn.Sequential([layers.TimeDistributed(layers.Dense(3))])
    m.build((2, 4))
    m.compile("sgd", "sparse_categorical_crossentropy")
    return m


PAIRS = X.reshape(30, 2, 4)
PAIRED = LABELS.reshape(30, 2)
TOKENS = (np.arange(4 * N) % 9).reshape(N, 4)

# arrays, of which x is mapped, and y where it has two axes; words of the error; whether it comes when the row comes
WRONG = {
    "nan": (with_value(X, (41, 2), np.nan), LABELS, None, ["x[41, 2] = nan"]),
    "index": (with_value(TOKENS, (41, 2), 9), LABELS, embedding, ["x[41, 2] = 9", "0 to 8"]),
    "label of a sequence": (PAIRS, with_value(PAIRED, (21, 1), 3), sequences, ["0 to 2", "in sample 21"]),
    "rounded": (with_value(X.astype("float64"), (41, 2), 0.1), LABELS, None, ["float64", "write a file of float32"]),
}


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("what", WRONG)
def test_errors_name_the_row_of_the_file(mapped, what, shuffle):
    x, y, make, words = WRONG[what]
    m = make and make()
    refuses(lambda: fitted(mapped(x), mapped(y), m=m, shuffle=shuffle), "fit", *words)


EARLY = {
    "shape": (X[:, :3], LABELS, {}, ["'dense'", "(60, 3)"]),
    "targets": (X, ONE_HOT[:, :2], {}, ["(60,)", "one-hot"]),
    "as many": (X, LABELS[:30], {}, ["as many samples"]),
    "labels": (X, LABELS + 1, {}, ["0 to 2"]),
    "weights": (X, LABELS, {"sample_weight": -WEIGHTS}, ["0 or more"]),
    "lengths": (X, LABELS, {"lengths": LABELS}, ["sequences"]),
    "type": (X.astype("complex64"), LABELS, {}, ["complex64"]),
    "split": (X, LABELS, {"validation_split": 0.001}, ["leaves samples"]),
}


@pytest.mark.parametrize("what", EARLY)
def test_what_does_not_fit_is_refused_before_anything_is_trained(mapped, what):
    x, y, options, words = EARLY[what]
    m = model("adam", 0.5)
    refuses(lambda: fitted(mapped(x), mapped(y), m=m, **options), *words)
    assert m.steps_trained == 0


def test_class_weights_need_the_labels_at_once(mapped):
    m = nn.Sequential([layers.Dense(3)])
    m.compile("sgd", "categorical_crossentropy")
    refuses(lambda: fitted(mapped(X), mapped(ONE_HOT), m=m, class_weight={0: 1.0, 1: 1.0, 2: 1.0}), "class_weight", "y")
    fitted(mapped(X), ONE_HOT, m=m, class_weight={0: 1.0, 1: 1.0, 2: 1.0})


class Resident(Callback):
    """The largest resident size of the process at a batch's end, in bytes."""

    def on_train_begin(self, logs=None):
        self.first, self.most = 0, 0

    def on_train_batch_end(self, batch, logs=None):
        size = int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) * 1024
        self.first, self.most = self.first or size, max(self.most, size)


VIEW_OF_ROWS = {"all": lambda x: x, "a part": lambda x: x[::-1, 100:-100], "gaps": lambda x: x[:, ::4]}


@pytest.mark.compiled
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("view", "shuffle"), [("all", True), ("all", False), ("a part", True), ("gaps", True)])
def test_little_of_a_file_is_in_memory_at_a_time(tmp_path, monkeypatch, view, shuffle):
    monkeypatch.setattr(memory_mapped, "RESIDENT", 2**23)
    x = np.memmap(tmp_path / "x", "float32", "w+", shape=(2048, 8192))
    x[...] = np.arange(8192) % 7
    x.flush()
    samples = VIEW_OF_ROWS[view](np.memmap(tmp_path / "x", "float32", "r", shape=x.shape))
    del x
    m = nn.Sequential([layers.Dense(3)])
    m.compile("sgd", "sparse_categorical_crossentropy")
    resident = Resident()
    m.fit(samples[:64], np.arange(64) % 3, verbose=0)
    m.fit(samples, np.arange(2048) % 3, batch_size=32, shuffle=shuffle, verbose=0, callbacks=[resident])
    assert resident.most - resident.first < 2**24 < 2048 * 8192 * 4 / 3


def test_private_memory_keeps_what_was_written(monkeypatch):
    """A map that is not np.memmap's may be private, and its pages must not be given back."""
    monkeypatch.setattr(memory_mapped, "RESIDENT", 2**16)
    n = 20_000
    a = np.ndarray((n, 4), "float32", buffer=mmap.mmap(-1, n * 16, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    a[...] = 1
    m = model()
    m.predict(a)
    assert (a == 1).all()
