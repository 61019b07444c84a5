import numpy as np
import pytest

from .snippets import elementwise

RANDOM = np.random.default_rng(1)
NUMBERS = np.concatenate(
    [
        [0.0, -0.0, 0.5, 1.5, -0.5, -2.5, 254.5, 255.5, -1.0, 3e9, -3e9, 5e9, 1e19, -1e19, 2e19, np.inf, -np.inf],
        RANDOM.standard_normal(300) * 10.0 ** RANDOM.integers(0, 12, 300),
    ]
).astype("f4")


@pytest.mark.parametrize(
    ("mode", "function"), [("rni", np.rint), ("rzi", np.trunc), ("rmi", np.floor), ("rpi", np.ceil)]
)
@pytest.mark.parametrize("kind", ["s32", "u32", "s64", "u64", "s16"])
def test_floats_become_integers_within_their_range(kind, mode, function):
    limits = np.iinfo(f"{'i' if kind[0] == 's' else 'u'}{int(kind[1:]) // 8}")
    expected = [int(min(max(v, limits.min), limits.max)) for v in function(np.clip(NUMBERS.astype("f8"), -1e30, 1e30))]
    expected = [min(max(v, int(limits.min)), int(limits.max)) for v in expected]
    received = elementwise(f"cvt.{mode}.{kind}.f32 d, a;", kind, a=NUMBERS)
    assert received.tolist() == expected


def test_nan_becomes_the_integer_zero():
    assert elementwise("cvt.rzi.s32.f32 d, a;", "s32", a=np.array([np.nan], "f4")) == 0


def test_integers_become_floats_to_nearest():
    a = RANDOM.integers(-(2**31), 2**31, 300).astype("i4")
    np.testing.assert_array_equal(elementwise("cvt.rn.f32.s32 d, a;", "f32", a=a), a.astype("f4"))
    b = RANDOM.integers(0, 2**63, 300).astype("u8")
    np.testing.assert_array_equal(elementwise("cvt.rn.f32.u64 d, a;", "f32", a=b), b.astype("f4"))


def test_integers_change_their_width_with_their_sign():
    a = np.array([-1, 1, -(2**31), 2**31 - 1, 200, -200], "i4")
    np.testing.assert_array_equal(elementwise("cvt.s64.s32 d, a;", "s64", a=a), a.astype("i8"))
    np.testing.assert_array_equal(elementwise("cvt.u64.u32 d, a;", "u64", a=a), a.view("u4").astype("u8"))
    np.testing.assert_array_equal(elementwise("cvt.s32.s8 d, a;", "s32", a=a), a.astype("i1").astype("i4"))
    np.testing.assert_array_equal(elementwise("cvt.u32.u16 d, a;", "u32", a=a), a.astype("u2").astype("u4"))
    np.testing.assert_array_equal(elementwise("cvt.sat.s8.s32 d, a;", "s8", a=a), np.clip(a, -128, 127))


def test_floats_change_their_width():
    a = np.concatenate([RANDOM.standard_normal(300), [np.inf, -np.inf, np.nan, 1e-310, 1e300, 70000.0]])
    with np.errstate(all="ignore"):
        single, half = a.astype("f4"), a.astype("f4").astype("f2")
    np.testing.assert_array_equal(elementwise("cvt.rn.f32.f64 d, a;", "f32", a=a), single)
    np.testing.assert_array_equal(elementwise("cvt.f64.f32 d, a;", "f64", a=single), single.astype("f8"))
    np.testing.assert_array_equal(elementwise("cvt.rn.f16.f32 d, a;", "f16", a=single), half)
    np.testing.assert_array_equal(elementwise("cvt.f32.f16 d, a;", "f32", a=half), half.astype("f4"))


def test_bfloat16_is_to_nearest_even_and_keeps_nan():
    bits = np.array([0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0x7F800000, 0x7FC00001, 0x7F7FFFFF], "u4")
    expected = [0x3F80, 0x3F82, 0x3F81, 0x3F80, 0x7F80, 0x7FFF, 0x7F80]
    received = elementwise("cvt.rn.bf16.f32 d, a;", "b16", a=bits.view("f4"))
    assert received.tolist() == expected
    pair = elementwise("cvt.rn.bf16x2.f32 d, a, b;", "b32", a=bits.view("f4"), b=bits[::-1].copy().view("f4"))
    assert pair.tolist() == [top << 16 | low for top, low in zip(expected, expected[::-1], strict=True)]
    back = elementwise("cvt.f32.bf16 d, a;", "f32", a=np.array(expected, "u2"))
    assert back.view("u4").tolist() == [each << 16 for each in expected]


def test_tf32_rounds_ties_away_from_zero():
    bits = np.array([0x3F800FFF, 0x3F801000, 0xBF801000, 0x3F803000], "u4")
    received = elementwise("cvt.rna.tf32.f32 d, a;", "b32", a=bits.view("f4"))
    assert received.tolist() == [0x3F800000, 0x3F802000, 0xBF802000, 0x3F804000]


def test_moves_pack_and_unpack():
    a = RANDOM.integers(0, 2**63, 50).astype("u8")
    swapped = (a >> np.uint64(32)) | (a << np.uint64(32))
    np.testing.assert_array_equal(elementwise("mov.b64 {%r2, %r3}, a; mov.b64 d, {%r3, %r2};", "b64", a=a), swapped)
