"""The oracle of the exercises: right solutions pass, planted mistakes do not, and their hints are right."""

import re
import runpy
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import ArgumentError, FileError
from numbanet.teach import exercises, exhibit, grade, museum
from numbanet.teach.exercises import running, worker
from numbanet.teach.exercises.catalogue import EXERCISES, sheet
from numbanet.teach.exercises.exhibits import EXHIBITS
from numbanet.teach.exercises.files import MARK
from numbanet.teach.exercises.sheet import differences, edited, made, situations

PLANTED = Path(__file__).parent / "planted"
SHEETS = (*EXERCISES, *EXHIBITS)


@pytest.fixture
def in_this_process(monkeypatch):
    """Without a process for each file, which takes 0.1 s: for files that are known to end."""
    monkeypatch.setattr(running, "_in_a_process", lambda path, calls, seconds: worker.answer(path, calls))


def name_of(it):
    return it.name


def planted():
    """(exercise, keywords, wrong functions) of every file; keywords are apart by |."""
    for file in sorted(PLANTED.glob("*.txt")):
        _, *parts = re.split(r"^# hint: (.*)\n", file.read_text(), flags=re.MULTILINE)
        for keywords, text in zip(parts[::2], parts[1::2], strict=True):
            yield file.stem, keywords, text


def written(folder, it, text=""):
    """A file with the right solution, of which some functions are replaced."""
    path = folder / f"{it.name}.py"
    path.write_text(f"{MARK}{it.name}\n{it.solution()}\n\n{text}")
    return path


def dense(folder, text):
    return grade(written(folder, sheet("test", "dense_backward"), text), seconds=2)


@pytest.mark.usefixtures("in_this_process")
def test_planted_mistakes_get_the_right_hint_and_none_is_graded_correct(tmp_path):
    cases, correct, missed = list(planted()), [], []
    for name, keywords, text in cases:
        found = grade(written(tmp_path, sheet("test", name), text))
        if found:
            correct.append((name, keywords))
        if not any(word in hint for word in keywords.split("|") for hint in found.hints):
            missed.append((name, keywords, found.hints))
    share = 1 - len(missed) / len(cases)
    print(f"{len(cases)} planted mistakes: {share:.0%} with the right hint, {len(correct)} graded correct")
    assert not correct
    assert share >= 0.9, missed
    assert {name for name, _, _ in cases} == set(exercises())
    assert min(sum(name == case[0] for case in cases) for name in exercises()) >= 5


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("it", SHEETS, ids=name_of)
def test_the_reference_loops_are_graded_correct(it, tmp_path):
    found = grade(written(tmp_path, it))
    assert found, found
    assert found.points == len(found.checks) > 0
    assert "all right" in repr(found)


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("it", EXERCISES, ids=name_of)
def test_a_starter_is_not_written_yet_and_names_its_equations(it, tmp_path):
    path = nn.teach.exercise(it.name, tmp_path / "starter.py")
    found = grade(path)
    assert not found
    assert found.points == 0
    told = {f"{piece.called}: not written yet (`{array} = " for piece in it.asked for array in piece.written}
    assert {hint.split("...")[0] for hint in found.hints} == told
    text = path.read_text()
    assert all(label in text for piece in it.asked for label in it.labels(piece))
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("it", EXHIBITS, ids=name_of)
def test_an_exhibit_runs_is_wrong_and_its_hint_names_the_bug(it, tmp_path, capsys):
    path = exhibit(it.name, tmp_path / "bug.py")
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out
    found = grade(path)
    assert not found
    assert any(it.bug.hint in hint for hint in found.hints), found
    fixed = path.read_text()
    for old, new in it.bug.edits:
        fixed = fixed.replace(new, old)
    path.write_text(fixed)
    assert grade(path)


@pytest.mark.parametrize("it", SHEETS, ids=name_of)
def test_every_mistake_of_a_sheet_can_be_made(it):
    for mistake in it.mistakes:
        made(edited(it.solution(), mistake.edits))


@pytest.mark.parametrize("it", [it for it in SHEETS if it.slopes], ids=name_of)
def test_the_reference_gradients_are_the_slopes_of_the_loss(it):
    arguments, loops = situations(it)[1], made(it.solution())
    for array in it.slopes:
        piece = next(p for p in it.asked if array in p.written)
        loop = loops[piece.called]
        own = {n: np.copy(v) if isinstance(v, np.ndarray) else v for n, v in arguments.items()}
        loop(*(own[n] for n in loop.__code__.co_varnames[: loop.__code__.co_argcount]))
        np.testing.assert_allclose(own[array], differences(it, array, 1), 1e-6, 1e-6)


def test_there_are_twelve_exercises_and_eight_exhibits_with_a_line_each():
    assert len(exercises()) >= 12
    assert len(museum()) >= 8
    for listing in (exercises(), museum()):
        assert len(repr(listing).splitlines()) == len(set(listing))
        assert all(line.startswith(name) for name, line in zip(listing, repr(listing).splitlines(), strict=True))


def test_work_is_not_overwritten(tmp_path):
    path = nn.teach.exercise("momentum", tmp_path / "mine.py")
    path.write_text("mine")
    with pytest.raises(ArgumentError, match="overwrite=True"):
        nn.teach.exercise("momentum", path)
    assert path.read_text() == "mine"
    nn.teach.exercise("momentum", path, overwrite=True)
    assert "update_momentum" in path.read_text()


def test_the_default_path_is_the_name_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert nn.teach.exercise("adam").resolve() == tmp_path / "adam.py"
    assert exhibit("adam_from_zero").resolve() == tmp_path / "adam_from_zero.py"


def test_unknown_names_are_refused_with_a_suggestion(tmp_path):
    with pytest.raises(ArgumentError, match="Did you mean 'dense_backward'"):
        nn.teach.exercise("dense_backwards", tmp_path / "x.py")
    with pytest.raises(ArgumentError, match="softmax_twice"):
        exhibit("dense_backward", tmp_path / "x.py")


def test_a_file_of_no_exercise_is_refused(tmp_path):
    path = tmp_path / "other.py"
    with pytest.raises(FileError, match="cannot be read"):
        grade(path)
    path.write_text("x = 1\n")
    with pytest.raises(ArgumentError, match="does not say which exercise"):
        grade(path)


def test_an_endless_loop_is_ended_and_its_line_told(tmp_path):
    found = dense(tmp_path, "def backward_bias(dy, db):\n    while True:\n        pass\n")
    assert not found
    assert re.search(r"line \d+: did not end within 2 seconds", found.hints[0])


def test_printing_without_end_fills_no_memory_and_is_ended(tmp_path):
    tracemalloc.start()
    try:
        found = dense(tmp_path, "while True:\n    print('here' * 1000)\n")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert re.search(r"line \d+: did not end within 2 seconds", found.hints[0])
    assert peak < 2e7


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = written(tmp_path, sheet("test", "momentum"))
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert grade(path)


def test_a_relu_of_exactly_0_is_compared_with_the_reference_alone(tmp_path):
    it = sheet("test", "relu_backward")
    found = grade(written(tmp_path, it, "def relu_backward(dy, x, y, dx):\n    dx[:] = dy * (x >= 0)\n"))
    assert {check.against: check.passed for check in found.checks} == {
        "reference loops": False,
        "central differences": True,
    }


@pytest.mark.parametrize("seconds", [0, 1e10, "2", None])
def test_a_time_that_no_timer_takes_is_refused(seconds, tmp_path):
    with pytest.raises(ArgumentError, match="grade: seconds must be"):
        grade(written(tmp_path, sheet("test", "momentum")), seconds=seconds)


def test_a_path_is_a_path_and_overwrite_true_or_false(tmp_path):
    for path in (None, 3):
        with pytest.raises(ArgumentError, match="grade: path must be the path of a file"):
            grade(path)
    with pytest.raises(ArgumentError, match="exercise: path must be"):
        nn.teach.exercise("momentum", 3)
    with pytest.raises(ArgumentError, match="exhibit: overwrite must be True or False"):
        exhibit("softmax_twice", tmp_path / "x.py", overwrite="no")
    with pytest.raises(FileError, match=r"exercise: .*missing.* cannot be written"):
        nn.teach.exercise("momentum", tmp_path / "missing" / "x.py")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def broken(:\n", r"line \d+: SyntaxError"),
        ("raise KeyError('mine')\n", r"line \d+: KeyError: 'mine'"),
        ("raise ValueError('first\\nsecond')\n", r"line \d+: ValueError: first$"),
        ("exit()\n", r"SystemExit"),
        ("import os\nos._exit(3)\n", "ended with status 3"),
        ("del backward_bias\n", "no function backward_bias$"),
        ("def backward_bias(dy):\n    pass\n", "does not take its 2 arguments"),
        ("def backward_bias(dy, db):\n    db = dy.sum(axis=0)\n", r"`db = \.\.\.` only makes a new name"),
        ("def backward_bias(dy, db):\n    db[:] = np.random.standard_normal(db.size)\n", "varies from call to call"),
        ("def backward_bias(dy, db):\n    db[:] = dy.astype(np.float32).sum(axis=0)\n", "as exact as float32"),
        ("def backward_bias(dy, db):\n    db[:] = 0.0 * db + dy.sum(axis=0) * (db < 150)\n", "what stood in it before"),
        ("def backward_bias(dy, db):\n    db.resize((1, db.size), refcheck=False)\n", "db has another shape"),
        ("def backward_bias(dy, db):\n    dy.dtype = np.int64\n    db[:] = 1\n", "dy has another dtype"),
        ("def backward_bias(dy, db):\n    db[:] = len(dy) * dy.sum(axis=0)\n", "added up over N once too often"),
        ("def backward_bias(dy, db):\n    db[3] = 0\n    db[:] = dy.sum(axis=0)\n", "IndexError.*, at N = 3"),
        ("def backward_bias(dy, db):\n    db[:] = undefined\n", r"line \d+: NameError"),
        ("def backward_bias(dy, db):\n    return dy.sum(axis=0)\n", "is returned, and not written"),
        ("def backward_bias(dy, db):\n    db[:] = np.add.reduce(dy) / 0\n", "infinity"),
        ("def backward_bias(dy, db):\n    db[:] = np.sqrt(np.add.reduce(dy))\n", "NaN"),
        ("def backward_bias(dy, db):\n    db[:] = dy.sum(axis=0)\n    dy[:] = 0\n", "changes its argument dy"),
        ("def backward_bias(dy, db):\n    db[:] = dy.sum(axis=0) + 0.25\n", r"should be .* and is .*look first at B3"),
    ],
)
def test_what_cannot_run_or_fits_no_hypothesis_is_told_with_its_place(text, told, tmp_path):
    found = dense(tmp_path, text)
    assert not found
    assert any(re.search(told, hint) for hint in found.hints), found


def test_the_rest_of_a_file_with_one_mistake_gets_its_points(tmp_path):
    found = dense(tmp_path, "def backward_kernel(dy, x, dw):\n    dw[...] = -(x.T @ dy)\n")
    assert [check.array for check in found.checks if not check.passed] == ["dw", "dw"]
    assert found.points == len(found.checks) - 2
    assert "sign" in found.hints[0]
    told = [line.split("  ")[-1] for line in repr(found).splitlines() if "WRONG" in line]
    assert told == [found.hints[0].removeprefix("backward_kernel: "), "the same"]
    assert not found.passed


def test_a_learners_printing_and_neighbouring_files_do_no_harm(tmp_path):
    (tmp_path / "mine.py").write_text("def total(dy):\n    print('here')\n    return dy.sum(axis=0)\n")
    text = "import mine\n\n\ndef backward_bias(dy, db):\n    db[:] = mine.total(dy)\n"
    assert dense(tmp_path, text)
