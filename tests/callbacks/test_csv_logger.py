import csv
import json

import numpy as np
import pytest

from numbanet.callbacks import Callback, CSVLogger
from numbanet.errors import ArgumentError
from tests.callbacks.series import Model, begun, stored
from tests.models import LABELS, X, model

NAMES = ("loss",)
LINES = ["epoch,loss", "0,1.0", "1,0.5", "2,0.25", "3,0.125"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.csv"


def write(callback, epochs, state=None):
    """The callback after those epochs."""
    begun(callback, Model(), state, NAMES)
    for epoch in epochs:
        callback.on_epoch_end(epoch, {"loss": 0.5**epoch})
    return callback


def lines(path):
    text = path.read_text()
    assert not text or text.endswith("\n")
    return text.splitlines()


def test_it_writes_what_the_history_has(path):
    history = model().fit(X, LABELS, 11, 3, validation_data=(X, LABELS), callbacks=[CSVLogger(path)], verbose=0)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", *history.history]
    for name, values in history.history.items():
        assert [float(row[name]) for row in rows] == values, "in all digits"


def test_an_array_is_a_cell_that_json_reads(path):
    callback = begun(CSVLogger(path), Model())
    for k in range(2):
        callback.on_epoch_end(k, {"score": np.float32(0.5), "matrix": np.eye(2, dtype=np.int64) * k, "words": "a,b"})
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [json.loads(row["matrix"]) for row in rows] == [[[0, 0], [0, 0]], [[1, 0], [0, 1]]]
    assert rows[0]["score"] == "0.5"
    assert rows[0]["words"] == "a,b"


def test_every_epoch_is_a_whole_line_at_its_end(path):
    found = []

    class Look(Callback):
        def on_epoch_end(self, epoch, logs=None):
            found.append(len(lines(path)))
            if epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model().fit(X, LABELS, 11, 5, callbacks=[CSVLogger(path), Look()], verbose=0)
    assert found == [2, 3, 4]
    assert len(lines(path)) == 4


def test_it_begins_anew_without_append(path):
    write(CSVLogger(path), range(4))
    callback = write(CSVLogger(path), range(2))
    assert lines(path) == LINES[:3]
    write(callback, range(1))
    assert lines(path) == LINES[:2], "and where the callback is used again"


def test_the_old_file_stays_until_there_is_a_line(path):
    write(CSVLogger(path), range(2))
    write(CSVLogger(path), [])
    assert lines(path) == LINES[:3]


def test_append_goes_on_by_the_columns_that_are_there(path):
    write(CSVLogger(path, append=True), range(2))
    write(CSVLogger(path, append=True), range(2, 4))
    assert lines(path) == LINES
    path.write_text("more,loss,epoch\n")
    write(CSVLogger(path, append=True), range(1))
    assert lines(path) == ["more,loss,epoch", "NA,1.0,0"]


def test_append_ends_a_torn_line_first(path):
    path.write_text("epoch,loss\n0,1.0\n1,0.")
    write(CSVLogger(path, append=True), range(1, 3))
    assert lines(path) == ["epoch,loss", "0,1.0", "1,0.", "1,0.5", "2,0.25"]


def test_append_wants_a_column_for_every_name(path):
    path.write_text("epoch,accuracy\n")
    with pytest.raises(ArgumentError, match=r"CSVLogger: with append=True filename must have a column for loss\."):
        write(CSVLogger(path, append=True), [])
    path.write_text("epoch,loss\n")
    callback = write(CSVLogger(path, append=True), [])
    with pytest.raises(ArgumentError, match="a column for score"):
        callback.on_epoch_end(0, {"loss": 1.0, "score": 2.0})
    assert lines(path) == ["epoch,loss"]


def test_what_an_epoch_lacks_is_na(path):
    callback = write(CSVLogger(path, "\t"), range(1))
    callback.on_epoch_end(1, {"other": 1.0})
    assert lines(path) == ["epoch\tloss", "0\t1.0", "1\tNA"]


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_its_state_cuts_off_what_a_killed_training_wrote_later(path, append, cut):
    callback = write(CSVLogger(path, append=append), range(cut))
    state = stored(callback.get_state())
    for epoch in range(cut, 4):  # after the checkpoint, before the kill
        callback.on_epoch_end(epoch, {"loss": 9.0})
    write(CSVLogger(path, append=append), range(cut, 4), state)
    assert lines(path) == LINES


def test_a_state_whose_file_is_gone_begins_one(path):
    state = write(CSVLogger(path), range(2)).get_state()
    path.unlink()
    write(CSVLogger(path), range(2, 4), state)
    assert lines(path) == [LINES[0], *LINES[3:]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3,), "filename must be a path"),
        (("a", ""), "separator must be one character"),
        (("a", ";;"), "separator must be one character"),
        (("a", '"'), "separator must be one character"),
        (("a", ",", 1), "append must be True or False"),
    ],
)
def test_what_it_refuses(arguments, words):
    with pytest.raises(ArgumentError, match=f"^CSVLogger: {words}"):
        CSVLogger(*arguments)


def test_it_refuses_a_folder_that_is_not_there(tmp_path):
    m = model()
    with pytest.raises(ArgumentError, match="CSVLogger: filename must be in a folder that exists"):
        m.fit(X, LABELS, callbacks=[CSVLogger(tmp_path / "no" / "log.csv")], verbose=0)
    assert m.epochs_trained == 0
