"""What pages share, and the files of each: named, short and packaged."""

import json
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

import numbanet
from numbanet import pages
from numbanet.bench import report
from numbanet.teach import page

HOSTILE = "</script></style></title><img src=x onerror=alert(1)><!-- $data"
FOLDERS = {
    "pages": {"theme.js", *pages.SCRIPTS},
    "bench/report": set(report.page.SCRIPTS),
    "teach/page": set(page.SCRIPTS),
}


class Tags(HTMLParser):
    """The elements of a document, and the texts in some of them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._in = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._in = dict(attributes).get("id", tag)

    def handle_data(self, data):
        self.texts[self._in] = self.texts.get(self._in, "") + data


def test_words_and_data_open_and_end_no_element():
    found = Tags(pages.document(HOSTILE, "<p>body</p>", "p { color: red }", ["use(trace);"], {"name": HOSTILE}))
    assert " ".join(found.tags) == "html head meta meta meta meta title style script body p div script script"
    assert found.texts["title"].strip() == HOSTILE
    assert json.loads(found.texts["data"]) == {"name": HOSTILE}


def test_a_policy_forbids_whatever_is_not_in_the_page():
    text = pages.document("a", "", "", [], None)
    policy = re.search(r'Content-Security-Policy"\s+content="([^"]*)"', text)[1]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_script_is_named_and_short(folder):
    files = [f for f in (Path(numbanet.__file__).parent / folder).iterdir() if f.suffix in (".js", ".css", ".html")]
    assert {file.name for file in files if file.suffix == ".js"} == FOLDERS[folder]
    assert all(len(file.read_text().splitlines()) < 400 for file in files)
    assert all(max(map(len, file.read_text().splitlines())) <= 120 for file in files)


@pytest.mark.parametrize("folder", FOLDERS)
def test_all_files_are_packaged(folder):
    package = Path(numbanet.__file__).parent
    project = tomllib.loads((package.parent / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["numbanet"]
    for file in (package / folder).iterdir():
        if file.is_file() and file.suffix != ".py":
            assert any(file.relative_to(package).match(pattern) for pattern in patterns), file
