"""The book in docs/: nothing is missing in it, its code is run, it builds without a warning, and needs no network."""

import html
import importlib
import importlib.util
import inspect
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import numbanet as nn
from numbanet.teach.explaining.contract import contract, operations

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
# beside them nothing: a block of `python` would be shown, and never run
RUN = {"{testcode}", "{testoutput}"}
OTHER = {"c", "sh", "{contract}", "{eval-rst}", "{include}", "{lessons}", "{toctree}", "toml"}


def name(path):
    return path.relative_to(DOCS).with_suffix("").as_posix()


def blocks(path, kind):
    return re.findall(rf"^```{re.escape(kind)} ?(.*?)\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


def public_names():
    """Of the package and of the modules in it: all that is in __all__, or defined there without an underscore."""
    for entry in nn.__all__:
        value = getattr(nn, entry)
        if not isinstance(value, types.ModuleType):
            yield f"numbanet.{entry}"
            continue
        own = getattr(value, "__all__", None) or [
            key
            for key, it in vars(value).items()
            if not key.startswith("_") and getattr(it, "__module__", "") == value.__name__
        ]
        yield from (f"{value.__name__}.{key}" for key in own)


def load(extension):
    """A module of docs/_extensions, without its folder on the path."""
    spec = importlib.util.spec_from_file_location(f"book_{extension}", DOCS / "_extensions" / f"{extension}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_in_one_table_of_contents():
    found = []
    for path in PAGES:
        for _, body in blocks(path, "{toctree}"):
            entries = [line for line in body.splitlines() if line and not line.startswith(":")]
            found += [(path.parent / entry).relative_to(DOCS).as_posix() for entry in entries]
    assert sorted(found) == sorted(name(path) for path in PAGES if name(path) != "index")


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_has_no_code_that_nobody_runs(path):
    kinds = set(re.findall(r"^```(\S+)", path.read_text(), re.MULTILINE))
    assert kinds <= RUN | OTHER


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_the_code_of_a_page_is_python(path):
    for _, code in blocks(path, "{testcode}"):
        compile(re.sub(r"\A(:\w+:.*\n)+", "", code), name(path), "exec")


def test_every_operation_has_its_equations_on_one_page():
    found = [operation for path in PAGES for operation, _ in blocks(path, "{contract}")]
    assert sorted(found) == operations()


def test_every_public_name_is_on_a_page_of_the_reference():
    whole, single, module = set(), [], ""
    for path in (DOCS / "reference").glob("*.md"):
        for directive, argument in re.findall(r"^\.\. (\w+):: (\S+)$", path.read_text(), re.MULTILINE):
            if directive == "currentmodule":
                module = argument
            elif directive == "automodule":
                whole.add(argument)
            else:
                single.append(argument if argument.startswith("numbanet.") else f"{module}.{argument}")
    assert len(single) == len(set(single))
    assert {entry for entry in public_names() if entry.rpartition(".")[0] not in whole} <= set(single)


def test_a_docstring_becomes_text_a_list_and_code():
    lines = load("docstrings").restructured(
        """One*two |w| and `code`, by numbanet.kernels.dense.

units: how many,
    and more. See numbanet.kernels.nothing.
use_bias, name: as in Keras.

    x = 1
""".splitlines()
    )
    assert lines == [
        r"One\*two \|w\| and ``code``, by :ref:`numbanet.kernels.dense <equations-dense>`.",
        "",
        "- ``units``: how many,",
        r"  and more. See numbanet.kernels.nothing.",
        "",
        "- ``use_bias, name``: as in Keras.",
        "",
        "::",
        "",
        "       x = 1",
        "",
    ]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The built pages by name; a warning is an error."""
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_parser")
    pytest.importorskip("furo")
    folder = tmp_path_factory.mktemp("book")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder, {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.html")}


@pytest.mark.slow
def test_the_book_has_every_public_name(book):
    anchors = set(re.findall(r'id="(numbanet\.[\w.]+)"', "".join(book[1].values())))
    assert set(public_names()) <= anchors


@pytest.mark.slow
@pytest.mark.parametrize("operation", operations())
def test_the_book_has_the_equations_and_the_loop(book, operation):
    page = next(text for text in book[1].values() if f'id="equations-{operation}"' in text)
    for paragraph in contract(operation).paragraphs:
        for block in paragraph.blocks:
            if block.equation:
                place = page.index(f'id="equations-{operation}-{block.equation.label}"')
                assert page.index("<math", place) < page.index("</math>", place)
    loop = inspect.getsource(importlib.import_module(f"numbanet.kernels.{operation}.reference"))
    assert loop.rstrip() in html.unescape(re.sub(r"<[^>]*>", "", page))


@pytest.mark.slow
def test_the_book_needs_no_network(book):
    folder, pages = book
    for where, text in pages.items():
        for tag in re.findall(r"<(?:script|link|img|iframe|source|object|embed)\b[^>]*>", text):
            assert not re.search(r"""(?:src|href|data)=["'](?:https?:)?//""", tag), (where, tag)
    for path in folder.rglob("*.css"):
        assert not re.search(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""", path.read_text()), path


@pytest.mark.slow
def test_every_lesson_is_in_the_book(book):
    lessons = DOCS.parent / "examples" / "lessons"
    page = book[1]["how-to/exercises_and_lessons.html"]
    for path in lessons.glob("*/[0-9]*.py"):
        title = re.search(r"^# # (.+)", path.read_text(encoding="utf-8"), re.MULTILINE)[1]
        assert html.escape(title) in page, path
