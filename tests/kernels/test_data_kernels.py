import numpy as np
import pytest

from numbanet.kernels.check import cpu as check
from numbanet.kernels.check import reference as check_reference
from numbanet.kernels.gather import cpu as gather
from numbanet.kernels.gather import reference as gather_reference
from tests.oracles import DTYPES


@pytest.mark.parametrize("kernels", [gather, gather_reference])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
@pytest.mark.parametrize(
    ("M", "N", "I"),
    [
        (1, 1, 1),
        (5, 7, 3),
        (5, 0, 3),
        (5, 3, 0),
        (300, 211, 31),
        (30, 601, 1),
        pytest.param(7, 5, gather.CHUNK + 3, marks=pytest.mark.compiled),
        pytest.param(7, 211, 401, marks=pytest.mark.compiled),
    ],
)
def test_gather_is_numpys_indexing(M, N, I, dtype, kernels):
    random = np.random.default_rng(M + N + I)
    source = random.integers(1, 100, (M, I)).astype(dtype)
    order, first = random.integers(0, M, N + 2), np.array([1])
    out = np.zeros((N, I), dtype)
    kernels.rows(source, order, first, out)
    assert np.array_equal(out, source[order[1:-1]])


@pytest.mark.parametrize("kernels", [gather, gather_reference])
def test_gather_copies_nan_and_signed_zero(kernels):
    source = np.array([[np.nan, -0.0], [np.inf, 1.0]])
    out = np.ones((3, 2))
    kernels.rows(source, np.array([1, 0, 1]), np.array([0]), out)
    assert out.tobytes() == source[[1, 0, 1]].tobytes()


def flagged(kernel, *arguments):
    flag = np.array([77])
    kernel(*arguments, flag)
    return int(flag[0])


@pytest.mark.parametrize("kernels", [check, check_reference])
@pytest.mark.parametrize("dtype", DTYPES)
def test_finite_finds_each_bad_value_at_each_place(dtype, kernels):
    for size in (0, 1, 7, 67):
        x = np.random.default_rng(size).standard_normal(size).astype(dtype)
        assert flagged(kernels.finite, x) == 0
        for i in range(size):
            kept = x[i]
            for bad in (np.nan, np.inf, -np.inf):
                x[i] = bad
                assert flagged(kernels.finite, x) == 1, (i, bad)
            x[i] = kept


@pytest.mark.parametrize("kernels", [check, check_reference])
@pytest.mark.parametrize("dtype", DTYPES)
def test_finite_passes_the_extremes(dtype, kernels):
    info = np.finfo(dtype)
    x = np.array([info.max, info.min, info.tiny, info.smallest_subnormal, -0.0, info.max], dtype)
    assert flagged(kernels.finite, x) == 0


@pytest.mark.parametrize("kernels", [check, check_reference])
@pytest.mark.parametrize("dtype", DTYPES)
def test_indices_finds_each_bad_index_at_each_place(dtype, kernels):
    for size in (0, 1, 7, 67):
        x = np.random.default_rng(size).integers(0, 10, size).astype(dtype)
        x[:1] = -0.0
        assert flagged(kernels.indices, x, 10) == 0
        for i in range(size):
            kept = x[i]
            for bad in (-1, 10, 0.5, 2.0**31, -(2.0**70), np.finfo(dtype).tiny, np.nan, np.inf, -np.inf):
                x[i] = bad
                assert flagged(kernels.indices, x, 10) == 1, (i, bad)
            x[i] = kept
    x = np.array([2**24 - 1], dtype)
    assert [flagged(kernels.indices, x, 2**24), flagged(kernels.indices, x, 2**24 - 1)] == [0, 1]


@pytest.mark.parametrize("kernels", [check, check_reference])
def test_labels_finds_each_bad_label_at_each_place(kernels):
    for size in (0, 1, 7, 67):
        labels = np.random.default_rng(size).integers(0, 10, size)
        assert flagged(kernels.labels, labels, 10) == 0
        for i in range(size):
            kept = labels[i]
            for bad in (-1, 10, -(2**63), 2**63 - 1):
                labels[i] = bad
                assert flagged(kernels.labels, labels, 10) == 1, (i, bad)
            labels[i] = kept


@pytest.mark.parametrize("kernels", [check, check_reference])
def test_labels_includes_its_edges(kernels):
    assert flagged(kernels.labels, np.array([0, 9]), 10) == 0
    assert flagged(kernels.labels, np.array([0, 9]), 9) == 1


@pytest.mark.parametrize("kernels", [check, check_reference])
@pytest.mark.parametrize("dtype", DTYPES)
def test_between_finds_each_bad_value_at_each_place(dtype, kernels):
    for size in (0, 1, 7, 67):
        x = np.linspace(0, 1, size).astype(dtype)
        assert flagged(kernels.between, x, 0.0, 1.0) == 0
        for i in range(size):
            kept = x[i]
            for bad in (np.nan, np.inf, -np.inf, -1e-6, 1.00001):
                x[i] = bad
                assert flagged(kernels.between, x, 0.0, 1.0) == 1, (i, bad)
            x[i] = kept


@pytest.mark.parametrize("kernels", [check, check_reference])
@pytest.mark.parametrize("dtype", DTYPES)
def test_expect_finite_sets_the_flag_and_never_takes_it_back(dtype, kernels):
    for size in (0, 1, 7, 67):
        x, flag = np.ones(size, dtype), np.zeros(1, np.int64)
        kernels.expect_finite(flag, x)
        assert flag[0] == 0
        for i in range(size):
            for bad in (np.nan, np.inf, -np.inf):
                x[i], flag[0] = bad, 0
                kernels.expect_finite(flag, x)
                assert flag[0] == 1, (i, bad)
            x[i] = np.finfo(dtype).max
            kernels.expect_finite(flag, x)
            assert flag[0] == 1


@pytest.mark.compiled
def test_expect_finite_looks_at_every_chunk():
    x = np.zeros(3 * gather.CHUNK + 5, "float32")
    for place in (0, gather.CHUNK - 1, gather.CHUNK, 2 * gather.CHUNK + 7, x.size - 1):
        flag = np.zeros(1, np.int64)
        x[place] = np.nan
        check.expect_finite(flag, x)
        assert flag[0] == 1
        x[place] = 0
