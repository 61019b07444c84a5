"""Iterables of batches in fit, evaluate and predict: the bits are those of arrays, and each kind has its epochs."""

import functools
import threading

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, random
from numbanet.callbacks import Callback, LambdaCallback, ModelCheckpoint
from numbanet.io.checkpoint import file_name
from tests.models import LABELS, WEIGHTS, X, model, refuses, same

SIZE = 4
BATCHES = [(X[k : k + SIZE], LABELS[k : k + SIZE]) for k in range(0, 22, SIZE)]
WEIGHTED = [(x, y, WEIGHTS[k * SIZE : k * SIZE + SIZE]) for k, (x, y) in enumerate(BATCHES)]


class Again:
    """Can be gone over again and again; counts how often."""

    def __init__(self, batches=BATCHES):
        self.batches, self.begun = batches, 0

    def __iter__(self):
        self.begun += 1
        return iter(self.batches)


class Numbered:
    """Keras's PyDataset: a length, and batches by number, without __iter__."""

    def __init__(self, batches=BATCHES):
        self.batches, self.asked = batches, []

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, k):
        self.asked.append(k)
        return self.batches[k]


def endless(batches=BATCHES):
    while True:
        yield from batches


KINDS = {
    "list": (lambda: list(BATCHES), {"shuffle": False}),
    "numbered": (Numbered, {"shuffle": False}),
    "again": (Again, {}),
    "generator": (endless, {"steps_per_epoch": 6}),
    "again with steps": (Again, {"steps_per_epoch": 6}),
    "shuffled": (lambda: list(BATCHES), {}),
    "across epochs": (lambda: endless(BATCHES[:5]), {"steps_per_epoch": 6}),
}
AS_ARRAYS = list(KINDS)[:5]


def fitted(x, y=None, epochs=3, build=True, **fit):
    m = model("adam", 0.5, build=build)
    return m, m.fit(x, y, epochs=epochs, verbose=0, **fit)


@pytest.mark.parametrize("build", [True, False])
@pytest.mark.parametrize("kind", AS_ARRAYS)
def test_the_bits_are_those_of_arrays(kind, build):
    make, options = KINDS[kind]
    a, one = fitted(X, LABELS, batch_size=SIZE, shuffle=False)
    b, other = fitted(make(), build=build, **options)
    assert same(a, b)
    assert one.history == other.history


def test_batches_may_be_lists_and_have_weights_and_lengths():
    a, _ = fitted(X, LABELS, batch_size=SIZE, shuffle=False, sample_weight=WEIGHTS)
    b, _ = fitted([list(batch) for batch in WEIGHTED], shuffle=False)
    assert same(a, b)
    x = np.random.default_rng(0).standard_normal((8, 5, 3)).astype("float32")
    lengths, models = np.arange(8) % 5 + 1, []
    batches = [(x[k : k + 4], LABELS[k : k + 4], None, lengths[k : k + 4]) for k in (0, 4)]
    for given, options in (
        ((x, LABELS[:8]), {"lengths": lengths, "batch_size": 4, "shuffle": False}),
        ((batches,), {"shuffle": False}),
    ):
        m = nn.Sequential([layers.SimpleRNN(4), layers.Dense(3)])
        m.compile("sgd", "sparse_categorical_crossentropy")
        m.fit(*given, epochs=2, verbose=0, **options)
        models.append(m)
    assert same(*models)


def test_weights_do_not_outlive_fit():
    a, b = model(), model()
    a.fit(WEIGHTED, verbose=0)
    b.set_weights(a.get_weights())
    assert a.train_on_batch(X[:SIZE], LABELS[:SIZE]) == b.train_on_batch(X[:SIZE], LABELS[:SIZE])


def test_class_weights_are_of_each_batch():
    chosen = {0: 1.0, 1: 0.25, 2: 3.0}
    a, _ = fitted(X, LABELS, batch_size=SIZE, shuffle=False, class_weight=chosen)
    b, _ = fitted(BATCHES, shuffle=False, class_weight=chosen)
    assert same(a, b)


def test_a_sequence_is_shuffled_by_the_seed_anew_in_each_epoch():
    given = Numbered()
    a, _ = fitted(given, epochs=2)
    orders = [random.permutation(6, 0, random.SHUFFLE, epoch).tolist() for epoch in range(2)]
    assert given.asked == orders[0] + orders[1]
    assert orders[0] != orders[1]
    b = model("adam", 0.5)
    for k in given.asked:
        b.train_on_batch(*BATCHES[k])
    assert same(a, b)


def test_a_generator_is_taken_no_further_than_the_epochs_go():
    given = iter(range(100))
    batches = ((X + k, LABELS) for k in given)
    fitted(batches, epochs=3, steps_per_epoch=4, build=False)
    assert next(given) == 12


def test_without_steps_an_epoch_is_one_round():
    given = Again()
    fitted(given, epochs=4)
    assert given.begun == 4


def test_batches_of_many_sizes_keep_few_steps():
    sizes = [k % 66 + 1 for k in range(75)]  # more than are kept
    rows = np.random.default_rng(0).standard_normal((66, 4)).astype("float32")
    labels = np.arange(66) % 3
    m = model()
    m.fit([(rows[:n], labels[:n]) for n in sizes], shuffle=False, verbose=0)
    other = model()
    for n in sizes:
        other.train_on_batch(rows[:n], labels[:n])
    assert same(m, other)


def test_callbacks_know_the_number_of_steps_where_there_is_one():
    seen = []

    class See(Callback):
        def on_train_begin(self, logs=None):
            seen.append(self.params["steps"])

    for make, options in KINDS.values():
        model().fit(make(), verbose=0, callbacks=[See()], **options)
    assert seen == [6, 6, None, 6, 6, 6, 6]


def test_progress_counts_samples_that_nobody_knew_of(capsys):
    model().fit(Again(), epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all("samples/s" in line and " 0 samples/s" not in line for line in lines)


def test_callbacks_may_use_the_model_before_a_step():
    a, b = model(), model()
    meddle = LambdaCallback(on_train_batch_begin=lambda batch, logs=None: b.predict(X * 7, batch_size=50))
    a.fit(BATCHES, verbose=0)
    b.fit(BATCHES, verbose=0, callbacks=[meddle])
    assert same(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_resumed_in_an_epoch_the_bits_are_those_of_one_fit(kind, tmp_path):
    make, options = KINDS[kind]
    saver = ModelCheckpoint(tmp_path, every_epochs=None, every_steps=4, keep=None)
    a, whole = fitted(make(), callbacks=[saver], **options)
    for step in (4, 8, 12, 16):  # within epochs of 6 steps, and at the end of one
        b, rest = fitted(make(), resume_from=tmp_path / file_name(step), **options)
        assert same(a, b), step
        assert whole.history == rest.history, step


def test_another_iterable_is_refused_in_mid_epoch(tmp_path):
    fitted(BATCHES, callbacks=[ModelCheckpoint(tmp_path, every_epochs=None, every_steps=4)])
    refuses(lambda: fitted(BATCHES[:4], resume_from=tmp_path), "resume_from", "'batches': 6")
    refuses(lambda: fitted(X, LABELS, resume_from=tmp_path), "resume_from", "'batch_size': 32")


@pytest.mark.parametrize("kind", ["list", "numbered", "again"])
def test_validation_may_come_in_batches(kind):
    make = KINDS[kind][0]
    _, one = fitted(X, LABELS, validation_data=(X, LABELS), batch_size=SIZE)
    _, other = fitted(X, LABELS, validation_data=make(), batch_size=SIZE)
    assert one.history == other.history
    assert len(one.history["val_loss"]) == 3


def test_evaluate_takes_batches():
    m = model()
    expected = m.evaluate(X, LABELS, batch_size=SIZE)
    for batches, steps in ((BATCHES, None), (Numbered(), None), (Again(), None), (iter(BATCHES), None), (endless(), 6)):
        assert m.evaluate(batches, steps=steps) == expected
    weighted = m.evaluate(X, LABELS, batch_size=SIZE, sample_weight=WEIGHTS)
    assert m.evaluate(WEIGHTED) == weighted
    assert weighted != expected


def test_predict_takes_batches_of_samples_or_of_tuples():
    m = model()
    expected = m.predict(X)
    of_samples = [x for x, _ in BATCHES]
    for batches in (BATCHES, of_samples, [list(batch) for batch in BATCHES], Numbered(), Numbered(of_samples), Again()):
        assert np.array_equal(m.predict(batches), expected)
    for batches in (iter(BATCHES), (x.tolist() for x in of_samples)):
        assert np.array_equal(m.predict(batches), expected)
    assert np.array_equal(m.predict(endless(), steps=6), expected)


def test_predict_takes_lists_of_samples_as_it_did():
    m = model()
    assert np.array_equal(m.predict(X.tolist()), m.predict(X))
    assert np.array_equal(m.predict(list(X)), m.predict(X))


def test_lists_of_samples_go_with_y():
    expected = fitted(X, LABELS)[0]
    for x in (X.tolist(), list(X), [list(row) for row in X], [tuple(map(np.asarray, row)) for row in X]):
        assert same(fitted(x, LABELS)[0], expected)


def bad(x, y):
    return [*BATCHES[:2], (x, y)]


REFUSED = {
    "y": (lambda: fitted(BATCHES[0][0]), "fit: y must be", "iterable of batches"),
    "generator and y": (lambda: fitted(endless(), LABELS), "y goes with arrays"),
    "list and y": (lambda: fitted(BATCHES, LABELS), "fit: y goes with arrays", "Leave y out"),
    "unbuilt": (lambda: fitted(WEIGHTED, LABELS, build=False), "fit: y goes with arrays"),
    "validation list and y": (
        lambda: fitted(X, LABELS, validation_data=(BATCHES, LABELS)),
        "fit: validation_data: y goes with arrays",
    ),
    "function": (lambda: fitted(endless, steps_per_epoch=5), "fit: x must be", "call it", "function endless"),
    "class": (lambda: fitted(Numbered), "fit: x must be", "call it"),
    "class beside y": (lambda: fitted(Numbered, LABELS), "fit: x must be", "call it"),
    "partial": (lambda: fitted(functools.partial(endless, BATCHES)), "fit: x must be", "call it"),
    "validation function": (lambda: fitted(X, LABELS, validation_data=endless), "fit: validation_data", "call it"),
    "predict's function": (lambda: model().predict(endless, steps=3), "predict: x must be", "call it"),
    "batch_size": (lambda: fitted(BATCHES, batch_size=4), "batch_size goes with arrays"),
    "validation_split": (lambda: fitted(BATCHES, validation_split=0.2), "validation_split goes with arrays"),
    "sample_weight": (lambda: fitted(BATCHES, sample_weight=WEIGHTS), "sample_weight goes with arrays"),
    "lengths": (lambda: fitted(BATCHES, lengths=LABELS), "lengths goes with arrays"),
    "steps of arrays": (lambda: fitted(X, LABELS, steps_per_epoch=3), "steps_per_epoch must be None"),
    "steps of a list": (lambda: fitted(BATCHES, steps_per_epoch=3), "steps_per_epoch must be None"),
    "no steps": (lambda: fitted(endless(), steps_per_epoch=0), "steps_per_epoch must be a positive integer"),
    "once": (lambda: fitted(iter(BATCHES), epochs=2), "an iterator", "steps_per_epoch"),
    "validation_steps alone": (lambda: fitted(X, LABELS, validation_steps=2), "validation_steps", "validation_data"),
    "validation_steps of a list": (
        lambda: fitted(X, LABELS, validation_data=BATCHES, validation_steps=2),
        "validation_steps",
        "all of x is taken",
    ),
    "validate once": (lambda: fitted(BATCHES, validation_data=iter(BATCHES)), "validation_data", "an iterator"),
    "dry": (lambda: fitted(iter(BATCHES), epochs=2, steps_per_epoch=4), "ended after 6 batches", "4 batches for each"),
    "empty list": (lambda: fitted([]), "fit: x must be", "1 or more batches"),
    "empty": (lambda: fitted(Again([])), "1 or more batches"),
    "empty and unbuilt": (lambda: fitted(Again([]), build=False), "1 or more batches"),
    "empty with steps": (lambda: fitted(Again([]), steps_per_epoch=2), "ended after 0 batches"),
    "no pair": (lambda: fitted([X, X]), "batch ", "(x, y, sample_weight)", "Received: ndarray"),
    "a single": (lambda: fitted([(X,)]), "batch 0", "1 of them"),
    "shape": (lambda: fitted(bad(X[:, :3], LABELS), shuffle=False), "batch 2", "'dense'", "(22, 3)"),
    "labels": (lambda: fitted(bad(X, LABELS + 5), shuffle=False), "batch 2", "0 to 2"),
    "nan": (lambda: fitted(bad(X * np.nan, LABELS), shuffle=False), "batch 2", "x[0, 0] = nan"),
    "dictionary": (lambda: fitted({"x": X}), "fit: y must be"),
    "class_weight": (lambda: fitted(BATCHES, class_weight={0: 1.0}, shuffle=False), "batch 0", "[1, 2]"),
    "evaluate": (lambda: model().evaluate(BATCHES, LABELS[:3]), "evaluate: y goes with arrays"),
    "evaluate's size": (lambda: model().evaluate(BATCHES, batch_size=3), "evaluate: batch_size goes with arrays"),
    "evaluate's steps": (lambda: model().evaluate(X, LABELS, steps=3), "evaluate: steps must be None"),
    "predict's steps": (lambda: model().predict(X, steps=3), "predict: steps must be None"),
    "predict's size": (lambda: model().predict(BATCHES, batch_size=3), "predict: batch_size goes with arrays"),
    "predict's batch": (lambda: model().predict(Again([(X[:, :2], LABELS)])), "predict: batch 0", "(22, 2)"),
}


def sliding():
    """New validation batches of which a hundred come."""
    for k in range(100):
        yield X[k % 7 : k % 7 + 8], LABELS[k % 7 : k % 7 + 8]


def test_validation_may_take_so_many_batches_of_an_iterable():
    def fit(m, epochs=3, **more):
        return m.fit(X, LABELS, SIZE, epochs, validation_data=sliding(), validation_steps=2, verbose=0, **more)

    expected = [batch for _, batch in zip(range(6), sliding(), strict=False)]
    seen = []

    def note(epoch, logs):
        seen.append((logs["val_loss"], m.evaluate(expected[2 * epoch : 2 * epoch + 2])["loss"]))

    m = model()
    fit(m, callbacks=[LambdaCallback(on_epoch_end=note)])
    assert [a for a, _ in seen] == [b for _, b in seen]
    refuses(lambda: fit(model(), epochs=51), "expected 2 batches for each epoch")


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused(what):
    action, *words = REFUSED[what]
    refuses(action, *words)


def test_an_unbuilt_model_is_not_bound_by_a_first_batch_that_has_no_sense():
    m = model(build=False)
    refuses(lambda: m.fit([(X[:, :3], LABELS)], shuffle=1, verbose=0), "shuffle")
    assert not m.built
    m.fit(BATCHES, verbose=0)


@pytest.mark.parametrize("kind", [list, tuple])
def test_validation_batches_may_be_lists_as_a_data_loader_gives_them(kind):
    batches = [kind(batch) for batch in BATCHES]
    _, one = fitted(X, LABELS, validation_data=batches, batch_size=SIZE)
    _, other = fitted(X, LABELS, validation_data=BATCHES, batch_size=SIZE)
    assert one.history == other.history


def test_batches_in_memory_need_no_thread():
    seen = []

    class Threads(Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(threading.active_count())

    before = threading.active_count()
    fitted(BATCHES, callbacks=[Threads()])
    assert set(seen) == {before}
    seen.clear()
    fitted((batch for batch in BATCHES), callbacks=[Threads()], epochs=1)
    assert max(seen) == before + 1
