import math

import numpy as np
import pytest

import numbanet as nn
from numbanet import initializers, random
from numbanet.initializers import TRUNCATED, fans, get

SHAPES = [(250, 800), (800, 250), (5, 5, 80, 100)]  # 200,000 numbers
SCALED = {
    "glorot_uniform": lambda i, o: 2 / (i + o),
    "glorot_normal": lambda i, o: 2 / (i + o),
    "he_uniform": lambda i, o: 2 / i,
    "he_normal": lambda i, o: 2 / i,
    "lecun_uniform": lambda i, o: 1 / i,
    "lecun_normal": lambda i, o: 1 / i,
}
RANDOM = [*SCALED, "orthogonal", "uniform"]
ALL = ["zeros", "ones", "constant", *RANDOM]


def draw(name, shape, seed=3, stream=7):
    return get("Dense", "kernel_initializer", name)(shape, seed, stream)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((3, 4), (3, 4)), ((5, 2, 3, 4), (30, 40)), ((5, 3, 4), (15, 20)), ((6,), (6, 6)), ((), (1, 1))],
)
def test_fans(shape, expected):
    assert fans(shape) == expected


def test_fans_of_convolutions_are_those_of_keras():
    """(fan in, fan out): the window times the kernel's last two axes, whatever they mean."""
    layers = nn.layers
    for layer, expected in (
        (layers.Conv1D(8, 5), (5 * 6, 5 * 8)),
        (layers.Conv2D(8, (5, 3)), (15 * 6, 15 * 8)),
        (layers.Conv2D(8, (5, 3), groups=2), (15 * 3, 15 * 8)),
        (layers.DepthwiseConv2D((5, 3), depth_multiplier=2), (15 * 6, 15 * 2)),
        (layers.Conv2DTranspose(8, (5, 3)), (15 * 8, 15 * 6)),
    ):
        shape = (9, 6) if isinstance(layer, layers.Conv1D) else (9, 9, 6)
        assert fans(layer.describe(shape).parameters[0].shape) == expected


@pytest.mark.compiled
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", SCALED)
def test_moments(name, shape):
    w = draw(name, shape)
    n = w.size
    fan_in, fan_out = (shape[-2], shape[-1]) if len(shape) == 2 else (25 * shape[-2], 25 * shape[-1])
    variance = SCALED[name](fan_in, fan_out)
    fourth = ((w - w.mean()) ** 4).mean() / variance**2
    assert w.shape == shape
    assert w.dtype == np.float64
    assert fourth < 3
    assert abs(w.mean()) < 5 * math.sqrt(variance / n)
    assert abs(w.var() - variance) < 5 * variance * math.sqrt((fourth - 1) / n)
    # no order in rows or columns
    for axis in (0, 1):
        means = w.reshape(-1, shape[-1]).mean(axis=axis)
        assert means.var() * (n / means.size) == pytest.approx(variance, rel=6 * math.sqrt(2 / means.size))


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["glorot_uniform", "he_uniform", "lecun_uniform"])
def test_uniform(name):
    limit = math.sqrt(3 * SCALED[name](250, 800))
    u = draw(name, (250, 800)).reshape(-1) / limit
    assert -1 <= u.min() < -0.9999
    assert 0.9999 < u.max() <= 1
    counts, _ = np.histogram(u, 20, (-1, 1))
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 60  # chi square, 19 degrees of freedom: p = 4e-6


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["glorot_normal", "he_normal", "lecun_normal"])
def test_truncated_normal(name):
    z = draw(name, (250, 800)).reshape(-1) * (TRUNCATED / math.sqrt(SCALED[name](250, 800)))
    assert 1.99 < np.abs(z).max() <= 2
    edges = np.linspace(-2, 2, 21)
    cdf = np.array([math.erf(e / math.sqrt(2)) for e in edges])
    expected = z.size * np.diff(cdf) / (cdf[-1] - cdf[0])
    counts, _ = np.histogram(z, edges)
    assert ((counts - expected) ** 2 / expected).sum() < 60


def test_the_constant_of_truncation():
    density, inside = math.exp(-2) / math.sqrt(2 * math.pi), math.erf(math.sqrt(2))
    assert pytest.approx(math.sqrt(1 - 4 * density / inside), rel=1e-14) == TRUNCATED


@pytest.mark.parametrize("name", SCALED)
def test_bounds_of_few_numbers(name):
    w = draw(name, (7, 11))
    deviation = math.sqrt(SCALED[name](7, 11))
    limit = math.sqrt(3) if name.endswith("uniform") else 2 / TRUNCATED
    assert w.shape == (7, 11)
    assert 0.5 * deviation < w.std() < 1.5 * deviation
    assert np.abs(w).max() <= limit * deviation


def test_uniform_between_bounds():
    for low, high in ((-0.05, 0.05), (2.0, 5.0), (1.0, 1.0)):
        it = initializers.RandomUniform(low, high)
        w = it((40, 50), 3, 7)
        assert ((w >= low) & (w <= high)).all()
        assert abs(w.mean() - (low + high) / 2) <= 0.02 * (high - low)
        assert w.std() == pytest.approx((high - low) / math.sqrt(12), rel=0.03)
    assert np.array_equal(draw("uniform", (3, 4)), initializers.RandomUniform(-0.05, 0.05)((3, 4), 3, 7))
    assert type(get("Dense", "kernel_initializer", "random_uniform")) is initializers.RandomUniform


@pytest.mark.parametrize("gain", [1.0, 0.3, 2.0])
@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (3, 8), (8, 3), (2, 2, 3, 5), (1, 2, 2, 9), (40, 30), (40, 40)])
def test_orthogonal(shape, gain):
    w = initializers.Orthogonal(gain)(shape, 1, 2)
    assert w.shape == shape
    matrix = w.reshape(-1, shape[-1])
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), rtol=0, atol=1e-14 * gain**2)


@pytest.mark.compiled
def test_orthogonal_has_no_favourite_direction():
    w = np.array([initializers.Orthogonal()((4, 4), seed, 0) for seed in range(2000)])
    assert np.abs(w.mean(axis=0)).max() < 5 * math.sqrt(0.25 / 2000)
    assert np.abs((w**2).mean(axis=0) - 0.25).max() < 5 * math.sqrt(2 * 0.25**2 / 2000)


def test_orthogonal_needs_a_matrix():
    with pytest.raises(nn.errors.ShapeError, match="two axes"):
        initializers.Orthogonal()((5,), 0, 0)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_constants(shape):
    for name, value in (("zeros", 0.0), ("ones", 1.0), ("constant", 0.0), (initializers.Constant(-2.5), -2.5)):
        w = draw(name, shape)
        assert w.shape == shape
        assert (w == value).all()


@pytest.mark.parametrize("name", RANDOM)
def test_seeds_and_streams(name):
    w = draw(name, (9, 5))
    assert draw(name, (9, 5)).tobytes() == w.tobytes()
    for other in (draw(name, (9, 5), stream=8), draw(name, (9, 5), seed=4), draw(name, (9, 5), 7, 3)):
        assert not np.isin(other, w).any()


@pytest.mark.parametrize("name", ALL)
def test_what_is_given_and_back(name):
    it = get("Dense", "kernel_initializer", name)
    again = get("Dense", "kernel_initializer", {"class_name": type(it).__name__, "config": it.get_config()})
    assert type(again) is type(it)
    assert again.get_config() == it.get_config()
    assert np.array_equal(again((4, 3), 1, 2), it((4, 3), 1, 2))
    assert repr(eval(repr(it), vars(initializers))) == repr(it)


def test_a_model_gives_each_parameter_its_stream():
    m = nn.Sequential([nn.layers.Dense(4), nn.layers.Dense(4, kernel_initializer="he_normal")], seed=9)
    m.build((4,), dtype="float64")
    w = m.get_weights()
    assert np.array_equal(w[0], draw("glorot_uniform", (4, 4), 9, random.PARAMETERS))
    assert np.array_equal(w[2], draw("he_normal", (4, 4), 9, random.PARAMETERS + 2))
    m.build((4,), dtype="float32")
    assert all(np.array_equal(a, b.astype("float32")) for a, b in zip(m.get_weights(), w, strict=True))


def test_nonsense():
    for bad in ("glorot", 1.0, None, initializers.Zeros):
        with pytest.raises(nn.errors.ArgumentError, match="kernel_initializer"):
            get("Dense", "kernel_initializer", bad)
