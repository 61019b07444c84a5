"""The plan on paper, and the page that quotes it."""

from pathlib import Path

import pytest

from numbanet.distributed import plan
from numbanet.distributed.plan import Job, Link, efficiency, exchange, step

JOB, LINK = Job("a network", 4e-3, 1e-3, 2.0**21), Link(8, 1e-5)  # 2 MiB, 1 GB a second


def test_one_rank_computes_all_shards_and_sends_nothing():
    assert exchange(JOB, LINK, 1) == 0
    assert step(JOB, LINK, 16, 1) == pytest.approx(16 * 4e-3 + 1e-3)
    assert efficiency(JOB, LINK, 16, 1) == 1


def test_two_ranks_send_half_of_the_gradient_twice():
    sent = exchange(JOB, LINK, 2)
    assert sent == pytest.approx(2 * (2**20 / 1e9 + 2 * plan.OVERHEAD + 1e-5) + 2**21 / plan.ADDITIONS)
    hidden = sent / 2  # of two blocks the first
    assert step(JOB, LINK, 16, 2) == pytest.approx(8 * 4e-3 + 1e-3 + sent - hidden + 1e-5)


def test_more_ranks_are_worth_less_each():
    shares = [efficiency(JOB, LINK, 1024, ranks) for ranks in (1, 2, 8, 64, 1024)]
    assert shares == sorted(shares, reverse=True)
    assert efficiency(JOB, Link(400, 1e-6), 1024, 1024) > shares[-1]


def test_the_page_has_the_table():
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "many_machines.md").read_text()
    found = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    head, rule, *rows = found
    assert set("".join(rule)) <= {"-", ":"}
    assert [head, *rows] == plan.rows()
