"""Two files of results: changes beyond the noise are named, and what cannot be compared is said."""

from dataclasses import replace

from numbanet.bench.comparison import compare, text
from numbanet.bench.results import KernelRow, Results, Timing

ROW = KernelRow("dense", "forward", "N=8", "cpu", 2, "float32", 100.0, 100.0)


def results(**times):
    """A kernel for each name, of a median with quartiles at 2 % around it."""
    timing = {name: Timing(t, 0.98 * t, 1.02 * t, 0.9 * t) for name, t in times.items()}
    rows = [replace(ROW, function=name, time=t) for name, t in timing.items()]
    return Results(machine={"processor": "A"}, versions={"numba": "1"}, kernels=rows)


def test_faster_and_slower_are_told_from_the_same():
    found = compare(results(a=10, b=10, c=10), results(a=5, b=10.1, c=20))
    assert {c.name.split()[0]: c.verdict for c in found.changes} == {
        "dense.a": "faster",
        "dense.b": "same",
        "dense.c": "slower",
    }
    assert [c.ratio for c in found.changes][:2] == [2.0, 0.5]
    assert found.changes[-1].name == "dense.b N=8, cpu, 2 threads, float32"


def test_noise_hides_a_change():
    before, after = results(a=10), results(a=9)
    assert compare(before, after).changes[0].verdict == "faster"
    after.kernels[0] = replace(after.kernels[0], time=Timing(9, 6, 12, 5))
    assert compare(before, after).changes[0].verdict == "same"


def test_what_one_has_alone_and_other_machines_are_named():
    before, after = results(a=1, b=1), results(a=1, c=1)
    after.machine["processor"] = "B"
    found = compare(before, after)
    assert [name.split()[0] for name in (*found.only_before, *found.only_after)] == ["dense.b", "dense.c"]
    assert found.warnings == ("processor: A before, B after",)
    lines = text(found).splitlines()
    assert lines[0] == "other processor: A before, B after"
    assert "0 faster, 0 slower, 1 same" in lines
    assert lines[-1] == "only after: dense.c N=8, cpu, 2 threads, float32"


def test_refused_kernels_are_not_compared():
    before, after = results(a=1), results(a=1)
    after.kernels[0] = replace(after.kernels[0], time=None, refused="wrong")
    found = compare(before, after)
    assert not found.changes
    assert found.only_before
    assert text(compare(Results(), Results())) == "nothing to compare"


def test_of_one_stretch_nobody_knows_the_noise():
    before, after = results(a=10), results(a=5)
    after.kernels[0] = replace(after.kernels[0], time=Timing(5, 5, 5, 5))
    assert compare(before, after).changes[0].verdict == "same"
