"""Tuples as arguments, and kernels with stages that share scratch memory."""

import numpy as np
import pytest

import numbanet
from numbanet.kernels._kernel import Executor, kernel


@kernel()
def _affine(x, factors, y):
    a, b = factors
    for i in range(x.size):
        y[i] = a * x[i] + b


@kernel(tasks=lambda x, y: 4)
def _reverse(task, x, y, scratch):
    for i in range(task * x.size // 4, (task + 1) * x.size // 4):
        scratch[x.size - 1 - i] = x[i]


@kernel(tasks=lambda x, y: 4)
def _add_scratch(task, x, y, scratch):
    for i in range(task * x.size // 4, (task + 1) * x.size // 4):
        y[i] += scratch[i]


@kernel(tasks=lambda x, y: 4, scratch=lambda x, y: x.size, before=[_reverse], after=[_add_scratch])
def _palindrome(task, x, y, scratch):
    """y = twice the reversed x."""
    for i in range(task * x.size // 4, (task + 1) * x.size // 4):
        y[i] = scratch[i]


@kernel(tasks=lambda x, y: 4)
def _clear(task, x, y):
    for i in range(task * y.size // 4, (task + 1) * y.size // 4):
        y[i] = 0


@kernel(before=[_clear])
def _add_first(x, y):
    y[0] += x[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_tuple_of_integers_is_an_argument(dtype):
    x = np.arange(5, dtype=dtype)
    y = np.full_like(x, np.nan)
    _affine(x, (3, -2), y)
    assert y.tolist() == (3 * x - 2).tolist()
    _affine(x, (np.int64(0), 7), y)
    assert y.tolist() == [7] * 5


@pytest.mark.parametrize("bad", [(1.5, 2), (), ("a", 1)])
def test_other_tuples_are_refused(bad):
    x = np.zeros(3)
    with pytest.raises(TypeError, match=r"factors is tuple, not an array, a number or a tuple of integers"):
        _affine(x, bad, x)


def test_stages_need_no_scratch():
    y = np.full(7, np.nan)
    _add_first(np.array([3.0]), y)
    assert y.tolist() == [3, 0, 0, 0, 0, 0, 0]
    assert [b.scratch for b in Executor([_add_first.bind(y, y)]).bound] == [0, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 3, 4, 1009])
def test_stages_run_around_their_kernel(size, dtype):
    x = np.random.default_rng(size).standard_normal(size).astype(dtype)
    y = np.full_like(x, np.nan)
    _palindrome(x, y)
    assert y.tolist() == (2 * x[::-1]).tolist()
    assert repr(_palindrome).endswith("_palindrome(x, y)")


def test_the_kernels_of_a_program_share_their_scratch():
    short, long = np.arange(3.0), np.arange(50.0)
    a, b = np.full_like(short, np.nan), np.full_like(long, np.nan)
    program = Executor([_palindrome.bind(short, a), _palindrome.bind(long, b), _palindrome.bind(a, a)])
    assert 50 * 8 <= program.scratch.nbytes < 60 * 8
    assert len(program.bound) == 9
    before = numbanet.get_num_threads()
    for threads in {1, before}:
        numbanet.set_num_threads(threads)
        a[:], b[:] = np.nan, np.nan
        program.run()
        assert b.tolist() == (2 * long[::-1]).tolist()
        assert a.tolist() == (4 * short).tolist()
    numbanet.set_num_threads(before)


def test_a_kernel_bound_once_runs_in_two_programs():
    x, y = np.arange(8.0), np.full(8, np.nan)
    bound = _palindrome.bind(x, y)
    first, second = Executor([bound]), Executor([bound])
    del second
    first.run()
    assert y.tolist() == (2 * x[::-1]).tolist()
