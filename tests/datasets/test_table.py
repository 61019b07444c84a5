"""CSV files of every make, and what is wrong in a file said with its line and column."""

import csv
import gzip
import itertools
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbanet.datasets import Table, load_csv, read_table, table
from numbanet.errors import ArgumentError, DataError, FileError

IRIS = "length,width,species\n5.1,3.5,setosa\n7,3.2,versicolor\n6.25,2,virginica\n"
ZIPPED = gzip.compress(b"a,y\n1,2\n" * 99, mtime=0)


@pytest.fixture
def file(tmp_path):
    def write(text, name="a.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def test_features_and_a_target(file):
    x, y = load_csv(file(IRIS), target="species")
    assert (x.dtype, x.flags.c_contiguous) == (np.float32, True)
    assert x.tolist() == np.float32([[5.1, 3.5], [7, 3.2], [6.25, 2]]).tolist()
    assert y.tolist() == ["setosa", "versicolor", "virginica"]


def test_without_a_target_there_is_x_alone(file):
    x = load_csv(file("a,b\n1,2\n3,4\n"))
    assert x.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("target", "features", "x", "y"),
    [
        ("c", ["b", "a"], [[2, 1], [5, 4]], [3, 6]),
        (-1, [0], [[1], [4]], [3, 6]),
        (0, None, [[2, 3], [5, 6]], [1, 4]),
        (["a", 1], None, [[3], [6]], [[1, 2], [4, 5]]),
        (["a"], ["c"], [[3], [6]], [[1], [4]]),
        (np.int64(2), ("a",), [[1], [4]], [3, 6]),
    ],
)
def test_columns_by_name_and_by_place(file, target, features, x, y):
    loaded = load_csv(file("a,b,c\n1,2,3\n4,5,6\n"), target, features)
    assert [part.tolist() for part in loaded] == [x, y]
    assert loaded[0].dtype == np.float32
    assert loaded[1].dtype == (np.float32 if isinstance(target, list) else np.int64)


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        (["3", "-4", "+5", " 6 "], np.int64, [3, -4, 5, 6]),
        (["3", "4.5"], np.float32, [3, 4.5]),
        (["1e3", "2"], np.float32, [1000, 2]),
        (["007", "x"], np.dtype("<U3"), ["007", "x"]),
        (["yes", "no"], np.dtype("<U3"), ["yes", "no"]),
        (["1_000", "2"], np.dtype("<U5"), ["1_000", "2"]),
        (["9223372036854775807", "1"], np.int64, [2**63 - 1, 1]),
        (["9223372036854775808", "1"], np.float32, [2.0**63, 1]),
    ],
)
def test_a_target_is_of_the_type_that_its_column_holds(file, cells, dtype, values):
    y = load_csv(file("x,y\n" + "".join(f"1,{cell}\n" for cell in cells)), "y")[1]
    assert y.dtype == dtype
    assert y.tolist() == values


@pytest.mark.parametrize(
    "content",
    [
        IRIS.replace("\n", "\r\n"),
        IRIS.replace("\n", "\r"),
        IRIS.rstrip("\n"),
        IRIS + "\n\n",
        "\ufeff" + IRIS,
        gzip.compress(IRIS.encode()),
        gzip.compress(("\ufeff" + IRIS.replace("\n", "\r\n")).encode()),
        IRIS.replace("\n", "\n\n"),
        IRIS.replace(",", ", "),
        IRIS.replace("species", '"species"').replace("7,", '"7",').replace("setosa", '"setosa"'),
        IRIS.replace(",", ', "', 1).replace(",species", '",species'),
    ],
    ids=[
        "CRLF",
        "CR",
        "no end of line",
        "empty lines",
        "BOM",
        "gzip",
        "gzip BOM CRLF",
        "gaps",
        "spaces",
        "quotes",
        "both",
    ],
)
def test_files_of_every_make_are_the_same_table(file, content):
    expected = load_csv(file(IRIS, "plain"), "species")
    for a, b in zip(load_csv(file(content), "species"), expected, strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", " "])
def test_other_delimiters(file, delimiter):
    path = file(IRIS.replace(",", delimiter))
    assert load_csv(path, "species", delimiter=delimiter)[0].shape == (3, 2)
    if delimiter != " ":
        with pytest.raises(ArgumentError, match=re.escape(f"Received: 'species'. Perhaps delimiter={delimiter!r}?")):
            load_csv(path, "species")


def test_quoted_cells_hold_delimiters_quotes_and_lines(file):
    read = read_table(file('"a, b","say ""it"""\n1,"two\nlines"\n2,"x, y"\nbad,z\n'))
    assert read.columns == ("a, b", 'say "it"')
    assert read[1].tolist() == ["two\nlines", "x, y", "z"]
    with pytest.raises(DataError, match=r"a.csv, line 5, column 'a, b': expected a number, received 'bad'"):
        read.features(["a, b"])


# --- which line is a header


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("1,2\n3,4\n", ("0", "1"), 2),
        ("a,b\n3,4\n", ("a", "b"), 1),
        ("a,b\nc,d\n", ("a", "b"), 1),
        ("0,1,label\n3,4,5\n", ("0", "1", "label"), 1),  # as pandas writes numbered columns
        (",a\n0,4\n", ("0", "a"), 1),  # and an index
        (" a , b\n3,4\n", ("a", "b"), 1),
        ("1e5,-2\n", ("0", "1"), 1),
    ],
)
def test_the_first_line_says_whether_it_is_a_header(file, text, columns, rows):
    read = read_table(file(text))
    assert (read.columns, len(read)) == (columns, rows)


def test_a_line_that_could_be_either_is_asked_about(file):
    path = file("5.1,3.5,setosa\n7,3.2,versicolor\n")
    with pytest.raises(DataError, match=r"line 1: has numbers and texts.*Say header=True or header=False"):
        load_csv(path, -1)
    x, y = load_csv(path, -1, header=False)
    assert (x.shape, y.tolist()) == ((2, 2), ["setosa", "versicolor"])
    x, y = load_csv(path, "setosa", header=True)
    assert (x.shape, y.tolist()) == ((1, 2), ["versicolor"])


# --- what is refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,y\n1,2\n,3\n", r"line 3, column 'a': expected a number, received an empty cell"),
        ("a,y\n1,2\n\n \n", r"line 4: expected 2 cells, as above, received 1"),
        ("a,y\n1,2\nnan,3\n", r"line 3, column 'a': expected a finite number that float32 holds, received 'nan'"),
        ("a,y\n1,2\n-inf,3\n", r"line 3, column 'a': .*received '-inf'"),
        ("a,y\n1,2\n1e39,3\n", r"line 3, column 'a': .*received '1e\+39'"),
        ("a,y\n1,2\nx,3\n4,5\n", r"line 3, column 'a': expected a number, received 'x'"),
        ("a,y\n1,2\n1_0,3\n", r"line 3, column 'a': expected a number, received '1_0'"),
        ("a,y\n1,2\n3,nan\n", r"line 3, column 'y': expected a finite number, received 'nan'"),
        ("a,y\n1,2.5\n3,1e39\n", r"line 3, column 'y': .*float32 holds, received '1e\+39'"),
        ("a,y\n1,\n3,4\n", r"line 2, column 'y': expected a value, received an empty cell"),
        ("a,y\n1,2\n3\n", r"line 3: expected 2 cells, as above, received 1"),
        ("a,y\n1,2\n3,4,5\n", r"line 3: expected 2 cells, as above, received 3"),
        ("a,y\n", "expected rows below its header, received none"),
        ("", "expected rows, received an empty file"),
        ("\n\n", "expected rows, received an empty file"),
        ("a,a\n1,2\n", "line 1: expected each column's name once, received 'a' twice"),
        ('a,y\n1,2\n"3,4\n', "line 3: unexpected end of data. Is its quoting right"),
        ('a,y\n1,2\n"3"x,4\n', "line 3: .*Is its quoting right"),
        (b"a,y\n1,\xff\n", "expected text in UTF-8"),
        ("a,y\n1,2\n".encode("utf-16"), "expected text in UTF-8"),
        (ZIPPED[:-9], "a damaged gzip file"),
        (ZIPPED[:-8] + bytes(8), "a damaged gzip file"),
        (ZIPPED[:12] + b"\xff" * 30, "(a damaged gzip file|UTF-8)"),
    ],
    ids=itertools.count(),
)
def test_what_is_wrong_is_said_with_its_line_and_column(file, text, words):
    with pytest.raises(DataError, match=rf"a\.csv[,:] .*{words}"):
        load_csv(file(text), "y")


def test_columns_that_nobody_uses_may_hold_anything(file):
    x, y = load_csv(file("id,name,a,y\n1,,2,0\n2,nan,3,1\nx,Bob,4,0\n"), "y", ["a"])
    assert (x.tolist(), y.tolist()) == ([[2], [3], [4]], [0, 1, 0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"target": "Species "},
            r"expected one of its columns length, width, species. Received: 'Species '. Did you mean",
        ),
        ({"target": 3}, r"Received: 3\.$"),
        ({"target": -4}, r"Received: -4\.$"),
        ({"target": True}, r"Received: True\.$"),
        ({"target": "species", "features": ["lenght"]}, r"Received: 'lenght'\. Did you mean 'length'\?"),
        ({"target": "species", "features": "length"}, "features must be a list of columns"),
        ({"target": "species", "features": []}, "one feature or more"),
        ({"target": "width", "features": ["width", "length"]}, "each column once"),
        ({"target": ["width", 1]}, "each column once"),
        ({"delimiter": ""}, "delimiter must be one character"),
        ({"delimiter": '"'}, "delimiter must be one character"),
        ({"delimiter": "::"}, "delimiter must be one character"),
        ({"header": "yes"}, "header must be True, False or None"),
    ],
)
def test_arguments_that_do_not_fit_the_file(file, options, words):
    with pytest.raises(ArgumentError, match=words):
        load_csv(file(IRIS), **options)


def test_a_table_of_many_columns_names_some(file):
    path = file(",".join(f"c{k}" for k in range(99)) + "\n" + ",".join("1" * 99) + "\n")
    with pytest.raises(ArgumentError, match=r"c0, .*c39, \.\.\.\. Received: 'd'\.$"):
        load_csv(path, "d")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileError, match=r"no\.csv: cannot be read: No such file"):
        load_csv(tmp_path / "no.csv", "y")
    with pytest.raises(FileError, match="cannot be read"):
        load_csv(tmp_path, "y")
    with pytest.raises(ArgumentError, match="path must be"):
        load_csv(3, "y")


# --- a table


def test_a_column_is_an_array_of_ones_own(file):
    read = read_table(file(IRIS))
    assert isinstance(read, Table)
    assert (read.columns, len(read)) == (("length", "width", "species"), 3)
    assert read["width"].dtype == np.float64
    read["width"][0] = 9
    assert read[1].tolist() == [3.5, 3.2, 2]


@pytest.mark.parametrize("at", [0, 1, 9, 10, 11, 29])
def test_a_text_among_numbers_is_found_in_any_block(file, monkeypatch, at):
    # and the numbers before and after it stay as the file has them
    monkeypatch.setattr(table, "BLOCK", 10)
    cells = [f"0{k}" for k in range(30)]
    cells[at] = "x"
    path = file("a,b\n" + "".join(f"{cell},{k}\n" for k, cell in enumerate(cells)))
    assert read_table(path)["a"].tolist() == cells
    assert read_table(path)["b"].tolist() == list(range(30))
    with pytest.raises(DataError, match=f"line {at + 2}, column 'a': expected a number, received 'x'"):
        load_csv(path, "b")


def test_whole_numbers_become_floats_where_a_later_block_has_one(file, monkeypatch):
    monkeypatch.setattr(table, "BLOCK", 2)
    values = read_table(file("a\n1\n2\n3\n4.5\n"))["a"]
    assert (values.dtype, values.tolist()) == (np.float64, [1, 2, 3, 4.5])


CELLS = (
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=8).map(str.strip).filter(bool)
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(CELLS, st.integers(-(2**63), 2**63 - 1), st.floats(-3e38, 3e38)), min_size=1, max_size=9))
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["text", "whole", "real"], *rows])
    read = read_table(path)
    texts, whole, real = zip(*rows, strict=True)
    assert read["whole"].tolist() == list(whole)
    assert read["real"].tolist() == list(real)
    assert np.array_equal(read.features(["real"])[:, 0], np.array(real, np.float32))
    if not all(map(_is_number, texts)):
        assert read["text"].tolist() == list(texts)


def _is_number(text):
    try:
        return "_" not in text and bool(float(text) or True)
    except ValueError:
        return False


@pytest.mark.nightly
def test_a_hundred_thousand_rows_take_less_than_two_seconds(tmp_path):
    values = np.random.default_rng(0).normal(size=(100_000, 20))
    lines = (",".join(map(repr, row)) for row in values.tolist())
    (tmp_path / "a.csv").write_text("\n".join(itertools.chain([",".join(f"c{k}" for k in range(20))], lines)))
    start = time.process_time()
    x, y = load_csv(tmp_path / "a.csv", "c19")
    assert time.process_time() - start < 2
    assert np.array_equal(np.column_stack([x, y]), values.astype(np.float32))
