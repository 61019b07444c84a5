"""Random graphs compute the same after their import, or are refused."""

import collections

import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from tests.io.onnx.random_graphs import outcome


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 30), pytest.param(30, 400, marks=pytest.mark.slow), pytest.param(400, 10000, marks=pytest.mark.nightly)],
)
def test_random_graphs_compute_what_onnxruntime_does(first, last):
    found = collections.Counter(map(outcome, range(first, last)))
    assert found["different"] == 0
    assert found["same"] > (last - first) / 2
