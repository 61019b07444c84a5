import numpy as np
import pytest

from numbanet.kernels._philox import philox
from numbanet.kernels.random import cpu, reference
from tests.oracles import assert_agrees

# tests/kat_vectors of the Random123 distribution, philox4x32 with 10 rounds: counter and key, result
KNOWN = [
    ("00000000 00000000 00000000 00000000 00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
ADDRESSES = [(0, 0, 0), (5, 1, 2), (-1, 2**32 - 1, -1), (0x123456789ABCDEF0, 7, 2**32 + 3), (-(2**63), -1, 2**63 - 1)]
SIZES = [1, 2, 3, 4, 5, 97]
BEYOND = cpu.CHUNK + 7
KINDS = {"words": "uint32", "uniform": "float64", "normal": "float64"}


def hexadecimal(text):
    return [int(word, 16) for word in text.split()]


def numbers(kernels, name, address, size):
    out = np.full(size, 77, "uint32") if name == "words" else np.full(size, np.nan)
    getattr(kernels, name)(*address, out)
    return out


def rounds(counter, key):
    """Philox4x32-10 in Python's unbounded integers, as figure 2 of the paper has it."""
    left, right, (x0, x1, x2, x3) = *key, counter
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * x0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * x2, 2**32)
        x0, x1, x2, x3 = high1 ^ x1 ^ left, low1, high0 ^ x3 ^ right, low0
        left, right = (left + 0x9E3779B9) % 2**32, (right + 0xBB67AE85) % 2**32
    return x0, x1, x2, x3


def expected_words(seed, stream, step, size):
    halves = [(v % 2**32, v // 2**32 % 2**32) for v in (seed, step)]
    blocks = [rounds((b, stream % 2**32, *halves[1]), halves[0]) for b in range(-(-size // 4))]
    return np.array(blocks, "uint32").reshape(-1)[:size]


@pytest.mark.parametrize(("given", "expected"), KNOWN)
def test_philox_gives_the_known_answers(given, expected):
    assert rounds(hexadecimal(given)[:4], hexadecimal(given)[4:]) == tuple(hexadecimal(expected))
    assert list(philox(*map(np.uint32, hexadecimal(given)))) == hexadecimal(expected)


@pytest.mark.parametrize("kernels", [cpu, reference])
@pytest.mark.parametrize("address", ADDRESSES)
def test_words_lie_at_their_address(address, kernels):
    assert np.array_equal(numbers(kernels, "words", address, 97), expected_words(*address, 97))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_uniform_and_normal_follow_from_the_words(kernels):
    w = expected_words(5, 1, 2, 400).astype("uint64")
    u = ((w[0::2] >> 5) * 2**26 + (w[1::2] >> 6)) / 2**53
    assert np.array_equal(numbers(kernels, "uniform", (5, 1, 2), 200), u)
    z = np.sqrt(-2 * np.log(1 - u[0::2])) * np.exp(2j * np.pi * u[1::2])
    assert_agrees(numbers(kernels, "normal", (5, 1, 2), 200), np.stack((z.real, z.imag), 1).reshape(-1))


@pytest.mark.parametrize("size", [*SIZES, pytest.param(BEYOND, marks=pytest.mark.compiled)])
@pytest.mark.parametrize("name", KINDS)
def test_cpu_agrees_with_the_reference(name, size):
    found, expected = (numbers(kernels, name, (3, 2, 1), size) for kernels in (cpu, reference))
    if name == "normal":
        assert_agrees(found, expected)
    else:
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", KINDS)
def test_a_prefix_does_not_depend_on_the_size(name):
    longest = numbers(cpu, name, (9, 8, 7), 50)
    for size in range(50):
        assert np.array_equal(numbers(cpu, name, (9, 8, 7), size), longest[:size])


def test_each_part_of_an_address_counts():
    base = numbers(cpu, "words", (1, 2, 3), 64)
    for other in [(2, 2, 3), (1 + 2**32, 2, 3), (1, 3, 3), (1, 2, 4), (1, 2, 3 + 2**32)]:
        assert not np.any(base == numbers(cpu, "words", other, 64)), other


def test_uniform_reaches_neither_one_nor_a_logarithm_of_zero():
    most, none = np.uint32(0xFFFFFFFF), np.uint32(0)
    assert cpu._unit(most, most) == 1 - 2.0**-53
    assert cpu._unit(none, none) == 0.0
    distance, _ = cpu._polar((most, most, none, none))
    assert distance == pytest.approx(np.sqrt(106 * np.log(2)))
    distance, angle = cpu._polar((none, none, none, none))
    assert distance == 0.0
    assert angle == 0.0


@pytest.mark.compiled
def test_the_distributions():
    stats = pytest.importorskip("scipy.stats")
    assert stats.kstest(numbers(cpu, "uniform", (0, 0, 0), 200_000), "uniform").pvalue > 1e-3
    assert stats.kstest(numbers(cpu, "normal", (0, 0, 0), 200_000), "norm").pvalue > 1e-3
    bits = np.unpackbits(numbers(cpu, "words", (0, 0, 0), 200_000).view("uint8")).reshape(-1, 32)
    assert np.all(np.abs(bits.mean(0) - 0.5) < 5 * 0.5 / np.sqrt(len(bits)))  # five standard deviations
