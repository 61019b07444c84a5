import numpy as np
import pytest

from .compiler import assemble, compile_kernel, numba_cuda
from .errors import DivergentBarrier, Misaligned, OutOfBounds, Race, Uninitialised

numba_cuda()

from numba import float32, int32, types  # noqa: E402

from . import broken  # noqa: E402

pytestmark = pytest.mark.compiled
POINTER, MATRIX = types.CPointer(float32), float32[:, ::1]


def ones(*shape):
    return np.ones(shape, "f4")


def test_a_missing_barrier_is_a_race():
    kernel = compile_kernel(broken.transpose_without_barrier, (MATRIX, MATRIX, int32, int32))
    with pytest.raises(Race) as caught:
        kernel((1, 1), (32, 32), ones(32, 32), ones(32, 32), 32, 32)
    message = str(caught.value)
    assert message.startswith(
        "transpose_without_barrier: 4 bytes race: thread (0, 1, 0) of block (0, 0, 0) wrote them too"
    )
    assert "by thread (1, 0, 0) of block (0, 0, 0), in: ld.shared.f32" in message


def test_a_missing_second_barrier_is_a_race():
    kernel = compile_kernel(broken.running_sums, (POINTER, POINTER, int32))
    kernel((1,), (32,), ones(32), ones(32), 32)  # one turn: nothing is overwritten
    with pytest.raises(Race, match=r"read them too.*in: st.shared.f32"):
        kernel((1,), (32,), ones(64), ones(32), 64)


def test_a_missing_tail_is_an_out_of_bounds_store():
    kernel = compile_kernel(broken.add_without_tail, (POINTER,) * 3 + (int32,))
    with pytest.raises(OutOfBounds) as caught:
        kernel((2,), (64,), ones(100), ones(100), ones(100), 100)
    message = str(caught.value)
    assert "add_without_tail: 4 bytes outside of argument 2 at byte 400 of 400, at address 0x" in message
    assert "by thread (36, 0, 0) of block (1, 0, 0), in: st.global.f32" in message


def test_a_misaligned_wide_load_is_reported():
    kernel = compile_kernel(broken.copy4_from_an_odd_place, (POINTER, POINTER, int32))
    with pytest.raises(Misaligned, match=r"16 bytes not aligned in argument 0 at byte 4 of 260.*in: ld.global.v4.f32"):
        kernel((1,), (32,), ones(65), ones(64), 64)


def test_a_barrier_in_a_branch_is_divergent():
    kernel = compile_kernel(broken.barrier_in_a_branch, (POINTER, int32))
    with pytest.raises(DivergentBarrier, match=r"40 of 64 threads reach this barrier, but thread \(40, 0, 0\)"):
        kernel((1,), (64,), ones(40), 40)
    kernel((1,), (64,), ones(64), 64)


def test_a_half_filled_tile_is_read_uninitialised():
    kernel = compile_kernel(broken.sum_of_a_tile_half_filled, (POINTER, POINTER, int32))
    with pytest.raises(Uninitialised, match=r"nobody has written .* in shared memory at byte 80 of 128"):
        kernel((1,), (32,), ones(20), ones(1), 20)


def test_a_dropped_nan_shows():
    kernel = compile_kernel(broken.relu_that_drops_nan, (POINTER, POINTER, int32))
    x, y = np.array([np.nan, -1, 2], "f4"), ones(3)
    kernel((1,), (32,), x, y, 3)
    assert y.tolist() == [0, 0, 2]  # as the GPU would do it: a comparison with NumPy's maximum fails


def test_sums_of_several_threads_in_one_place_race():
    kernel = compile_kernel(broken.column_sums, (POINTER, POINTER, int32, int32))
    with pytest.raises(Race, match=r"argument 1 at byte 0 of 16.*in: st.global.f32"):
        kernel((1,), (4, 8), ones(32), ones(4), 8, 4)


def test_bank_conflicts_are_counted():
    kernel = compile_kernel(broken.transpose_without_padding, (MATRIX, MATRIX, int32, int32))
    report = kernel((1, 1), (32, 32), ones(32, 32), ones(32, 32), 32, 32)
    ((text, extra),) = report.bank_conflicts.items()
    assert text.startswith("ld.shared.f32")
    assert extra == 32 * 31


def test_atomics_are_counted():
    kernel = compile_kernel(broken.sum_by_atomics, (float32[::1], float32[::1], int32))
    x, sums = ones(100), np.zeros(1, "f4")
    report = kernel((2,), (64,), x, sums, 100)
    assert sums == 100
    assert sum(report.atomics.values()) == 100
    assert all(".add.f32" in text for text in report.atomics)


def test_float64_in_a_float32_kernel_is_counted(tmp_path):
    kernel = compile_kernel(broken.tenth_in_float64, (POINTER, int32))
    assert assemble(kernel, tmp_path).float64_instructions == 3  # there, times, back
