"""What a notebook shows of a report: the verdict in one line."""

import pytest

from tests.teach.mistakes import _Middle, _NoBiasGradient, _SumOfLosses, check, model, wrong


@pytest.mark.parametrize("middle", [_Middle(), _NoBiasGradient()], ids=["right", "wrong"])
def test_a_report_shows_its_verdict(middle):
    report = check(model(middle))
    assert bool(report) == (not wrong(report))
    expected = "all gradients are right" if report else "WRONG: middle/bias"
    assert repr(report) == f"Report({expected})"
    assert "elements" in str(report), "the table is str's"


def test_a_report_names_all_that_is_wrong():
    report = check(model(_Middle(), _SumOfLosses()))
    names = [row.name for row in report.rows]
    assert len(names) > 1
    assert wrong(report) == set(names)
    assert repr(report) == f"Report(WRONG: {', '.join(names)})"
