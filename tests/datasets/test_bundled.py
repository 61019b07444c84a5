import tomllib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import numbanet
from numbanet import datasets


def test_digits():
    x, y = datasets.load_digits()
    assert (x.shape, x.dtype) == ((1797, 64), np.float32)
    assert (y.shape, y.dtype) == ((1797,), np.int64)
    assert (x.min(), x.max()) == (0, 1)
    assert np.array_equal(x * 16, np.round(x * 16)), "sixteenths, exactly"
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert y[:10].tolist() == list(range(10))
    assert x.flags.c_contiguous
    assert y.flags.c_contiguous


def test_digits_are_the_digits():
    # the nearest mean of the first half tells the digits of the second half apart
    x, y = datasets.load_digits()
    means = np.stack([x[:900][y[:900] == k].mean(0) for k in range(10)])
    guesses = ((x[900:, None] - means) ** 2).sum(2).argmin(1)
    assert np.mean(guesses == y[900:]) > 0.85


def test_sunspots():
    years, numbers = datasets.load_sunspots()
    assert (years.shape, years.dtype) == ((309,), np.int64)
    assert (numbers.shape, numbers.dtype) == ((309,), np.float32)
    assert np.array_equal(years, np.arange(1700, 2009))
    tenths = np.round(numbers.astype(np.float64) * 10).astype(int)
    assert np.array_equal(numbers, (tenths / 10).astype(np.float32)), "tenths"
    # these years are the same in R's sunspot.year (H. Tong, Non-linear Time Series, 1996)
    assert tenths[:10].tolist() == [50, 110, 160, 230, 360, 580, 290, 200, 100, 80]
    assert tenths[250:260].tolist() == [839, 694, 315, 139, 44, 380, 1417, 1902, 1848, 1590]
    assert (numbers.min(), years[numbers.argmax()]) == (0, 1957)
    assert tenths.sum() == 153734


def test_sunspots_go_around_in_eleven_years():
    _, numbers = datasets.load_sunspots()
    swing = numbers.astype(np.float64) - numbers.mean()
    likeness = [swing[lag:] @ swing[:-lag] for lag in range(5, 20)]
    assert 5 + int(np.argmax(likeness)) in (10, 11)


def test_each_call_gives_arrays_of_its_own():
    x, y = datasets.load_digits()
    x[...], y[...] = 7, 7
    assert datasets.load_digits()[0].max() == 1
    assert datasets.load_digits()[1].max() == 9
    datasets.load_sunspots()[1][...] = 7
    assert datasets.load_sunspots()[1].min() == 0


@pytest.mark.parametrize(
    ("name", "source", "licence"),
    [("digits", "Alpaydin", "CC BY 4.0"), ("sunspots", "National Geophysical Data Center", "public domain")],
)
def test_the_licence_comes_with_the_data(name, source, licence):
    text = (resources.files("numbanet.datasets") / f"{name}.md").read_text()
    assert source in " ".join(text.split())
    assert licence in text


def test_all_files_are_packaged():
    project = tomllib.loads((Path(numbanet.__file__).parents[1] / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["numbanet"]
    files = [f for f in Path(datasets.__file__).parent.iterdir() if f.is_file() and f.suffix != ".py"]
    assert len(files) >= 4
    for file in files:
        assert any(file.match(pattern) for pattern in patterns), file
