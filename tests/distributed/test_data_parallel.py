"""DataParallel in one process: what it is to a model, and what it refuses."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import numbanet as nn
from numbanet.data.batches import RowBatches
from numbanet.data.memory_mapped import MappedData
from numbanet.distributed import DataParallel, launch, launched
from numbanet.distributed.feed import parts
from numbanet.distributed.team import Alone
from numbanet.distributed.tree import Cut
from numbanet.errors import ArgumentError, MissingDependency, NonFiniteError, StateError

from ..models import LABELS, WEIGHTS, X, model, refuses, same


def accumulating():
    """An optimizer with all that decides whether and how a step updates."""
    rate = nn.schedules.ExponentialDecay(0.05, 2, 0.7)
    return nn.optimizers.Adam(rate, global_clipnorm=0.1, use_ema=True, gradient_accumulation_steps=2)


@pytest.mark.parametrize("optimizer", [lambda: "adam", accumulating])
def test_one_shard_is_the_model_s_own_fit_to_the_bit(optimizer):
    own, sharded = model(optimizer(), dropout=0.3), model(optimizer(), dropout=0.3)
    choices = {"batch_size": 8, "epochs": 3, "validation_split": 0.2, "verbose": 0}
    a = own.fit(X, LABELS, **choices)
    b = DataParallel(sharded, shards=1).fit(X, LABELS, **choices)
    assert same(own, sharded)
    assert a.history == b.history


@pytest.mark.parametrize("data", [{}, {"sample_weight": WEIGHTS}])
def test_shards_add_up_to_the_gradient_of_the_batch(data):
    own, sharded = model("sgd", dtype="float64"), model("sgd", dtype="float64")
    x = X.astype("float64")
    a = own.fit(x, LABELS, batch_size=22, epochs=4, verbose=0, **data)
    parallel = DataParallel(sharded)
    b = parallel.fit(x, LABELS, batch_size=22, epochs=4, verbose=0, **data)
    for u, v in zip(own.get_weights(), sharded.get_weights(), strict=True):
        np.testing.assert_allclose(u, v, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(a.history["loss"], b.history["loss"], rtol=1e-12)
    assert parallel.evaluate(x, LABELS) == pytest.approx(own.evaluate(x, LABELS), rel=1e-12)


def test_weights_of_samples_do_not_stay_behind():
    weighted, other = model(), model()
    # shards of one sample, and then the model's own step of one
    DataParallel(weighted).fit(X[:8], LABELS[:8], sample_weight=WEIGHTS[:8], batch_size=8, verbose=0)
    other.set_weights(weighted.get_weights())
    assert weighted.train_on_batch(X[:1], LABELS[:1]) == other.train_on_batch(X[:1], LABELS[:1])


def sequences(shards=None):
    """The weights of a network on sequences of different lengths, of which a loss counts each step."""
    random = np.random.default_rng(0)
    x, y, lengths = random.standard_normal((9, 5, 3)), random.standard_normal((9, 5, 4)), random.integers(1, 6, 9)
    net = nn.Sequential([nn.layers.SimpleRNN(4, return_sequences=True)], seed=0)
    net.build((5, 3), dtype="float64")
    net.compile(nn.optimizers.SGD(0.1), "mse")
    trained = net if shards is None else DataParallel(net, shards)
    trained.fit(x, y, lengths=lengths, batch_size=9, epochs=3, verbose=0)
    return net.get_weights()


def test_a_shard_of_sequences_counts_as_many_steps_as_it_has():
    for u, v in zip(sequences(), sequences(4), strict=True):
        np.testing.assert_allclose(u, v, rtol=1e-12, atol=1e-14)


def test_batch_normalization_averages_what_shards_move_the_running_statistics_by():
    net = nn.Sequential([nn.layers.BatchNormalization(momentum=0.5, center=False)], seed=0)
    net.build((1,))
    net.compile("sgd", "mse")
    x = np.array([[1.0], [3.0], [5.0], [11.0]], "float32")
    parallel = DataParallel(net, shards=2)
    parallel.fit(x, x, batch_size=4, shuffle=False, verbose=0)
    mean, variance = net.get_weights()[-2:]
    assert mean == pytest.approx(0.5 * 0 + 0.5 * (2 + 8) / 2)
    assert variance == pytest.approx(0.5 * 1 + 0.5 * (1 + 9) / 2)
    net.set_weights([*net.get_weights()[:-2], [0.0], [1.0]])
    parallel.fit(x[:3], x[:3], batch_size=3, shuffle=False, verbose=0)  # shards of one sample and of two
    mean, variance = net.get_weights()[-2:]
    assert mean == pytest.approx(0.5 * (1 * 1 + 2 * 4) / 3)
    assert variance == pytest.approx(0.5 + 0.5 * (1 * 0 + 2 * 1) / 3)


def test_every_shard_and_step_draws_other_dropout_masks():
    net = nn.Sequential([nn.layers.Dropout(0.5), nn.layers.Dense(1, use_bias=False)], seed=0)
    net.build((64,))
    net.compile("sgd", "mse")
    seen = []

    class Look(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(net.last_gradients()["dense/kernel"] != 0)

    # the second sample is the last shard, alone in its gradient where the first one has a weight of 0
    x, y, weights = np.ones((2, 64), "float32"), np.full((2, 1), 9.0, "float32"), np.array([0.0, 1.0])
    for chosen in (weights, weights[::-1]):
        net.compile("sgd", "mse")
        DataParallel(net, shards=2).fit(
            x, y, sample_weight=chosen.astype("float32"), epochs=2, shuffle=False, verbose=0, callbacks=[Look()]
        )
    masks = {mask.tobytes() for mask in seen}
    assert len(masks) == 4


def test_everything_else_is_the_model_s():
    net = model()
    parallel = DataParallel(net)
    assert (parallel.rank, parallel.size) == (0, 1)
    assert parallel.count_params() == net.count_params()
    assert np.array_equal(parallel.predict(X), net.predict(X))
    assert "fit" in DataParallel.fit.__name__
    parallel.fit(X, LABELS, verbose=0)
    assert parallel.history is net.history
    assert not isinstance(net._runner, type(parallel)), "the model trains alone again"
    net.fit(X, LABELS, verbose=0)


def test_checkpoints_need_the_same_number_of_shards_in_the_middle_of_an_epoch(tmp_path):
    saver = nn.callbacks.ModelCheckpoint(tmp_path, every_steps=1)
    DataParallel(model()).fit(X, LABELS, batch_size=8, verbose=0, callbacks=[saver])
    file = tmp_path / "step-000000002.safetensors"
    refuses(lambda: DataParallel(model(), 4).fit(X, LABELS, batch_size=8, verbose=0, resume_from=file), "'shards': 8")


def test_the_first_epoch_of_an_unbuilt_model():
    net = model(build=False)
    assert len(DataParallel(net).fit(X, LABELS, verbose=0).epoch) == 1


@pytest.mark.parametrize("shards", [0, 3, 2**17, "8", True])
def test_shards_must_be_a_power_of_two(shards):
    refuses(lambda: DataParallel(model(), shards), "DataParallel: shards", repr(shards))


def test_bad_arguments():
    refuses(lambda: DataParallel(X), "DataParallel: model must be a Sequential")
    refuses(lambda: DataParallel(model(), block_bytes=0), "block_bytes")
    with pytest.raises(StateError, match="compile"):
        DataParallel(nn.Sequential([nn.layers.Dense(2)])).fit(X, LABELS)
    with pytest.raises(ArgumentError, match="epochs"):
        DataParallel(model()).fit(X, LABELS, epochs=0)
    with pytest.raises(AttributeError):
        _ = DataParallel(model()).nothing_like_that


@pytest.mark.parametrize("rank", range(3))
def test_a_rank_reads_its_own_rows_of_mapped_files(rank, tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    steps, cut = model()._steps, Cut(8, 3, rank)
    source = RowBatches(MappedData("fit", steps, mapped, LABELS), 8, seed=3)
    whole = list(RowBatches(MappedData("fit", steps, mapped, LABELS), 8, seed=3).epoch(order=5, first=1))
    found = list(parts(source, Alone(), cut, order=5, first=1))
    assert [part.n for part in found] == [8, 6]
    for part, data in zip(found, whole, strict=True):
        bounds = cut.bounds(part.n)
        for k in cut.own:
            if bounds[k] < bounds[k + 1]:
                shard = part.shard(bounds, k)
                assert np.array_equal(shard.x, data.x[bounds[k] : bounds[k + 1]])
                assert np.array_equal(shard.y, data.y[bounds[k] : bounds[k + 1]])
        assert len(part.data) == max(1, bounds[cut.own.stop] - bounds[cut.own.start])


def test_stateful_layers_are_refused():
    net = nn.Sequential([nn.layers.LSTM(3, stateful=True, batch_size=4), nn.layers.Dense(3)])
    net.compile("sgd", "sparse_categorical_crossentropy")
    refuses(lambda: DataParallel(net).fit(np.ones((4, 2, 3), "float32"), LABELS[:4], batch_size=4), "stateful", "lstm")


def test_other_devices_are_refused(monkeypatch):
    net = model()
    monkeypatch.setattr(net._network.device, "name", "cuda")
    refuses(lambda: DataParallel(net).fit(X, LABELS), "DataParallel: expected a model on the CPU", "cuda")


@pytest.mark.parametrize("sign", ["PMI_RANK", "OMPI_COMM_WORLD_SIZE", "MPI_LOCALNRANKS", "PMIX_RANK"])
def test_launched_looks_at_the_environment(sign, monkeypatch):
    for name in launch.SIGNS:
        monkeypatch.delenv(name, raising=False)
    assert not launched()
    monkeypatch.setenv(sign, "1")
    assert launched()


@pytest.mark.parametrize("size", ["4", "", "many"])
def test_processes_that_do_not_find_each_other_are_refused(size, monkeypatch):
    class Lonely(Alone):
        neighbours = 1

    monkeypatch.setitem(sys.modules, "mpi4py", SimpleNamespace(MPI=SimpleNamespace(COMM_WORLD=None)))
    monkeypatch.setattr(launch, "Ranks", lambda world: Lonely())
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", size)  # as an mpiexec of another MPI sets it
    if size == "4":
        with pytest.raises(StateError, match="4 processes were started, and each finds itself alone"):
            launch.join.__wrapped__()
    else:
        assert launch.join.__wrapped__().size == 1


@pytest.mark.compiled  # NumPy's scalars warn of what overflows
def test_a_refused_step_leaves_the_totals_of_the_epoch():
    """A checkpoint that a callback writes then goes on from there."""
    seen = []

    class Look(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(net._steps.results())

    net, x = nn.Sequential([nn.layers.Dense(3)], seed=0), np.array(X[:16])
    net.compile("sgd", "sparse_categorical_crossentropy")
    x[8:] = np.finfo(x.dtype).max
    with pytest.raises(NonFiniteError):
        DataParallel(net).fit(x, LABELS[:16], batch_size=8, shuffle=False, verbose=0, callbacks=[Look()])
    assert [net._steps.results()] == seen


def test_several_processes_need_mpi4py_and_one_does_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.setattr(launch, "join", launch.join.__wrapped__)
    assert launch.join().size == 1
    monkeypatch.setenv("PMI_SIZE", "2")
    with pytest.raises(MissingDependency, match=r"numbanet\[mpi\]"):
        launch.join()
