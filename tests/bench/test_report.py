"""What was found as page, tables and picture: nothing is missing, and no name can do harm."""

import json
import math
import re
import struct
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from numbanet.bench import machine, report
from numbanet.bench.report import columns, series, text
from numbanet.bench.report.page import page
from numbanet.bench.report.picture import write_picture
from numbanet.bench.report.points import plot_data
from numbanet.bench.results import Ladder, Level, Results, Roof
from numbanet.errors import ArgumentError, FileError, MissingDependency
from numbanet.pages import script_json

from . import samples

HOSTILE = "</script><img src=x onerror=alert(1)><!-- | `$a^ $data"


class Page(HTMLParser):
    """The rows of each table, what stands in the scripts, and all tags with their attributes."""

    def __init__(self, document):
        super().__init__()
        self.tables, self.scripts, self.tags, self._in = {}, {}, [], None
        self.feed(document)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag == "table":
            self._rows = self.tables[attributes["id"].removeprefix("table-")] = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
        self._in = tag if tag in ("td", "button", "script") else self._in
        if tag == "script":
            self._script = attributes.get("id", "")

    def handle_endtag(self, tag):
        self._in = None

    def handle_data(self, data):
        if self._in in ("td", "button") and self.tables and self._rows:
            self._rows[-1][-1] += data
        elif self._in == "script":
            self.scripts[self._script] = self.scripts.get(self._script, "") + data


@pytest.fixture
def results():
    found = samples.results()
    found.kernels.insert(3, samples.refused_row())
    return found


@pytest.fixture
def hostile():
    """The same words wherever a name may come from outside."""
    timed = samples.kernel_rows()[0]
    rungs = tuple(replace(rung, name=HOSTILE, why=HOSTILE, code=HOSTILE) for rung in samples.ladder("dense", 1e8).rungs)
    return Results(
        date=HOSTILE,
        commands=[HOSTILE],
        machine={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
        roofs=[replace(samples.ROOFS[0], device=HOSTILE)],
        kernels=[
            samples.refused_row(HOSTILE, HOSTILE),
            replace(timed, device=HOSTILE, size=HOSTILE),
        ],
        ladders=[Ladder(HOSTILE, HOSTILE, "float32", rungs)],
        training=[replace(samples.step_rows()[0], model=HOSTILE)],
        notes=[HOSTILE],
    )


def parsed(markdown):
    """The tables of a Markdown document: lists of rows of cells."""
    tables, rows = [], []
    for line in [*markdown.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            tables.append(rows)
            rows = []
    return tables


def test_every_row_is_on_the_page(results):
    found = Page(page(results))
    rows = found.tables["kernels"]
    assert rows[0] == columns.head(columns.KERNELS)
    timed = [row for row in results.kernels if not row.refused]
    assert rows[1:] == [columns.cells(columns.KERNELS, row) for row in timed]
    assert len(timed) == 63
    assert [row[-1] for row in found.tables["refused-kernels"][1:]] == [results.kernels[3].refused]
    assert len(found.tables["training"]) == 1 + len(results.training)
    assert len(found.tables["roofs"]) == 1 + len(results.roofs)
    data = json.loads(found.scripts["data"])
    assert [point["name"] for point in data["kernels"]] == [row.name for row in timed]
    assert sum(len(model["points"]) for model in data["training"]) == len(results.training)


def test_the_page_shows_ladders_commands_machine_and_notes(results):
    document = page(results)
    for ladder in results.ladders:
        for rung in ladder.rungs:
            assert all(line in document for line in rung.why.replace("'", "&#x27;").split("\n"))
            assert rung.code.strip().splitlines()[0] in document
    for words in [*results.commands, *results.notes, *results.machine.values(), results.date, "numba 0.68.1"]:
        assert words in document


def test_a_note_stands_by_the_plot_of_the_model_that_it_names_first(results):
    results.notes = ["mlp: as fast", "mlp_wide: faster", "on cuda mlp is not tried"]
    document = page(results)
    assert [document.count(f'<p class="note">{note}</p>') for note in results.notes] == [1, 0, 0]
    assert all(f"<li>{note}</li>" in document for note in results.notes)


def test_what_is_unknown_is_left_out(results):
    row = replace(results.kernels[0], device="cuda", threads=0, launch_us=None, compile_s=0.0, loaded=False, bound="")
    cells = dict(zip(columns.head(columns.KERNELS), columns.cells(columns.KERNELS, row), strict=True))
    assert [cells[title] for title in ("threads", "launch us", "compile s", "share")] == [""] * 4
    assert columns.cells(columns.KERNELS, replace(row, loaded=True))[-2] == "loaded"


def test_the_page_asks_no_one_for_anything(results):
    found = Page(page(results))
    assert not [tag for tag, attributes in found.tags if {"src", "href"} & set(attributes) or tag in ("link", "iframe")]
    assert not re.search(r"@import|url\(|https?://(?!www\.w3\.org/2000/svg)", page(results))
    policy = next(a["content"] for t, a in found.tags if t == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_hostile_names_are_words_on_the_page(results, hostile):
    found = Page(page(hostile))
    kinds = {tag for tag, _ in Page(page(results)).tags}
    assert {tag for tag, _ in found.tags} <= kinds
    assert not [attributes for _, attributes in found.tags if "onerror" in attributes]
    assert found.tables["kernels"][1][1:3] == [HOSTILE, HOSTILE]
    assert json.loads(found.scripts["data"])["series"][0]["label"] == f"{HOSTILE}, 1 thread"


def test_json_in_a_script_opens_and_ends_no_element():
    text = script_json({"a": [HOSTILE]})
    assert "<" not in text
    assert json.loads(text) == {"a": [HOSTILE]}


@pytest.mark.parametrize("which", ["results", "hostile"])
def test_tables_of_markdown_parse(which, request):
    results = request.getfixturevalue(which)
    tables = parsed(text.markdown(results))
    assert all(len(row) == len(table[0]) for table in tables for row in table)
    refused, roofs, kernels, *ladders, training = tables
    assert [len(refused), len(roofs), len(training)] == [3, 2 + len(results.roofs), 2 + len(results.training)]
    assert len(kernels) == 2 + len([row for row in results.kernels if not row.refused])
    assert [len(ladder) for ladder in ladders] == [2 + len(ladder.rungs) for ladder in results.ladders]
    words = [line for line in text.markdown(results).splitlines() if not line.startswith("    ")]  # those are code
    assert not re.search(r"(?<!\\)<", "\n".join(words))


def test_numbers_of_a_table_are_those_of_the_row(results):
    row = results.kernels[0]
    cells = dict(zip(columns.head(columns.KERNELS), columns.cells(columns.KERNELS, row), strict=True))
    assert cells["kernel"] == "dense.forward"
    assert float(cells["median us"].replace(",", "")) == pytest.approx(row.time.median, rel=5e-3)
    assert float(cells["GFLOP/s"]) == pytest.approx(row.gflops, rel=5e-3)
    assert float(cells["share"].strip(" %")) == pytest.approx(100 * row.share, abs=0.5)
    assert float(cells["error"]) == pytest.approx(row.error, rel=5e-3)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *[(0.0, "0"), (12.345, "12.3"), (0.0123, "0.0123"), (123.4, "123"), (999.6, "1,000"), (1234.5, "1,234")],
        *[(56789.0, "56,790"), (1.25e-7, "1.25e-07"), (3.2e12, "3.20e+12"), (math.inf, "inf"), (9.996, "10.0")],
    ],
)
def test_figures_have_three_or_four_digits(value, words):
    assert columns.figure(value) == words


def test_speed_ups_are_those_of_rates():
    steps = columns.climb(samples.ladder("dense", 1e8))
    assert steps[0].over_before is None
    assert steps[1].over_before == pytest.approx(1.42 / 0.0031), "though the first has a smaller size"
    assert steps[3].over_first == pytest.approx(176 / 0.0031)


def test_caches_are_the_levels_that_are_faster_than_the_next():
    levels = tuple(map(Level, (16e3, 32e3, 1e6, 64e6, 128e6), (300.0, 310.0, 90.0, 15.0, 14.0)))
    roof = Roof("cpu", 1, "float32", 200.0, levels, 0.3)
    assert columns.caches(roof) == [(32e3, 310.0), (1e6, 90.0)]
    assert columns.cells(columns.ROOFS, roof)[-1] == "310 to 31.2 KiB, 90.0 to 977 KiB"


def test_colours_and_labels_tell_series_apart(results):
    found = series.all_series(results)
    assert [s.label for s in found] == ["cpu, 1 thread", "cpu, 2 threads", "cuda"]
    assert [s.color for s in found] == [0, 1, 2]
    results.kernels.append(replace(results.kernels[0], dtype="float64"))
    assert series.all_series(results)[-1].label == "cpu, 1 thread, float64"
    assert series.family("lstm") == "recurrent"
    assert series.family("relu") == "other"


def test_of_limits_that_were_measured_twice_the_first_are_drawn_and_all_are_in_the_table(results):
    results.roofs.append(replace(results.roofs[0], gflops=1.0))
    assert [roof["gflops"] for roof in plot_data(results)["roofs"]] == [233.4, 448.4, 58_900.0]
    assert len(Page(page(results)).tables["roofs"]) == 5


def test_a_row_whose_numbers_are_not_finite_is_in_the_table_and_no_point(results):
    results.kernels = [replace(results.kernels[0], error=math.nan, time=samples.timing(math.inf, 0.0))]
    results.kernels[0] = replace(results.kernels[0], time=samples.timing(math.inf))
    assert plot_data(results)["kernels"] == []
    assert len(Page(page(results)).tables["kernels"]) == 2


def test_the_picture_is_1600_by_900(results, hostile, tmp_path):
    pytest.importorskip("matplotlib")
    for name, found in [("full", results), ("hostile", hostile), ("empty", Results())]:
        path = tmp_path / f"{name}.png"
        report.write(found, path)
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">2I", content[16:24]) == (1600, 900)


def test_a_picture_needs_matplotlib(tmp_path, monkeypatch):
    for module in ("matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependency, match="numbanet\\[plot\\]"):
        report.expect_kind("a.png")  # before anything is measured
    with pytest.raises(MissingDependency, match="numbanet\\[plot\\]"):
        write_picture(Results(), tmp_path / "a.png")
    report.expect_kind("a.md")


def test_the_ending_chooses_the_kind(results, tmp_path):
    report.write(results, tmp_path / "a.html")
    report.write(results, str(tmp_path / "a.md"))
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "a.md").read_text() == text.markdown(results)
    with pytest.raises(ArgumentError, match=r"must end in \.html, \.md, \.png\. Received: .*a\.pdf"):
        report.write(results, tmp_path / "a.pdf")
    with pytest.raises(FileError, match="cannot be written"):
        report.write(results, tmp_path / "no folder" / "a.md")


def test_nothing_found_is_a_page_and_a_document():
    assert "Nothing was measured." in page(Results())
    assert text.markdown(Results()).startswith("# numbanet bench")


def test_machine_and_versions_in_a_line():
    facts = machine.machine_facts()
    assert machine.machine().startswith(f"{facts['cores']} cores of ")
    assert all(value in machine.machine() for value in facts.values())
    assert machine.library_versions()["numpy"] in machine.versions()
