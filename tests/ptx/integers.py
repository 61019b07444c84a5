"""Integer and bit operations of PTX on NumPy vectors. PTX ISA 9.0, 9.7.1 and 9.7.8."""

import numpy as np

from .errors import Unsupported
from .kinds import dtype_of


def high(a, b):
    """The upper half of a * b."""
    dtype = np.result_type(a, b)
    if dtype.itemsize < 8:
        wide = np.int64 if dtype.kind == "i" else np.uint64
        return (np.asarray(a).astype(wide) * np.asarray(b).astype(wide) >> wide(8 * dtype.itemsize)).astype(dtype)
    ua, ub = np.asarray(a).astype(np.uint64), np.asarray(b).astype(np.uint64)
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    al, ah, bl, bh = ua & mask, ua >> half, ub & mask, ub >> half
    middle = ah * bl + (al * bl >> half)
    other = al * bh + (middle & mask)
    result = ah * bh + (middle >> half) + (other >> half)
    if dtype.kind == "i":
        zero = np.uint64(0)
        result = result - np.where(np.less(a, 0), ub, zero) - np.where(np.less(b, 0), ua, zero)
    return result.astype(dtype)


def divide(a, b):
    """Towards zero; all ones where b is 0, for which PTX promises nothing."""
    safe = np.where(b == 0, b.dtype.type(1), b)
    quotient = a // safe
    if a.dtype.kind == "i":
        quotient = quotient + ((quotient < 0) & (quotient * safe != a))
    return np.where(b == 0, ~a.dtype.type(0), quotient)


def remainder(a, b):
    return np.where(b == 0, a, a - divide(a, b) * b)


def shift_left(a, n):
    width = 8 * a.dtype.itemsize
    return np.where(n >= width, a.dtype.type(0), a << np.minimum(n, width - 1).astype(a.dtype))


def shift_right(a, n):
    width = 8 * a.dtype.itemsize
    shifted = a >> np.minimum(n, width - 1).astype(a.dtype)
    return shifted if a.dtype.kind == "i" else np.where(n >= width, a.dtype.type(0), shifted)


def funnel(direction, clamp):
    """shf: 32 bits of the 64 in (high, low), from n bits to the left or right."""

    def shf(low, top, n):
        n = np.minimum(n, 32) if clamp else n & np.uint32(31)
        both = (top.astype(np.uint64) << np.uint64(32)) | low
        n = n.astype(np.uint64)
        return ((both << n) >> np.uint64(32) if direction == "l" else both >> n).astype(np.uint32)

    return shf


def bits_of(a):
    """(n, width) from the lowest bit."""
    width = 8 * a.dtype.itemsize
    return (a[:, None] >> np.arange(width, dtype=a.dtype)) & a.dtype.type(1)


def count_ones(a):
    return np.bitwise_count(a).astype(np.uint32)


def leading_zeros(a):
    rest = a.copy()
    for shift in [s for s in (1, 2, 4, 8, 16, 32) if s < 8 * a.dtype.itemsize]:
        rest |= rest >> a.dtype.type(shift)
    return np.uint32(8 * a.dtype.itemsize) - count_ones(rest)


def reverse_bits(a):
    width = 8 * a.dtype.itemsize
    weights = a.dtype.type(1) << np.arange(width, dtype=a.dtype)[::-1]
    return (bits_of(a) * weights).sum(axis=1, dtype=a.dtype)


def highest_bit(a):
    """bfind: of a negative number, the highest 0; all ones where there is none."""
    magnitude = np.where(a < 0, ~a, a).view(f"u{a.dtype.itemsize}")
    found = np.uint32(8 * a.dtype.itemsize - 1) - leading_zeros(magnitude)
    return np.where(magnitude == 0, np.uint32(0xFFFFFFFF), found)


def _field(dtype, position, length):
    position, length = (np.minimum(v & np.uint32(0xFF), 8 * dtype.itemsize) for v in (position, length))
    mask = ~shift_left(np.full(np.broadcast(position, length).shape, ~dtype.type(0)), length)
    return position, length, mask


def extract(a, position, length):
    """bfe: a field of bits; of a signed kind with its sign, which is the number's where the field goes beyond."""
    unsigned = a.view(f"u{a.dtype.itemsize}")
    position, length, mask = _field(unsigned.dtype, position, length)
    field = shift_right(a, position).view(unsigned.dtype) & mask
    if a.dtype.kind == "i":
        width = 8 * a.dtype.itemsize
        top = np.minimum(position + length - np.uint32(1), width - 1).astype(a.dtype)
        negative = (length > 0) & (((a >> top) & 1) == 1)
        field = np.where(negative, field | ~mask, field)
    return field.view(a.dtype)


def insert(a, b, position, length):
    """bfi: the low bits of a in place of a field of b."""
    position, _, mask = _field(a.dtype, position, length)
    mask = shift_left(mask, position)
    return (b & ~mask) | (shift_left(a, position) & mask)


def permute(a, b, selector):
    """prmt: each byte of the result is one of the eight of (b, a), or its sign eight times."""
    both = (b.astype(np.uint64) << np.uint64(32)) | a
    result = np.zeros(np.broadcast(a, b, selector).shape, np.uint32)
    for i in range(4):
        choice = (selector >> np.uint32(4 * i)) & np.uint32(15)
        byte = (both >> (np.uint64(8) * (choice & np.uint32(7)).astype(np.uint64))) & np.uint64(255)
        sign = np.where(byte >= 128, np.uint64(255), np.uint64(0))
        result |= np.where(choice >= 8, sign, byte).astype(np.uint32) << np.uint32(8 * i)
    return result


def logic3(a, b, c, table):
    """lop3: bit (a, b, c) of the table."""
    result = np.zeros(np.broadcast(a, b, c).shape, np.uint32)
    for i in range(8):
        terms = [x if i >> (2 - j) & 1 else ~x for j, x in enumerate((a, b, c))]
        chosen = np.where((table >> np.uint32(i)) & np.uint32(1), np.uint32(0xFFFFFFFF), np.uint32(0))
        result |= terms[0] & terms[1] & terms[2] & chosen
    return result


def multiply(parts, kind):
    """mul and mad, of which a half or both are kept."""
    product = np.multiply
    result = kind
    if "wide" in parts:
        result = f"{kind[0]}{2 * int(kind[1:])}"
        wide = dtype_of(result)

        def product(a, b):
            return a.astype(wide) * b.astype(wide)

    elif "hi" in parts:
        product = high
    if parts[0] == "mul":
        return (kind, kind), result, product
    return (kind, kind, result), result, lambda a, b, c: product(a, b) + c


_SAME = {
    "add": np.add,
    "sub": np.subtract,
    "min": np.minimum,
    "max": np.maximum,
    "div": divide,
    "rem": remainder,
    "neg": np.negative,
    "abs": np.abs,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "cnot": lambda a: (a == 0).astype(a.dtype),
    "brev": reverse_bits,
}
_UNARY = ("neg", "abs", "not", "cnot", "brev")
_COUNTS = {"popc": count_ones, "clz": leading_zeros, "bfind": highest_bit}


def operation(parts, kind):
    """(kinds of the sources, kind of the result, function)"""
    name = parts[0]
    if "sat" in parts:
        raise Unsupported("saturated integers")
    if name in _SAME:
        return (kind,) * (1 if name in _UNARY else 2), kind, _SAME[name]
    if name in ("mul", "mad"):
        return multiply(parts, kind)
    if name in ("shl", "shr"):
        return (kind, "u32"), kind, shift_left if name == "shl" else shift_right
    if name == "shf":
        return ("b32", "b32", "u32"), "b32", funnel(parts[1], "clamp" in parts)
    if name in _COUNTS:
        return (kind,), "u32", _COUNTS[name]
    if name == "bfe":
        return (kind, "u32", "u32"), kind, extract
    if name == "bfi":
        return (kind, kind, "u32", "u32"), kind, insert
    if name == "prmt" and parts[-1] == "b32" and len(parts) == 2:
        return ("b32", "b32", "u32"), "b32", permute
    if name == "lop3":
        return ("b32", "b32", "b32", "u32"), "b32", logic3
    raise Unsupported(".".join(parts))
