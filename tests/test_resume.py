"""fit(resume_from=...): a training that was stopped and resumed in a new model comes to the bits of any other."""

from functools import partial

import numpy as np
import pytest

import numbanet as nn
from numbanet import callbacks, layers, optimizers, schedules
from numbanet.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint, ReduceLROnPlateau
from tests.checkpoints import FIT, Stop, equal, everything, stopped
from tests.models import LABELS, WEIGHTS, X, model, refuses

SEQUENCES = np.stack([X[:20], X[1:21], X[2:22]], axis=1)


def normalized():
    block = [layers.Dense(5), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.5)]
    m = nn.Sequential([*block, layers.Dense(3)], seed=3)
    m.compile("adam", "sparse_categorical_crossentropy", ["accuracy", nn.metrics.ConfusionMatrix(3)])
    return m


def stateful():
    m = nn.Sequential([layers.LSTM(4, stateful=True, batch_size=5), layers.Dense(3)])
    m.compile("sgd", "sparse_categorical_crossentropy")
    return m


def with_optimizer(kind, *arguments, **options):
    return lambda: model(kind(*arguments, **options), dropout=0.3)


PLAIN = {"validation_split": 0.1}
CASES = {  # what makes the model, fit's arguments, and further callbacks
    "plain": (model, {}, []),
    "dropout and normalization": (normalized, PLAIN, [partial(ReduceLROnPlateau, patience=1)]),
    "stateful": (stateful, {"x": SEQUENCES, "y": LABELS[:20], "shuffle": False}, []),
    "accumulation": (with_optimizer(optimizers.Adam, gradient_accumulation_steps=3), PLAIN, []),
    "average": (
        with_optimizer(optimizers.Adam, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=4),
        PLAIN,
        [callbacks.SwapEMAWeights],
    ),
    "schedule": (with_optimizer(optimizers.SGD, schedules.CosineDecay(0.1, 12), momentum=0.9), PLAIN, []),
    "a rate by epoch": (model, PLAIN, [partial(callbacks.LearningRateScheduler, lambda epoch, rate: rate * 0.8)]),
    "weights": (
        partial(model, "adam", 0.5),
        {"sample_weight": WEIGHTS, "class_weight": {0: 1, 1: 2.5, 2: 0.5}, "validation_split": 0.1},
        [],
    ),
}
PLACES = {  # the hook, and epochs and steps before it
    "first step": ("train_batch_end", 0, 1),
    "mid-epoch": ("train_batch_end", 1, 2),
    "last step": ("train_batch_end", 2, 0),
    "between epochs": ("epoch_end", 1, 0),
    "validation": ("test_begin", 1, 0),
    "end": ("epoch_end", 3, 0),
}


def watchers(folder, more=(), monitor="loss"):
    """Callbacks that decide by what came before, and one that saves where Ctrl-C comes."""
    early = EarlyStopping(monitor, patience=2, restore_best_weights=True)
    return [early, *(make() for make in more), ModelCheckpoint(folder, monitor, every_steps=99)]


def both(case, place, folder):
    """What is left of a training that was not stopped, and of one that was, resumed in a new model."""
    make, fit, more = CASES[case]
    data = {"x": X, "y": LABELS} | FIT | fit
    watching = watchers(folder / "whole", more)
    m = make()
    m.fit(callbacks=watching, **data)
    expected = everything(m, watching)
    hook, epochs, steps = PLACES[place]
    stop = Stop(hook, epochs * m.steps_trained // 3 + steps)
    stopped(make(), stop, callbacks=watchers(folder / "stopped", more), **fit)
    watching, m = watchers(folder / "stopped", more), make()
    history = m.fit(callbacks=watching, resume_from=folder / "stopped", **data)
    assert history is m.history
    return expected, everything(m, watching)


@pytest.mark.parametrize("case", CASES)
def test_a_resumed_training_comes_to_the_same_bits(case, tmp_path):
    expected, found = both(case, "mid-epoch", tmp_path)
    assert len(expected["history"]["epoch"]) == 3
    assert equal(expected, found)


@pytest.mark.parametrize("place", PLACES)
def test_it_does_so_wherever_it_was_stopped(place, tmp_path):
    assert equal(*both("dropout and normalization", place, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", CASES)
def test_all_kinds_of_trainings_do_so_wherever_they_were_stopped(case, place, tmp_path):
    if place != "validation" or "validation_split" in CASES[case][1]:
        assert equal(*both(case, place, tmp_path))


OPTIMIZERS = [
    partial(optimizers.SGD, 0.1),
    partial(optimizers.SGD, 0.1, 0.9, nesterov=True, clipnorm=0.1),
    partial(optimizers.Adagrad, 0.1),
    partial(optimizers.RMSprop, 0.01, momentum=0.5, centered=True),
    partial(optimizers.Adam, 0.01, amsgrad=True),
    partial(optimizers.AdamW, 0.01),
    partial(optimizers.Lion, 0.01),
]


@pytest.mark.parametrize("make", OPTIMIZERS, ids=lambda make: make.func.__name__)
def test_every_optimizer_is_resumed(make, tmp_path):
    a, b = model(make()), model(make())
    a.fit(X, LABELS, **FIT)
    stopped(model(make()), Stop("train_batch_end", 8), callbacks=[ModelCheckpoint(tmp_path)])
    b.fit(X, LABELS, resume_from=tmp_path, callbacks=[ModelCheckpoint(tmp_path)], **FIT)
    assert equal(everything(a), everything(b))


def test_the_optimizers_above_are_all_there_are():
    known = {name for name, found in vars(optimizers).items() if isinstance(found, type)}
    known = {n for n in known if issubclass(getattr(optimizers, n), optimizers.Optimizer)} - {"Optimizer"}
    assert {make.func.__name__ for make in OPTIMIZERS} == known


def test_several_stops_in_one_epoch_come_to_the_same_bits(tmp_path):
    whole = model("adam", 0.5)
    whole.fit(X, LABELS, **FIT)
    for step in (1, 2, 4, 9, 13):
        saver = ModelCheckpoint(tmp_path)
        stopped(model("adam", 0.5), Stop("train_batch_end", step), callbacks=[saver], resume_from=tmp_path)
    m = model("adam", 0.5)
    m.fit(X, LABELS, resume_from=tmp_path, callbacks=[ModelCheckpoint(tmp_path)], **FIT)
    assert equal(everything(whole), everything(m))


# --- trainings that are done


@pytest.mark.parametrize("case", ["plain", "average", "dropout and normalization"])
def test_a_training_that_is_done_trains_nothing_and_gives_the_same(case, tmp_path):
    make, fit, more = CASES[case]
    found = []
    for _ in range(3):
        m, watching, steps = make(), watchers(tmp_path / "files", more), []
        saver = ModelCheckpoint(tmp_path / "done")
        watch = LambdaCallback(on_train_batch_end=lambda batch, logs, steps=steps: steps.append(batch))
        watching = [*watching[:-1], saver, watch]
        m.fit(X, LABELS, callbacks=watching, resume_from=tmp_path / "done", **FIT | fit)
        found.append(everything(m, watching))
        assert len(steps) == (15 if len(found) == 1 and case == "plain" else len(steps) * (len(found) == 1))
    assert equal(found[0], found[1])
    assert equal(found[1], found[2])


def test_a_training_that_stopped_early_stays_stopped(tmp_path):
    def train():
        m, early = model("sgd"), EarlyStopping("loss", min_delta=100, patience=1, restore_best_weights=True)
        m.fit(X, LABELS, callbacks=[early, ModelCheckpoint(tmp_path)], resume_from=tmp_path, **FIT | {"epochs": 9})
        return everything(m, [early])

    first, again = train(), train()
    assert first["epochs"] == 2
    assert equal(first, again)


def test_a_training_that_a_callback_stopped_stays_stopped(tmp_path):
    def stop(epoch, logs):
        first.stop_training = epoch == 1

    first, again = model(), model()
    history = first.fit(X, LABELS, **FIT, callbacks=[LambdaCallback(on_epoch_end=stop), ModelCheckpoint(tmp_path)])
    resumed = again.fit(X, LABELS, **FIT, callbacks=[ModelCheckpoint(tmp_path)], resume_from=tmp_path)
    assert resumed.epoch == history.epoch == [0, 1]
    assert again.stop_training


@pytest.mark.parametrize("case", ["plain", "average", "schedule"])
def test_a_training_that_is_done_goes_on_with_more_epochs(case, tmp_path):
    make, fit, _ = CASES[case]
    whole = make()
    whole.fit(X, LABELS, **FIT | fit | {"epochs": 4})
    for epochs in (2, 4):
        m = make()
        saver = ModelCheckpoint(tmp_path)
        m.fit(X, LABELS, callbacks=[saver], resume_from=tmp_path, **FIT | fit | {"epochs": epochs})
    assert equal(everything(whole), everything(m))


def test_the_epochs_of_a_checkpoint_count_and_not_initial_epoch(tmp_path):
    a, b = model(), model()
    a.fit(X, LABELS, callbacks=[ModelCheckpoint(tmp_path)], **FIT | {"epochs": 2})
    history = b.fit(X, LABELS, resume_from=tmp_path, initial_epoch=1, callbacks=[ModelCheckpoint(tmp_path)], **FIT)
    assert history.epoch == [0, 1, 2]
    history = model().fit(X, LABELS, initial_epoch=1, resume_from=tmp_path / "new",
                          callbacks=[ModelCheckpoint(tmp_path / "new")], **FIT)  # fmt: skip
    assert history.epoch == [1, 2]
    assert model().fit(X, LABELS, initial_epoch=3, **FIT).epoch == []


# --- a loop of one's own


def test_a_loop_of_ones_own_goes_on_from_a_checkpoint(tmp_path):
    def steps(m, first, last):
        for k in range(first, last):
            m.train_on_batch(X[k : k + 5], LABELS[k : k + 5], WEIGHTS[k : k + 5])

    a, b = (model(optimizers.Adam(0.01, gradient_accumulation_steps=2), 0.5) for _ in range(2))
    steps(a, 0, 9)
    steps(b, 0, 5)
    b.save_checkpoint(tmp_path / "here")
    built, unbuilt = (model(optimizers.Adam(0.01, gradient_accumulation_steps=2), 0.5, build=k) for k in (True, False))
    for c in (built, unbuilt):
        c.load_checkpoint(tmp_path / "here")
        assert c.steps_trained == 5
        steps(c, 5, 9)
        assert equal(everything(a), everything(c))


def test_fit_goes_on_from_the_checkpoint_of_a_loop_and_a_loop_from_one_of_fit(tmp_path):
    a, b, c = (model("adam", 0.5) for _ in range(3))
    a.train_on_batch(X[:5], LABELS[:5])
    a.save_checkpoint(tmp_path / "loop")
    a.fit(X, LABELS, **FIT)
    b.fit(X, LABELS, resume_from=tmp_path / "loop", callbacks=[ModelCheckpoint(tmp_path)], **FIT)
    assert equal(everything(a), everything(b))
    c.load_checkpoint(tmp_path / "step-000000016.safetensors")
    assert c.epochs_trained == 3
    assert a.train_on_batch(X[:5], LABELS[:5]) == c.train_on_batch(X[:5], LABELS[:5])


def test_a_model_is_as_it_was_where_a_callback_refuses_the_training(tmp_path):
    a, b = model("adam"), model("adam")
    a.train_on_batch(X[:5], LABELS[:5])
    a.save_checkpoint(tmp_path / "loop")
    before = everything(b)
    missing = [EarlyStopping("val_loss")]
    refuses(lambda: b.fit(X, LABELS, resume_from=tmp_path / "loop", callbacks=missing, **FIT), "val_loss")
    assert equal(before | {"history": None}, everything(b) | {"history": None})


# --- what must be the same


@pytest.fixture
def mid_epoch(tmp_path):
    """The folder of a training that was stopped in its second epoch."""
    watching = [EarlyStopping("loss", patience=9), ModelCheckpoint(tmp_path)]
    stopped(model("adam"), Stop("train_batch_end", 8), callbacks=watching)
    return tmp_path


def resume(folder, m=None, others=(), **fit):
    m = m or model("adam")
    m.fit(X, LABELS, **{**FIT, "callbacks": [*others, ModelCheckpoint(folder)], "resume_from": folder} | fit)
    return m


@pytest.mark.parametrize(
    ("fit", "word"), [({"batch_size": 4}, "'batch_size': 5"), ({"shuffle": False}, "'shuffle': True")]
)
def test_other_batches_are_refused_in_the_middle_of_an_epoch(mid_epoch, fit, word):
    m = model("adam")
    before = everything(m)
    early = EarlyStopping("loss", patience=9)
    refuses(lambda: resume(mid_epoch, m, [early], **fit), "middle of an epoch", word)
    assert equal(before | {"history": None}, everything(m) | {"history": None})


def test_other_batches_are_taken_at_the_end_of_an_epoch_with_a_warning(mid_epoch):
    file = mid_epoch / "step-000000005.safetensors"
    early = [EarlyStopping("loss", patience=9)]
    m = model("adam")
    words = "fit goes on with .*'batch_size': 22.*, after epochs of .*'batch_size': 5"
    with pytest.warns(UserWarning, match=words) as warned:
        m.fit(X, LABELS, 22, 3, resume_from=file, callbacks=early, shuffle=False, verbose=0)
    assert [w.filename for w in warned] == [__file__]
    assert m.steps_trained == 7


def test_a_callback_that_is_missing_is_refused_and_one_that_is_new_begins(mid_epoch):
    m = model("adam")
    before = everything(m)
    refuses(lambda: resume(mid_epoch, m), "EarlyStopping", "Received: ['History', 'ModelCheckpoint']")
    assert equal(before | {"history": None}, everything(m) | {"history": None})
    seen = []
    new = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    resume(mid_epoch, None, [ReduceLROnPlateau("loss"), new, EarlyStopping("loss", patience=9)])
    assert seen == [3, 4, 0, 1, 2, 3, 4]


def test_each_of_two_callbacks_of_a_class_gets_its_own_state(tmp_path):
    def pair():
        return [EarlyStopping("loss", patience=5), EarlyStopping("loss", min_delta=100, patience=9)]

    stopped(model("adam"), Stop("train_batch_end", 8), callbacks=[*pair(), ModelCheckpoint(tmp_path)])
    found = pair()
    resume(tmp_path, None, found)
    whole = pair()
    model("adam").fit(X, LABELS, callbacks=whole, **FIT)
    assert [early.wait for early in found] == [early.wait for early in whole] == [0, 2]


def test_what_callbacks_add_to_logs_is_in_the_history_after_resuming(tmp_path):
    class Adds(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs |= {
                "float32": np.float32(0.1) * epoch,
                "int": epoch,
                "text": f"{epoch}",
                "array": np.arange(3) + epoch,
            }

    whole = resume(tmp_path / "whole", None, [Adds()])
    for epochs in (1, 2, 3):
        m = resume(tmp_path, None, [Adds()], epochs=epochs)
    for name, values in whole.history.history.items():
        assert equal(list(map(np.asarray, values)), list(map(np.asarray, m.history.history[name]))), name


def test_callbacks_hear_where_a_training_goes_on_from(mid_epoch):
    class Hears(callbacks.Callback):
        def on_train_begin(self, logs=None):
            heard.append(self.params["resumed"])

    heard = []
    early = [EarlyStopping("loss", patience=9)]
    resume(mid_epoch, None, [Hears(), *early])
    model("adam").fit(X, LABELS, callbacks=[Hears()], **FIT)
    assert heard == [str(mid_epoch), None]


# --- which file


def damage(path):
    path.write_bytes(path.read_bytes()[:-1])


def test_a_damaged_newest_file_is_left_out_with_a_warning(tmp_path):
    whole = resume(tmp_path / "whole")
    stopped(model("adam"), Stop("train_batch_end", 12), callbacks=[ModelCheckpoint(tmp_path)])
    damage(tmp_path / "step-000000012.safetensors")
    with pytest.warns(RuntimeWarning, match=r"step-000000012.*goes on from the checkpoint before") as caught:
        m = resume(tmp_path, epochs=3)
    assert caught[0].filename == __file__
    assert equal(everything(whole), everything(m))


def test_where_all_files_are_damaged_nothing_is_trained(tmp_path):
    resume(tmp_path, epochs=1)
    damage(tmp_path / "step-000000005.safetensors")
    m = model("adam")
    before = everything(m)
    with pytest.raises(nn.errors.FileError, match="step-000000005"):
        resume(tmp_path, m)
    assert equal(before | {"history": None}, everything(m) | {"history": None})


def test_a_folder_without_checkpoints_is_a_new_beginning_only_where_some_are_written(tmp_path):
    whole = model("adam")
    whole.fit(X, LABELS, **FIT)
    for folder in (tmp_path, tmp_path / "new"):
        for others in ([], [ModelCheckpoint(tmp_path / "other")]):
            fit = partial(model("adam").fit, X, LABELS, resume_from=folder, callbacks=others, **FIT)
            with pytest.raises(nn.errors.FileError, match="expected a checkpoint"):
                fit()
    assert equal(everything(whole), everything(resume(tmp_path / "new")))


def test_the_best_is_resumed_where_no_others_are_kept(tmp_path):
    def train(epochs):
        m = model("adam")
        saver = ModelCheckpoint(tmp_path, "loss", save_best_only=True)
        m.fit(X, LABELS, callbacks=[saver], resume_from=tmp_path, **FIT | {"epochs": epochs})
        return m

    whole = model("adam")
    whole.fit(X, LABELS, **FIT)
    assert train(2).history.history["loss"] == sorted(train(2).history.history["loss"], reverse=True)
    assert equal(everything(whole), everything(train(3)))


@pytest.mark.parametrize("place", [3, "", b"x"])
def test_what_is_no_path_is_refused(place):
    refuses(lambda: model().fit(X, LABELS, resume_from=place, **FIT), "resume_from")
