import numpy as np
import pytest

from .snippets import elementwise

RANDOM = np.random.default_rng(2)


def pairs(kind):
    dtype = np.dtype(f"{'i' if kind[0] == 's' else 'u'}{int(kind[1:]) // 8}")
    limits = np.iinfo(dtype)
    edges = np.array([0, 1, 2, 7, limits.max, limits.max - 1, limits.min, limits.min + 1], dtype)
    a, b = (m.reshape(-1) for m in np.meshgrid(edges, edges))
    drawn = RANDOM.integers(limits.min, limits.max, (2, 200), dtype, endpoint=True)
    small = RANDOM.integers(0, 100, 200).astype(dtype)
    return np.concatenate([a, drawn[0], drawn[1]]), np.concatenate([b, drawn[1], small])


def wrapped(values, dtype):
    """Python's integers in a type's bits."""
    size = 8 * dtype.itemsize
    return np.array([v % 2**size for v in values], f"u{dtype.itemsize}").view(dtype)


def check(text, kind, function, a, b, result=None):
    received = elementwise(text, result or kind, a=a, b=b)
    expected = wrapped([function(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)], received.dtype)
    np.testing.assert_array_equal(received, expected)


def towards_zero(x, y):
    return abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


@pytest.mark.parametrize("kind", ["s32", "u32", "s64", "u64", "s16", "u16"])
def test_arithmetic_wraps(kind):
    a, b = pairs(kind)
    check(f"add.{kind} d, a, b;", kind, lambda x, y: x + y, a, b)
    check(f"sub.{kind} d, a, b;", kind, lambda x, y: x - y, a, b)
    check(f"mul.lo.{kind} d, a, b;", kind, lambda x, y: x * y, a, b)
    check(f"mul.hi.{kind} d, a, b;", kind, lambda x, y: x * y >> int(kind[1:]), a, b)
    check(f"mad.lo.{kind} d, a, b, a;", kind, lambda x, y: x * y + x, a, b)
    check(f"min.{kind} d, a, b;", kind, min, a, b)
    check(f"max.{kind} d, a, b;", kind, max, a, b)
    a, b = a[b != 0], b[b != 0]
    check(f"div.{kind} d, a, b;", kind, towards_zero, a, b)
    check(f"rem.{kind} d, a, b;", kind, lambda x, y: x - towards_zero(x, y) * y, a, b)


@pytest.mark.parametrize("kind", ["s32", "u32", "s16", "u16"])
def test_wide_products_keep_both_halves(kind):
    a, b = pairs(kind)
    wide = f"{kind[0]}{2 * int(kind[1:])}"
    check(f"mul.wide.{kind} d, a, b;", kind, lambda x, y: x * y, a, b, wide)
    check(f"mul.wide.{kind} d, a, b; add.{wide} d, d, 5;", kind, lambda x, y: x * y + 5, a, b, wide)


@pytest.mark.parametrize("kind", ["s32", "u32", "s64", "u64"])
def test_shifts_beyond_the_width_leave_zeros_or_signs(kind):
    a, _ = pairs(kind)
    n = RANDOM.integers(0, 80, len(a)).astype("u4")
    n[:20] = 2**31 + 5
    check(f"shl.b{kind[1:]} d, a, b;", kind, lambda x, y: x << min(y, 64), a, n)
    check(f"shr.{kind} d, a, b;", kind, lambda x, y: x >> min(y, 64), a, n)


def test_bit_operations():
    a, b = pairs("u32")
    check("and.b32 d, a, b;", "b32", lambda x, y: x & y, a, b)
    check("or.b32 d, a, b;", "b32", lambda x, y: x | y, a, b)
    check("xor.b32 d, a, b;", "b32", lambda x, y: x ^ y, a, b)
    check("not.b32 d, a;", "b32", lambda x, y: ~x, a, b)
    check("lop3.b32 d, a, b, a, 0x96;", "b32", lambda x, y: x ^ y ^ x, a, b)
    check("popc.b32 d, a;", "u32", lambda x, y: x.bit_count(), a, b)
    check("clz.b32 d, a;", "u32", lambda x, y: 32 - x.bit_length(), a, b)
    check("bfind.u32 d, a;", "u32", lambda x, y: x.bit_length() - 1, a, b)
    check("brev.b32 d, a;", "b32", lambda x, y: int(f"{x:032b}"[::-1], 2), a, b)
    check("prmt.b32 d, a, b, 0x0725;", "b32", lambda x, y: _bytes(x, y, (5, 2, 7, 0)), a, b)
    check("shf.l.wrap.b32 d, a, b, 7;", "b32", lambda x, y: (y << 32 | x) << 7 >> 32, a, b)
    check("shf.r.clamp.b32 d, a, b, 40;", "b32", lambda x, y: y, a, b)


def _bytes(x, y, order):
    both = (y << 32 | x).to_bytes(8, "little")
    return int.from_bytes([both[i] for i in order], "little")


def test_bit_fields():
    a, b = pairs("s32")
    check("bfe.u32 d, a, 5, 7;", "u32", lambda x, y: x >> 5 & 127, a, b)
    check("bfe.s32 d, a, 5, 7;", "s32", lambda x, y: (x >> 5 & 127) - (x >> 11 & 1) * 128, a, b)
    check("bfe.s32 d, a, 28, 9;", "s32", lambda x, y: x >> 28, a, b)
    check("bfe.u32 d, a, 28, 0;", "u32", lambda x, y: 0, a, b)
    check("bfi.b32 d, a, b, 4, 8;", "b32", lambda x, y: y & ~0xFF0 | (x & 0xFF) << 4, a, b)


def test_carries_go_from_register_to_register():
    a, b = pairs("u64")
    halves = "mov.b64 {%r2, %r3}, a; mov.b64 {%r4, %r5}, b;"
    join = "mov.b64 d, {%r6, %r7};"
    check(f"{halves} add.cc.u32 %r6, %r2, %r4; addc.u32 %r7, %r3, %r5; {join}", "u64", lambda x, y: x + y, a, b)
    check(f"{halves} sub.cc.u32 %r6, %r2, %r4; subc.u32 %r7, %r3, %r5; {join}", "u64", lambda x, y: x - y, a, b)
    for x in ("add", "sub"):
        through = f"{halves} {x}.cc.u32 %r6, %r2, %r4; {x}c.cc.u32 %r7, %r3, -1; {x}c.u32 %r7, 0, 0; {join}"
        sign = 1 if x == "add" else -1
        check(through, "u64", _top_of_three_words(sign), a, b)
    text = f"{halves} mad.lo.cc.u32 %r6, %r2, %r4, %r5; madc.hi.u32 %r7, %r2, %r4, 0; {join}"
    check(text, "u64", lambda x, y: (x % 2**32) * (y % 2**32) + (y >> 32), a, b)


def _top_of_three_words(sign):
    """(0, high of x, low of x) plus or minus (0, all ones, low of y): its top word over its lowest."""

    def sums(x, y):
        total = x + sign * ((2**32 - 1 << 32) + y % 2**32)
        return (total >> 64) % 2**32 << 32 | total % 2**32

    return sums


@pytest.mark.parametrize("kind", ["s32", "u32", "s64", "u64"])
def test_comparisons_go_by_the_sign_of_the_kind(kind):
    a, b = pairs(kind)
    names = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater}
    for name, function in names.items():
        received = elementwise(f"setp.{name}.{kind} d, a, b;", "pred", a=a, b=b)
        np.testing.assert_array_equal(received, function(a, b))


def test_selections():
    a, b = pairs("s32")
    check("setp.lt.s32 %p1, a, b; selp.b32 d, a, b, %p1;", "s32", min, a, b)
    check("slct.s32.s32 d, a, b, a;", "s32", lambda x, y: x if x >= 0 else y, a, b)
    check("setp.lt.s32 %p1, a, b; not.pred %p2, %p1; @%p2 mov.b32 d, a; @!%p2 mov.b32 d, b;", "s32", max, a, b)
