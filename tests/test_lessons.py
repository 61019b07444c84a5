"""Every lesson runs offline within a minute, and says the same in English and Korean: its code is equal.

The minute is of all threads' own time: what other programs do meanwhile does not count. Lessons that take longer than 3
seconds run among the slow tests.
"""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from numbanet.teach.exercises import exercises, museum

LESSONS = Path(__file__).parent.parent / "examples" / "lessons"
ENGLISH = sorted((LESSONS / "en").glob("*.py"))
KOREAN = sorted((LESSONS / "ko").glob("*.py"))
QUICK = ("01_perceptron", "03_backpropagation_by_hand")
SAYS = {  # what a lesson finds
    "01_perceptron": ("the same numbers", "XOR: mistakes in each pass: 3 3 4 4", "no end after 30 passes"),
    "02_xor_hidden_layer": ("XOR is learned", "loss 0.6931; guessing has log 2 = 0.6931"),
    "03_backpropagation_by_hand": ("- the same numbers", "hidden/kernel         4 "),
    "04_batch_stochastic_minibatch": ("stochastic (1)      28000",),
    "05_learning_rate": ("+1.464 -1.611 +1.772", "32 of 32", "TOO SLOW", "try learning_rate="),
    "06_activations_vanishing_gradients": ("largest 0.25", "FAR APART: 'output/kernel'"),
}
CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)
HANGUL = re.compile("[가-힣]")
MARKDOWN = " [markdown]"


def cells(path):
    """[(what stands behind "# %%", text)] of a script; what stands before the first cell is text of a cell None."""
    first, *rest = CELL.split(path.read_text(encoding="utf-8"))
    return [(None, first), *zip(rest[::2], rest[1::2], strict=True)]


def code(path):
    return [text.strip() for kind, text in cells(path) if kind == ""]


def prose(path):
    """The text of the markdown cells, without what marks it as a comment."""
    return ["\n".join(line[2:] for line in text.strip().split("\n")) for kind, text in cells(path) if kind == MARKDOWN]


def names(path):
    return path.stem


def test_the_languages_have_the_same_lessons():
    assert len(ENGLISH) > 1
    assert [path.name for path in ENGLISH] == [path.name for path in KOREAN]
    assert all(re.fullmatch(r"\d\d(_[a-z0-9]+)+", path.stem) for path in ENGLISH)
    assert [int(path.stem[:2]) for path in ENGLISH] == list(range(1, len(ENGLISH) + 1))


@pytest.mark.parametrize("path", ENGLISH, ids=names)
def test_the_code_is_the_same_in_both_languages(path):
    korean = LESSONS / "ko" / path.name
    assert code(path) == code(korean)
    assert [kind for kind, _ in cells(path)] == [kind for kind, _ in cells(korean)], "cells in another order"


@pytest.mark.parametrize("path", [*ENGLISH, *KOREAN], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_percent_format_is_well_formed(path):
    (_, before), *parts = cells(path)
    assert not before.strip(), "text before the first cell"
    assert {kind for kind, _ in parts} == {"", MARKDOWN}
    assert parts[0][0] == MARKDOWN
    for kind, text in parts:
        assert text.strip(), "an empty cell"
        if kind == MARKDOWN:
            assert all(line == "#" or line.startswith("# ") for line in text.strip().split("\n")), text
    first, *others = prose(path)
    assert re.match(rf"# {path.stem[:2]}\b", first), "the first cell begins with number and title"
    assert not any(text.startswith("# ") for text in others), "one title"
    for text in (first, *others):
        assert text.count("$$") % 2 == 0
        assert text.replace("$$", "").count("$") % 2 == 0, f"a formula that does not end: {text}"


@pytest.mark.parametrize("path", ENGLISH, ids=names)
def test_the_korean_text_is_korean(path):
    english, korean = prose(path), prose(LESSONS / "ko" / path.name)
    assert not HANGUL.search("\n".join([*english, *code(path)]))
    for ours, theirs in zip(korean, english, strict=True):
        assert HANGUL.search(ours), f"not translated: {ours}"
        assert re.findall(r"nn\.teach\.\w+\(\"\w+\"\)", ours) == re.findall(r"nn\.teach\.\w+\(\"\w+\"\)", theirs)
        assert sorted(re.findall(r"\$\$.*?\$\$", ours, re.S)) == sorted(re.findall(r"\$\$.*?\$\$", theirs, re.S))


@pytest.mark.parametrize("path", ENGLISH, ids=names)
def test_the_exercises_that_it_names_are_there(path):
    text = "\n".join(prose(path))
    assert set(re.findall(r"nn\.teach\.exercise\(\"(\w+)\"\)", text)) <= set(exercises())
    assert set(re.findall(r"nn\.teach\.exhibit\(\"(\w+)\"\)", text)) <= set(museum())
    assert "nn.teach.ex" in text, "an exercise or an exhibit at the end"


@pytest.mark.compiled
@pytest.mark.parametrize(
    "path", [p if p.stem in QUICK else pytest.param(p, marks=pytest.mark.slow) for p in ENGLISH], ids=names
)
def test_it_runs(path, tmp_path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    surroundings = os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}
    surroundings["PYTHONPATH"] = os.pathsep.join(filter(None, [str(LESSONS.parents[1]), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", str(path)],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 60
    assert len(done.stdout.splitlines()) > 10
    assert not re.search("WRONG|OTHER NUMBERS", done.stdout)
    assert all(words in done.stdout for words in SAYS.get(path.stem, ()))
    named = set(re.findall(r"\S+\.png", done.stdout))
    assert named == {file.name for file in tmp_path.glob("*.png")}, "the pictures that it names"
    for picture in named:
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("path", [*ENGLISH, *KOREAN], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_it_becomes_a_notebook(path):
    jupytext = pytest.importorskip("jupytext")
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    _, *parts = cells(path)
    kinds = ["code" if kind == "" else "markdown" for kind, _ in parts]
    assert [cell.cell_type for cell in notebook.cells] == kinds
    assert [cell.source for cell in notebook.cells if cell.cell_type == "code"] == code(path)
