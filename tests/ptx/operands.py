"""Operands as functions: a reader gives the values of the active lanes, a writer sets them.

Both take (block, lanes), where lanes (n,) numbers threads of the block; `block.everyone` itself stands for all of them.
"""

import re

import numpy as np

from .errors import Unsupported
from .kinds import as_bits, container, dtype_of

CARRY = "%carry"  # of add.cc and its kin


def constant(text, kind):
    """An immediate operand as a NumPy scalar."""
    dtype = dtype_of(kind)
    if text[:2] in ("0f", "0F"):
        return np.uint32(int(text[2:], 16)).view(np.float32).astype(dtype)
    if text[:2] in ("0d", "0D"):
        return np.uint64(int(text[2:], 16)).view(np.float64).astype(dtype)
    value = 32 if text == "WARP_SZ" else int(text.rstrip("U"), 0)
    if dtype.kind == "f":
        return dtype.type(value)
    if dtype == np.bool_:
        return np.bool_(value)
    return np.uint64(value & 0xFFFFFFFFFFFFFFFF).astype(container(kind)).view(dtype)


def is_constant(text):
    return text == "WARP_SZ" or re.fullmatch(r"-?\d\w*", text) is not None


def repeated(value):
    """A scalar for any number of lanes."""
    known = {}

    def read(block, lanes):
        n = len(lanes)
        if n not in known:
            known[n] = np.full(n, value)
        return known[n]

    return read


def reader(text, kind, registers):
    """The values of an operand in the given kind; of a wider register, the low bits."""
    if text.startswith("!"):
        plain = reader(text[1:], kind, registers)
        return lambda block, lanes: ~plain(block, lanes)
    if is_constant(text):
        return repeated(constant(text, kind))
    dtype = dtype_of(kind)
    if text not in registers:
        return _reader_of_what_the_launch_knows(text, dtype)
    held, low = container(registers[text]), container(kind)
    if held.itemsize < low.itemsize:
        raise Unsupported(f"{text} of kind .{registers[text]} read as .{kind}")
    truncated = held.itemsize > low.itemsize

    def read(block, lanes):
        bits = block.registers[text]
        if lanes is not block.everyone:
            bits = bits[lanes]
        return (bits.astype(low) if truncated else bits).view(dtype)

    return read


def _reader_of_what_the_launch_knows(text, dtype):
    """A special register, or the address of a variable."""

    def read(block, lanes):
        if text in block.special:
            return block.special[text][lanes].astype(dtype)
        if text in block.addresses:
            return np.full(len(lanes), block.addresses[text], np.uint64).astype(dtype)
        raise Unsupported(f"operand {text}")

    return read


def writer(text, kind, registers):
    """Sets a register from values of the given kind; a wider register gets them extended by their sign."""
    if text == "_":
        return lambda block, lanes, values: None
    if text not in registers:
        raise Unsupported(f"a result in {text}")
    held, dtype = container(registers[text]), dtype_of(kind)
    if held.itemsize < dtype.itemsize:
        raise Unsupported(f"{text} of kind .{registers[text]} written as .{kind}")

    def write(block, lanes, values):
        bits = as_bits(values) if values.dtype.itemsize == held.itemsize else values.astype(held)
        if lanes is block.everyone:
            block.registers[text][:] = bits
        else:
            block.registers[text][lanes] = bits

    return write


def names(text):
    """The parts of {a, b}, of p|q, or of one operand."""
    return [each.strip() for each in re.split(r"[,|]", text.strip("{}()"))]


_ADDRESS = re.compile(r"\[\s*([%\w$.]+)\s*(?:\+\s*(-?\w+))?\s*\]")


def split_address(text):
    """[base + offset]"""
    found = _ADDRESS.fullmatch(text)
    if not found:
        raise Unsupported(f"address {text}")
    return found[1], int(found[2] or "0", 0)


def address_reader(text, registers):
    """64-bit addresses (n,), unsigned."""
    base, offset = split_address(text)
    kind = "u32" if base in registers and container(registers[base]).itemsize == 4 else "u64"
    read = reader(base, kind, registers)
    shift = np.uint64(offset & 0xFFFFFFFFFFFFFFFF)
    return lambda block, lanes: read(block, lanes).astype(np.uint64) + shift
