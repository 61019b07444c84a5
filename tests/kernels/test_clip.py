import numpy as np
import pytest

from numbanet.kernels._chunks import CHUNK
from numbanet.kernels._threads import get_num_threads, set_num_threads
from numbanet.kernels.clip import cpu, reference
from tests.oracles import DTYPES, assert_agrees

DEVICES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
LARGE = pytest.param(2 * CHUNK + 131, marks=pytest.mark.compiled)


def gradient(size, dtype="float64"):
    return np.random.default_rng(size).standard_normal(size).astype(dtype)


def clip_by_norm(kernels, limit, g, pieces=3):
    partial = np.full(pieces, np.nan)
    kernels.square_sums(g, partial)
    kernels.scale(partial, limit, g)
    return partial


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 131, LARGE])
def test_cpu_agrees_with_the_reference(size, dtype):
    g = gradient(size, dtype)
    limit = 0.5 * float(np.abs(g).max())
    for function in ("by_value", "by_norm"):
        found, expected = g.copy(), g.astype("float64")
        if function == "by_value":
            cpu.by_value(limit, found)
            reference.by_value(limit, expected)
        else:
            assert_agrees(clip_by_norm(cpu, limit, found), clip_by_norm(reference, limit, expected), 1e-12)
        assert_agrees(found, expected)
        assert np.any(found != g)


@DEVICES
@pytest.mark.parametrize(("size", "pieces"), [(1, 1), (1, 3), (5, 4), (131, 1), (131, 7), (131, 131), (128, 8)])
def test_partial_sums_are_those_of_the_pieces(size, pieces, kernels):
    g, partial = gradient(size), np.full(pieces, np.nan)
    kernels.square_sums(g, partial)
    length = -(-size // pieces)
    expected = [np.sum(g[p * length : (p + 1) * length] ** 2) for p in range(pieces)]
    assert_agrees(partial, np.array(expected), 1e-12)


@DEVICES
def test_agrees_with_torch(kernels):
    torch = pytest.importorskip("torch")
    g = gradient(131)
    values, norms = g.copy(), g.copy()
    parameter = torch.nn.Parameter(torch.zeros(131, dtype=torch.float64))
    parameter.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_value_(parameter, 0.7)
    kernels.by_value(0.7, values)
    assert_agrees(values, parameter.grad.numpy(), 1e-10)
    # torch.nn.utils.clip_grad_norm_ adds 1e-6 to the norm; this is its formula without
    t = torch.tensor(g)
    partial = clip_by_norm(kernels, 0.7, norms)
    assert_agrees(np.sqrt(partial.sum(keepdims=True)), torch.linalg.vector_norm(t).numpy(), 1e-10)
    assert_agrees(norms, (t * 0.7 / torch.linalg.vector_norm(t)).numpy(), 1e-10)


@DEVICES
@pytest.mark.parametrize("dtype", DTYPES)
def test_by_value_at_its_limit_and_beyond(dtype, kernels):
    g = np.array([0.5, -0.5, 0.6, -0.6, 0.0, np.inf, -np.inf, np.nan] * 5, dtype)
    kernels.by_value(0.5, g)
    assert np.array_equal(g, np.array([0.5, -0.5, 0.5, -0.5, 0, 0.5, -0.5, np.nan] * 5, dtype), equal_nan=True)


@DEVICES
@pytest.mark.parametrize("limit", [5.0, 5.1])  # a tie, and above
def test_a_norm_within_the_limit_changes_no_bit(limit, kernels):
    g = np.array([3.0, 0.0, -4.0])
    clip_by_norm(kernels, limit, g, pieces=2)
    assert g.tolist() == [3.0, 0.0, -4.0]


@DEVICES
def test_a_norm_above_the_limit_becomes_the_limit(kernels):
    g = np.array([3.0, 0.0, -4.0])
    clip_by_norm(kernels, 0.5, g, pieces=2)
    np.testing.assert_allclose(g, [0.3, 0.0, -0.4], rtol=1e-15)


@DEVICES
@pytest.mark.parametrize("size", [1e20, 3e38])
def test_float32_squares_do_not_overflow(size, kernels):
    g = np.full(131, size, "float32")
    partial = clip_by_norm(kernels, 1.0, g)
    assert np.isfinite(partial).all()
    np.testing.assert_allclose(g, np.full(131, 131**-0.5), rtol=1e-6)


@DEVICES
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_norm_that_is_no_number_makes_every_gradient_nan(bad, dtype, kernels):
    g = np.ones(131, dtype)
    g[100] = bad
    with np.errstate(all="ignore"):
        clip_by_norm(kernels, 1000.0, g)
    assert np.isnan(g).all()


@pytest.mark.compiled
@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_do_not_depend_on_the_number_of_threads(dtype):
    results, threads = [], get_num_threads()
    try:
        for count in (1, threads):
            set_num_threads(count)
            g = gradient(5 * CHUNK + 131, dtype)
            results.append((clip_by_norm(cpu, 1.0, g, pieces=7), g))
    finally:
        set_num_threads(threads)
    for one, many in zip(*results, strict=True):
        assert np.array_equal(one, many)
