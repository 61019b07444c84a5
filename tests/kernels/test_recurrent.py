"""The recurrent kernels of the cpu against their references, and what a sample's results may not depend on."""

from dataclasses import replace

import numpy as np
import pytest
from numba import config

import numbanet as nn
from numbanet.kernels._gates import NAMES
from tests.kernels.recurrent_cells import CELLS, Problem, backward, backward_loop, both_ways, draw, every_cell, forward
from tests.oracles import DTYPES, assert_agrees

# samples, steps, inputs, units; a task has 16 samples, or 8
SIZES = [(1, 1, 1, 1), (2, 3, 5, 7), (17, 3, 2, 5)]
LARGE = [(33, 4, 7, 37), (40, 3, 5, 24), (16, 5, 31, 33), (7, 17, 13, 11), (5, 3, 300, 16), (9, 2, 4, 290)]
LARGE += [(1, 19, 3, 67), (34, 2, 257, 129)]  # sums of 870 terms: of more steps float32's rounding is beyond AGREEMENT
every_size = pytest.mark.parametrize("size", SIZES + [pytest.param(s, marks=pytest.mark.compiled) for s in LARGE])
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
OPTIONS = {
    "plain": {},
    "last": {"last": True, "cut": 2},
    "masked": {"masked": True},
    "dropped": {"dropped": True, "back": 1},
    "within": {"within": True, "masked": True, "back": 1},
    "all": {"masked": True, "dropped": True, "cut": 2, "last": True, "back": 1, "within": True},
}


def problem(cell, size, dtype="float64", back=0, masked=False, dropped=False, last=False, **choices):
    """Inputs that float32 holds, and weights that leave a sum as large as its terms."""
    (N, T, I, H), random = size, np.random.default_rng([*size, CELLS.index(cell), back])
    inputs = draw(cell, random, size)
    inputs["w"] /= np.sqrt(I)
    inputs["u"] /= np.sqrt(H)
    keep = random.choice([0.0, 1.0 / 0.6], (N, H), p=[0.4, 0.6]) if dropped else np.zeros((N, 0))
    mask = np.ones((N, T))
    if masked:
        mask = random.choice([0.0, 1.0], (N, T), p=[0.3, 0.7])
        mask[N // 2] = 0.0
        mask[-1] = np.arange(T) < T - 1
    dh = random.uniform(-1.0, 1.0, (N, 1 if last else T, H))
    *arrays, dh, mask, keep = (a.astype("float32").astype(dtype) for a in (*inputs.values(), dh, mask, keep))
    return Problem(cell, dict(zip(inputs, arrays, strict=True)), dh, mask, keep, back, **choices)


def in_float64(p):
    inputs = {name: a.astype("float64") for name, a in p.inputs.items()}
    return replace(p, inputs=inputs, **{name: getattr(p, name).astype("float64") for name in ("dh", "mask", "keep")})


def compare(p, within=False, gradients=True):
    """All that is computed: where a step is left out neither device writes z and v."""
    expected, found = forward(in_float64(p)), forward(p, "cpu")
    if gradients:
        expected |= {f"d{name}": g for name, g in backward(in_float64(p), expected).items()}
        found |= {f"d{name}": g for name, g in backward(p, found, "cpu", within).items()}
    assert found.keys() == expected.keys()
    for name, values in found.items():
        assert values.dtype == p.dh.dtype
        nowhere = np.isnan(expected[name])
        assert not nowhere.any() or name in ("z", "v")
        assert np.array_equal(np.isnan(values), nowhere), name
        assert_agrees(np.where(nowhere, 0.0, values).astype(values.dtype), np.where(nowhere, 0.0, expected[name]))


@every_dtype
@every_size
@pytest.mark.parametrize("options", OPTIONS)
@every_cell
def test_cpu_agrees_with_the_reference(cell, options, size, dtype):
    chosen = dict(OPTIONS[options])
    within = chosen.pop("within", False)
    compare(problem(cell, size, dtype, **chosen), within)


@every_dtype
@pytest.mark.parametrize("name", NAMES)
@every_cell
def test_every_activation(cell, name, dtype):
    choices = (
        [{"tau": name}] if cell == "simple_rnn" else [{"tau": name}, {"sigma": name}, {"tau": name, "sigma": name}]
    )
    for chosen in choices:
        p = problem(cell, (3, 3, 2, 5), dtype, masked=True, **chosen)
        compare(p)
        far = replace(p, inputs=p.inputs | {"b": p.inputs["b"].copy()})
        far.inputs["b"][..., ::2] *= 12.0  # beyond the ends of hard_sigmoid, where others are flat
        compare(far, gradients=dtype == "float64")  # slopes there are what rounding leaves of values near 1


def of_samples(p, chosen, T=None):
    """The problem of some of the samples, of their first T steps, with NaN wherever a step is left out."""
    inputs = {n: a[chosen] if n in ("x", "h0", "c0") else a for n, a in p.inputs.items()}
    mask = p.mask[chosen][:, :T].copy()
    x = inputs["x"][:, :T].copy()
    x[mask == 0.0] = np.nan
    dh = p.dh[chosen][:, :T].copy()
    return replace(p, inputs=inputs | {"x": x}, mask=mask, dh=dh, keep=p.keep[chosen])


def by_sample(p):
    """What the loops of the cell compute for every sample."""
    saved = forward(p, "cpu")
    dz, states = backward_loop(p, saved, "cpu")
    return [*saved.values(), *dz, *states.values()]


@every_dtype
@both_ways
@every_cell
def test_a_sample_is_alone(cell, back, dtype):
    """Bit for bit: without the others, in another order, behind others, with NaN where nothing counts."""
    p = problem(cell, (37, 4, 3, 19), dtype, back, True, True)
    whole, N = by_sample(p), len(p.mask)
    random = np.random.default_rng(0)
    for chosen in (np.arange(N), random.permutation(N), np.arange(11), np.array([N - 1]), np.array([N // 2, 3])):
        for found, expected in zip(by_sample(of_samples(p, chosen)), whole, strict=True):
            np.testing.assert_array_equal(found, expected[chosen])


@every_cell
def test_padding_at_the_end_changes_nothing(cell):
    p = problem(cell, (20, 5, 3, 9), masked=True)
    N, T = p.mask.shape
    p.mask[:, T - 2 :] = 0.0
    p.dh[:, T - 2 :] = 0.0
    long, short = (by_sample(of_samples(p, np.arange(N), t)) for t in (T, T - 2))
    for found, expected in zip(long, short, strict=True):
        np.testing.assert_array_equal(found[:, : expected.shape[1]], expected)


@every_dtype
@every_cell
def test_what_stands_at_masked_steps_changes_no_sum(cell, dtype):
    p = problem(cell, (9, 3, 2, 3), dtype, masked=True, dropped=True)
    results = []
    for q in (p, of_samples(p, np.arange(9))):
        results.append(backward(q, forward(q, "cpu"), "cpu"))
    for name, g in results[0].items():
        np.testing.assert_array_equal(results[1][name], g, err_msg=name)


@pytest.mark.compiled
@pytest.mark.skipif(config.NUMBA_NUM_THREADS < 2, reason="one thread")
@every_dtype
@every_cell
def test_threads_change_no_bit(cell, dtype):
    p, before = problem(cell, (40, 9, 33, 65), dtype, masked=True, dropped=True), nn.get_num_threads()
    results = []
    try:
        for threads in (1, 2):
            nn.set_num_threads(threads)
            saved = forward(p, "cpu")
            results.append([*saved.values(), *backward(p, saved, "cpu").values()])
    finally:
        nn.set_num_threads(before)
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
