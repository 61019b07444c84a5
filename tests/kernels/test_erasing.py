import numpy as np
import pytest

from numbanet.kernels.erasing import cpu, reference
from numbanet.kernels.random import cpu as random
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

SHAPES = [(1, 1, 1, 1), (3, 5, 4, 2), (5, 2, 7, 3), pytest.param((11, 37, 41, 3), marks=pytest.mark.compiled)]
FILL = 0.75


def drawn(kernels, how, N, image, heights, widths, probability=1.0, dtype="float64", address=(3, 2, 1)):
    boxes = np.full((N, 4), np.nan, dtype)
    seed, stream, step = address
    draw = getattr(kernels, f"draw_{how}")
    draw(seed, stream, np.array([step]), probability, image, heights, widths, boxes)
    return boxes


def words(N):
    found = np.empty(8 * N, "uint32")
    random.words(3, 2, 1, found)
    return found.reshape(N, 8).astype("int64")


def given(shape, dtype="float64"):
    N, H, W, _ = shape
    r = np.random.default_rng(H)
    corners = [np.sort(r.integers(0, size + 1, (N, 2)), axis=1) for size in (H, W)]
    x, dy = r.standard_normal(shape), r.standard_normal(shape)
    return [a.astype("float32").astype(dtype) for a in (x, np.concatenate(corners, axis=1), dy)]


def forward(kernels, x, boxes):
    y = poisoned(x)
    kernels.forward(x, boxes, FILL, y)
    return y


def backward(kernels, dy, boxes):
    dx = poisoned(dy)
    kernels.backward(dy, boxes, dx)
    return dx


@pytest.mark.parametrize("shape", SHAPES[:3])
def test_reference_is_the_gradient(shape):
    x, boxes, dy = given(shape)

    def loss():
        return float((forward(reference, x, boxes) * dy).sum())

    assert_gradient(backward(reference, dy, boxes), loss, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_cpu_agrees_with_the_reference_and_numpy(shape, dtype):
    x, boxes, dy = given(shape, dtype)
    y, expected = forward(cpu, x, boxes), x.copy()
    for image, (top, bottom, left, right) in zip(expected, boxes.astype(int), strict=True):
        image[top:bottom, left:right] = FILL
    assert np.array_equal(y, expected)
    double = [a.astype("float64") for a in (x, boxes, dy)]
    assert_agrees(y, forward(reference, *double[:2]))
    assert_agrees(backward(cpu, dy, boxes), backward(reference, double[2], double[1]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("how", ["inside", "centred"])
@pytest.mark.parametrize("probability", [0.0, 0.4, 1.0])
def test_cpu_draws_the_boxes_of_the_reference(how, probability, dtype):
    for N, image, heights, widths in [
        (1, (1, 1), (1, 1), (1, 1)),
        (7, (5, 9), (1, 5), (2, 4)),
        (301, (8, 6), (3, 3), (6, 6)),
    ]:
        boxes = drawn(cpu, how, N, image, heights, widths, probability, dtype)
        assert np.array_equal(boxes, drawn(reference, how, N, image, heights, widths, probability))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_boxes_are_those_of_the_words_of_their_stream(kernels):
    N, H, W, probability = 50, 9, 12, 0.6
    w = words(N)
    there = w[:, 0] * 2.0**-32 < probability
    h, v = 2 + (w[:, 1] * 3 >> 32), 5 + (w[:, 2] * 2 >> 32)
    top, left = w[:, 3] * (H - h + 1) >> 32, w[:, 4] * (W - v + 1) >> 32
    expected = np.where(there[:, None], np.stack([top, top + h, left, left + v], axis=1), 0)
    assert np.array_equal(drawn(kernels, "inside", N, (H, W), (2, 4), (5, 6), probability), expected)
    t, l = (w[:, 3] * H >> 32) - 2, (w[:, 4] * W >> 32) - 1
    cut = np.stack([np.maximum(t, 0), np.minimum(t + 5, H), np.maximum(l, 0), np.minimum(l + 3, W)], axis=1)
    expected = np.where(there[:, None], cut, 0)
    assert np.array_equal(drawn(kernels, "centred", N, (H, W), (5, 5), (3, 3), probability), expected)
    assert 0 < there.sum() < N


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_the_probability_is_exact(kernels):
    n = 3
    at = int(words(n + 1)[n, 0]) * 2.0**-32
    for probability, there in ((at, False), (np.nextafter(at, 1), True)):
        box = drawn(kernels, "inside", n + 1, (4, 4), (2, 2), (2, 2), float(probability))[n]
        assert box.any() == there


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_each_iteration_stream_and_seed_has_its_boxes(kernels):
    addresses = [(3, 2, 1), (3, 2, 2), (3, 2, 1 + 2**32), (3, 1, 1), (4, 2, 1), (-4, 2, 1)]
    boxes = [drawn(kernels, "inside", 9, (9, 9), (1, 9), (1, 9), address=a).tobytes() for a in addresses]
    assert len(set(boxes)) == len(boxes)


@pytest.mark.compiled
def test_sides_places_and_their_number_are_uniform():
    N, H = 100_000, 8
    inside = drawn(cpu, "inside", N, (H, H), (2, 5), (4, 4), 0.25).astype(int)
    there = inside.any(axis=1)
    assert abs(there.mean() - 0.25) < 3.29 * np.sqrt(0.25 * 0.75 / N)  # which one draw in 1,000 exceeds
    top, bottom, left, _ = inside[there].T
    assert chi_square(bottom - top - 2, 4) < 16.27
    assert chi_square(left, H - 4 + 1) < 18.47
    assert chi_square(top[bottom - top == 3], H - 3 + 1) < 20.52
    centred = drawn(cpu, "centred", N, (H, H), (3, 3), (1, 1)).astype(int)
    assert chi_square(centred[:, 2], H) < 24.32
    middle = np.where(centred[:, 0] == 0, centred[:, 1] - 2, centred[:, 0] + 1)
    assert chi_square(middle, H) < 24.32


def chi_square(values, count):
    """Of whole numbers that should be 0 to count - 1 equally often; the bounds above are those of one draw in 1,000."""
    seen = np.bincount(values, minlength=count)
    assert len(seen) == count
    return ((seen - seen.mean()) ** 2).sum() / seen.mean()


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_nan_outside_the_box_passes_and_inside_does_not(kernels):
    boxes = np.array([[0.0, 1.0, 1.0, 3.0]])
    y = forward(kernels, np.full((1, 2, 3, 1), np.nan), boxes)
    assert (y[0, 0, 1:] == FILL).all()
    assert np.isnan(y).sum() == 4
    dx = backward(kernels, np.full((1, 2, 3, 1), np.nan), boxes)
    assert (dx[0, 0, 1:] == 0).all()
    assert np.isnan(dx).sum() == 4
