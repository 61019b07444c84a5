"""Which files ModelCheckpoint writes and keeps, and what is in them."""

import math
import sys

import numpy as np
import pytest

import numbanet as nn
from numbanet.callbacks import Callback, ModelCheckpoint
from numbanet.errors import FileError
from numbanet.io.checkpoint import file_name, steps_saved
from tests.checkpoints import FIT, Stop, equal, everything, stopped
from tests.models import LABELS, X, model, refuses, same

BEST = "best.safetensors"


class Values(Callback):
    """Adds a value of its own to each epoch's logs."""

    def __init__(self, *values):
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = self.values[epoch]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def steps(*numbers):
    return [file_name(step) for step in numbers]


def train(folder, m=None, others=(), epochs=3, resume_from=None, **options):
    m = m or model("adam")
    saver = ModelCheckpoint(folder, **options)
    m.fit(X, LABELS, **FIT | {"epochs": epochs, "callbacks": [saver, *others], "resume_from": resume_from})
    return m


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, steps(5, 10, 15)),
        ({"keep": 1}, steps(15)),
        ({"every_epochs": 2}, steps(10)),
        ({"every_steps": 4}, steps(4, 8, 12)),
        ({"every_epochs": 1, "every_steps": 4, "keep": None}, steps(4, 5, 8, 10, 12, 15)),
        ({"every_steps": 1, "keep": 2}, steps(14, 15)),
        ({"every_steps": 99}, []),
    ],
)
def test_which_files_it_writes_and_keeps(options, expected, tmp_path):
    train(tmp_path / "a" / "folder", **options)
    assert names(tmp_path / "a" / "folder") == expected


def test_other_files_stay(tmp_path):
    others = ["step-1.safetensors", "step-000000001.txt", "model.safetensors", "xstep-000000001.safetensors"]
    for name in others:
        (tmp_path / name).touch()
    train(tmp_path, keep=1)
    assert names(tmp_path) == sorted([*others, *steps(15)])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes them with the next write of the same step")
def test_what_a_killed_process_left_of_its_files_is_removed(tmp_path):
    end = f"{'0' * 16}.part"
    for name in (f".{file_name(3)}.{end}", f".other.{end}", f".xstep-1.safetensors.{end}"):
        (tmp_path / name).touch()
    train(tmp_path, keep=1)
    assert names(tmp_path) == [f".other.{end}", f".xstep-1.safetensors.{end}", *steps(15)]


def test_ctrl_c_writes_one_more(tmp_path):
    m = stopped(model("adam"), Stop("train_batch_end", 7), callbacks=[ModelCheckpoint(tmp_path)])
    assert names(tmp_path) == steps(5, 7)
    loaded = model("adam")
    loaded.load_checkpoint(tmp_path / file_name(7))
    assert equal(everything(m) | {"history": None}, everything(loaded) | {"history": None})


def test_files_are_in_the_order_of_steps():
    assert file_name(1234) == "step-000001234.safetensors"
    assert sorted([file_name(99), file_name(100), file_name(10**9 - 1)]) == steps(99, 100, 10**9 - 1)


def test_steps_saved_gives_the_newest_first(tmp_path):
    for step in (9, 10, 10**12):
        (tmp_path / file_name(step)).touch()
    assert list(steps_saved(tmp_path)) == [10**12, 10, 9]
    assert steps_saved(tmp_path / "none") == {} == steps_saved(tmp_path / file_name(9))


# --- the best


@pytest.mark.parametrize(("mode", "best"), [("min", 2), ("max", 1)])
def test_the_best_is_kept_beside_the_newest(mode, best, tmp_path):
    values = [2.0, 3.0, 1.0, math.nan]
    train(tmp_path, others=[Values(*values)], epochs=4, monitor="score", mode=mode, keep=None)
    assert names(tmp_path) == [BEST, *steps(5, 10, 15, 20)]
    expected = model("adam")
    expected.fit(X, LABELS, **FIT | {"epochs": best + 1})
    assert same(nn.load_model(tmp_path / BEST), expected)


def test_the_best_is_a_model_and_a_checkpoint(tmp_path):
    m = train(tmp_path, monitor="loss", save_best_only=True)
    assert names(tmp_path) == [BEST]
    loaded = nn.load_model(tmp_path / BEST)
    assert same(m, loaded)
    assert loaded.evaluate(X, LABELS) == m.evaluate(X, LABELS)
    assert np.array_equal(loaded.predict(X), m.predict(X))
    goes_on = model("adam")
    goes_on.load_checkpoint(tmp_path / BEST)
    assert m.train_on_batch(X, LABELS) == goes_on.train_on_batch(X, LABELS)
    assert same(m, goes_on)


def test_what_was_best_is_known_after_resuming(tmp_path):
    values = Values(1.0, 3.0, 2.0)
    train(tmp_path, others=[values], epochs=1, monitor="score", mode="min")
    best = (tmp_path / BEST).read_bytes()
    train(tmp_path, others=[values], monitor="score", mode="min", resume_from=tmp_path)
    assert (tmp_path / BEST).read_bytes() == best


def test_what_was_best_to_each_of_two_is_in_the_files_of_both(tmp_path):
    def run(epochs, **resume):
        savers = [ModelCheckpoint(tmp_path / name, "score", "min") for name in "ab"]
        fit = FIT | {"epochs": epochs, "callbacks": [*savers, Values(1.0, 3.0)]}
        model("adam").fit(X, LABELS, **fit, **resume)
        return [saver.best for saver in savers]

    run(1)
    best = (tmp_path / "b" / BEST).read_bytes()
    for name in "ab":
        for folder in "ab":
            (tmp_path / folder / file_name(10)).unlink(missing_ok=True)
        assert run(2, resume_from=tmp_path / name / file_name(5)) == [1.0, 1.0]
        assert (tmp_path / "b" / BEST).read_bytes() == best


def test_it_saves_what_all_callbacks_came_to_wherever_it_stands_in_the_list(tmp_path):
    class Counts(Callback):
        count = 0

        def on_epoch_end(self, epoch, logs=None):
            self.count += 1

        def get_state(self):
            return {"count": self.count}

        def set_state(self, state):
            self.count = state["count"]

    counts = Counts()
    train(tmp_path, others=[counts], epochs=2)
    again = Counts()
    train(tmp_path, others=[again], epochs=2, resume_from=tmp_path)
    assert again.count == counts.count == 2


# --- another training's files


def test_later_steps_of_another_training_are_refused(tmp_path):
    train(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    refuses(lambda: train(tmp_path), "ModelCheckpoint", str(tmp_path), "another training", "up to step 15")
    older = model("adam")
    older.train_on_batch(X[:5], LABELS[:5])
    refuses(lambda: train(tmp_path, older), "up to step 15")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_older_checkpoint_is_not_resumed_into_a_folder_with_later_ones(tmp_path):
    train(tmp_path)
    m = model("adam")
    before = everything(m)
    older = tmp_path / file_name(5)
    refuses(lambda: train(tmp_path, m, resume_from=older, keep=1), "up to step 15", "take another folder")
    assert equal(before | {"history": None}, everything(m) | {"history": None}), "the checkpoint was not taken over"
    train(tmp_path / "other", m, resume_from=older)
    assert names(tmp_path / "other") == steps(10, 15)
    assert same(m, train(tmp_path / "whole"))


def test_a_training_that_goes_on_may_use_its_folder_again(tmp_path):
    m = train(tmp_path, epochs=1)
    train(tmp_path, m, epochs=1)
    assert names(tmp_path) == steps(5, 10)


@pytest.mark.filterwarnings("ignore:fit.*goes on from the checkpoint before")
def test_damaged_later_files_do_not_push_out_good_ones(tmp_path):
    train(tmp_path, keep=None)
    for step in (10, 15):
        (tmp_path / file_name(step)).write_bytes(b"damaged")
    stop = Stop("train_batch_end", 6)
    stopped(model("adam"), stop, callbacks=[ModelCheckpoint(tmp_path, keep=1)], resume_from=tmp_path)
    assert names(tmp_path) == steps(6, 10, 15)
    train(tmp_path, keep=1, resume_from=tmp_path)
    assert names(tmp_path) == steps(15)
    nn.load_model(tmp_path / file_name(15))


# --- arguments


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"folder": 3}, "path"),
        ({"folder": ""}, "path"),
        ({"every_epochs": 0}, "every_epochs"),
        ({"every_steps": 1.5}, "every_steps"),
        ({"keep": 0}, "keep"),
        ({"save_best_only": True}, "monitor"),
        ({"save_best_only": 1}, "save_best_only"),
        ({"mode": "least", "monitor": "loss"}, "mode"),
        ({"verbose": -1}, "verbose"),
    ],
)
def test_bad_arguments_are_refused(options, word):
    refuses(lambda: ModelCheckpoint(**{"folder": "x"} | options), "ModelCheckpoint", word)


def test_a_monitor_that_will_not_be_there_is_refused_before_anything_is_trained(tmp_path):
    m = model("adam")
    refuses(lambda: train(tmp_path / "f", m, monitor="val_loss"), "ModelCheckpoint", "val_loss", "validation_data")
    assert m.steps_trained == 0


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="file: cannot be made"):
        train(tmp_path / "file")


def test_verbose_says_what_is_written_and_the_best_value(tmp_path, capsys):
    values = Values(0.25, 0.5, 0.125)
    train(tmp_path, others=[values], monitor="score", mode="max", every_epochs=2, verbose=1)
    assert capsys.readouterr().out.splitlines() == [
        f"ModelCheckpoint writes {tmp_path / BEST}: score 0.2500 is the best so far",
        f"ModelCheckpoint writes {tmp_path / BEST}: score 0.5000 is the best so far",
        f"ModelCheckpoint writes {tmp_path / file_name(10)}",
    ]


@pytest.mark.parametrize(
    ("verbose", "options", "said"),
    [
        (2, {}, True),
        ("auto", {}, True),
        (1, {}, True),
        (0, {}, False),
        (0, {"verbose": 1}, True),
        (2, {"verbose": 1}, True),
        (2, {"monitor": "loss", "save_best_only": True}, False),
    ],
)
def test_after_ctrl_c_it_says_once_which_file_it_wrote(verbose, options, said, tmp_path, capsys):
    saver = ModelCheckpoint(tmp_path, every_steps=99, **options)
    stopped(model("adam"), Stop("train_batch_end", 2), callbacks=[saver], verbose=verbose)
    lines = [line for line in capsys.readouterr().out.splitlines() if "ModelCheckpoint" in line]
    assert lines == [f"ModelCheckpoint writes {tmp_path / file_name(2)}"] * said


def test_a_training_that_ends_by_itself_says_nothing(tmp_path, capsys):
    saver = ModelCheckpoint(tmp_path)
    stopped(model("adam"), Stop("train_batch_end", 2), callbacks=[saver])
    model("adam").fit(X, LABELS, callbacks=[saver], resume_from=tmp_path, **FIT | {"verbose": 2})
    assert "ModelCheckpoint" not in capsys.readouterr().out


def test_the_best_of_another_training_is_not_overwritten(tmp_path):
    def saver():
        return ModelCheckpoint(tmp_path, "loss", save_best_only=True)

    m, mine = model("sgd"), saver()
    m.fit(X, LABELS, epochs=2, callbacks=[mine], verbose=0)
    kept, best = (tmp_path / "best.safetensors").read_bytes(), mine.best
    for other in (m, model("sgd")):
        refuses(
            lambda m=other: m.fit(X, LABELS, callbacks=[saver()], verbose=0), "best of another training", "resume_from"
        )
    mine.best = -1.0  # nothing is better
    m.fit(X, LABELS, callbacks=[mine], verbose=0)
    assert (tmp_path / "best.safetensors").read_bytes() == kept
    again = saver()
    model("sgd").fit(X, LABELS, epochs=2, callbacks=[again], verbose=0, resume_from=tmp_path)
    assert again.best == best


def test_a_relative_folder_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saver = ModelCheckpoint("run")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    model().fit(X, LABELS, callbacks=[saver], verbose=0)
    assert list((tmp_path / "run").iterdir())


def test_the_state_of_another_monitor_is_refused(tmp_path):
    def savers(*names):
        return [ModelCheckpoint(tmp_path / name, name) for name in names]

    model().fit(X, LABELS, callbacks=savers("loss", "accuracy"), verbose=0)
    with pytest.raises(FileError, match="ModelCheckpoint: expected monitor 'accuracy', found 'loss'"):
        model().fit(X, LABELS, callbacks=savers("accuracy", "loss"), verbose=0, resume_from=tmp_path / "accuracy")
