"""The onnx package's own node tests: the table says of each test for our operators what becomes of it."""

import pytest

onnx = pytest.importorskip("onnx")

from tests.io.onnx import node_tests  # noqa: E402 - it needs onnx


@pytest.mark.compiled
@pytest.mark.slow  # the package takes ten seconds to draw the tests' numbers
def test_node_tests_pass_or_are_refused_exactly_as_the_table_says():
    version, table = node_tests.read_table()
    found = node_tests.outcomes()
    if version == onnx.__version__:
        assert set(found) == set(table)
    differences = {name: (found[name], table[name]) for name in found if table.get(name, found[name]) != found[name]}
    assert differences == {}


def test_at_least_120_node_tests_pass_that_compute_something():
    _, table = node_tests.read_table()
    passing = [name for name, found in table.items() if found == node_tests.PASSES]
    assert len([name for name in passing if "_expanded" not in name]) >= 150
    assert len(passing) >= 180


@pytest.mark.slow
def test_no_operator_is_left_out_of_the_table():
    _, table = node_tests.read_table()
    for operator in node_tests.OPERATORS:
        names = {name for name, case in node_tests.cases().items() if case.model.graph.node[0].op_type == operator}
        assert names & set(table), operator
    assert "WRONG" not in table.values()
