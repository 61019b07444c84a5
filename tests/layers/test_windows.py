import math

import pytest

from numbanet.errors import ArgumentError, ShapeError
from numbanet.layers.windows import along, extent, padding_1d, padding_2d, pair, plain_tuple, single

NAN = float("nan")


@pytest.mark.parametrize(("value", "expected"), [(1, (1, 1)), (3, (3, 3)), ((2, 5), (2, 5)), ([4, 1], (4, 1))], ids=str)
def test_pair(value, expected):
    assert pair("Conv2D", "kernel_size", value) == expected


@pytest.mark.parametrize("value", [0, -1, 1.0, "3", None, True, (1,), (1, 2, 3), (1, 0), (1, 2.0), NAN, (True, 1)])
def test_pair_refuses(value):
    with pytest.raises(ArgumentError, match=r"^Conv2D: kernel_size must be a positive integer or a pair.*Received"):
        pair("Conv2D", "kernel_size", value)


def test_single():
    assert single("Conv1D", "strides", 3) == single("Conv1D", "strides", (3,)) == single("Conv1D", "strides", [3]) == 3
    for value in (0, -1, 1.0, "3", None, True, (1, 2), ()):
        with pytest.raises(ArgumentError, match=r"^Conv1D: strides must be a positive integer. Received"):
            single("Conv1D", "strides", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("valid", "valid"),
        ("same", "same"),
        (0, ((0, 0), (0, 0))),
        (2, ((2, 2), (2, 2))),
        ((1, 2), ((1, 1), (2, 2))),
        (((0, 1), (2, 3)), ((0, 1), (2, 3))),
        ([[0, 1], [2, 3]], ((0, 1), (2, 3))),
        ((1, (2, 3)), ((1, 1), (2, 3))),
    ],
    ids=str,
)
def test_padding_2d(value, expected):
    assert padding_2d("Conv2D", value) == expected
    assert padding_2d("Conv2D", plain_tuple(expected)) == expected  # as a file gives it back


@pytest.mark.parametrize("value", [-1, 1.5, None, True, "causal", "SAME", (1,), (1, -1), ((1, 2), (3,)), (1, 2, 3)])
def test_padding_2d_refuses(value):
    with pytest.raises(ArgumentError, match=r"^Conv2D: padding must be 'valid', 'same', .*right.*Received: padding="):
        padding_2d("Conv2D", value)


def test_padding_1d():
    for value, expected in (("same", "same"), (1, (1, 1)), ((0, 2), (0, 2)), ([3, 0], (3, 0))):
        assert padding_1d("Conv1D", value) == expected
    assert padding_1d("Conv1D", "causal", ("valid", "same", "causal")) == "causal"
    for value in ("causal", -1, (1, -1), None, ((1, 2), (3, 4))):
        with pytest.raises(ArgumentError, match=r"^MaxPooling1D: padding must be 'valid', 'same', a number"):
            padding_1d("MaxPooling1D", value)


def test_along():
    assert along("same") == ("same", "same")
    assert along(((1, 2), (3, 4))) == ((1, 2), (3, 4))


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("s", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_extent_counts_the_positions(k, s, d):
    span = (k - 1) * d + 1
    for n in range(1, 14):
        for padding in ("valid", (0, 0), (1, 0), (2, 3)):
            before, after = (0, 0) if padding == "valid" else padding
            positions = [p for p in range(0, n + before + after, s) if p + span <= n + before + after]
            if positions:
                assert extent(n, k, s, d, padding) == (len(positions), before)
            else:
                with pytest.raises(ShapeError, match=rf"expected {span} cells or more.*received {n}\b.*'same'"):
                    extent(n, k, s, d, padding)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("s", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_same_as_keras(k, s, d):
    span = (k - 1) * d + 1
    for n in range(1, 14):
        positions, before = extent(n, k, s, d, "same")
        total = max((math.ceil(n / s) - 1) * s + span - n, 0)
        assert (positions, before) == (math.ceil(n / s), total // 2)
        assert extent(n, k, s, d, (before, total - before))[0] == positions


def test_plain_tuple():
    assert plain_tuple((1, (2, 3), "a")) == [1, [2, 3], "a"]
    assert plain_tuple("same") == "same"
