"""Instructions that compute, as steps for the machine: arithmetic, comparisons, moves, conversions."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import floats, integers
from .errors import Unsupported
from .kinds import dtype_of, is_float
from .memory import WINDOWS
from .operands import CARRY, names, reader, writer


class Step(NamedTuple):
    text: str
    role: str  # run, branch, exit, barrier; warp: an operation that threads of a warp meet at
    run: Callable | None  # (block, lanes)
    reads: tuple[str, ...]  # registers
    writes: tuple[str, ...]
    names: tuple[str, ...]  # of both
    guard: Callable | None  # (block, lanes): who takes part
    guard_name: str | None
    strict: bool  # whether an unwritten value among the reads is an error, or makes the results unwritten
    target: int = 0  # of a branch
    members: Callable | None = None  # of a warp's operation: (block, lanes), the mask of the threads that it needs


def sources_and_results(instruction, registers, results):
    """The names of registers that an instruction reads and those that it writes, the latter its first operands."""
    written = [n for text in instruction.operands[:results] for n in names(text) if n in registers]
    read = [
        part
        for text in instruction.operands[results:]
        for name in names(text)
        for part in [name.strip("[]! ").split("+")[0].strip()]
        if part in registers
    ]
    return tuple(read), tuple(written)


def computed(instruction, kinds, result, function, registers):
    """The run of an instruction whose first operand is a function of the others."""
    operands = instruction.operands
    if len(operands) != len(kinds) + 1:
        raise Unsupported(str(instruction))
    readers = [reader(text, kind, registers) for text, kind in zip(operands[1:], kinds, strict=True)]
    write = writer(operands[0], result, registers)

    def run(block, lanes):
        write(block, lanes, function(*(read(block, lanes) for read in readers)))

    return run


def arithmetic(instruction, registers):
    parts = instruction.parts
    kind = parts[-1]
    module = floats if is_float(kind) else integers
    return computed(instruction, *module.operation(parts, kind), registers)


def convert(instruction, registers):
    parts = instruction.parts
    if len(instruction.operands) == 3:  # two numbers into one register, the first on top
        return _convert_two(instruction, registers)
    source, result, function = floats.conversion(parts)
    return computed(instruction, (source,), result, function, registers)


def _convert_two(instruction, registers):
    parts = [p.removesuffix("x2") for p in instruction.parts]
    source, result, function = floats.conversion(parts)
    if dtype_of(result).itemsize != 2:
        raise Unsupported(str(instruction))

    def pack(top, low):
        halves = [function(x).view(np.uint16).astype(np.uint32) for x in (top, low)]
        return (halves[0] << np.uint32(16)) | halves[1]

    return computed(instruction, (source, source), "b32", pack, registers)


def compare(instruction, registers):
    """setp.op(.and|.or|.xor).kind p|q, a, b(, c): q is what p would be with the opposite comparison."""
    parts, operands = instruction.parts, instruction.operands
    kind = parts[-1]
    function = floats.comparison(parts[1], kind)
    a, b = (reader(text, kind, registers) for text in operands[1:3])
    joined = reader(operands[3], "pred", registers) if len(operands) > 3 else None
    join = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}.get(parts[2])
    writers = [writer(name, "pred", registers) for name in names(operands[0])]

    def run(block, lanes):
        holds = function(a(block, lanes), b(block, lanes))
        for write, value in zip(writers, (holds, ~holds), strict=False):
            write(block, lanes, join(value, joined(block, lanes)) if joined else value)

    return run


def select(instruction, registers):
    kind = instruction.parts[-1]
    return computed(instruction, (kind, kind, "pred"), kind, lambda a, b, p: np.where(p, a, b), registers)


def select_by_sign(instruction, registers):
    kind, of = instruction.parts[-2:]
    return computed(instruction, (kind, kind, of), kind, lambda a, b, c: np.where(c >= 0, a, b), registers)


_TESTS = {
    "finite": np.isfinite,
    "infinite": np.isinf,
    "number": lambda x: ~np.isnan(x),
    "notanumber": np.isnan,
    "normal": lambda x: np.isfinite(x) & (np.abs(x) >= np.finfo(x.dtype).tiny),
    "subnormal": lambda x: (x != 0) & (np.abs(x) < np.finfo(x.dtype).tiny),
}


def has_property(instruction, registers):
    parts = instruction.parts
    return computed(instruction, (parts[-1],), "pred", _TESTS[parts[1]], registers)


def move(instruction, registers):
    """mov, also of a register's parts: {low, high}"""
    kind = instruction.parts[-1]
    to, source = instruction.operands
    if source.startswith("{"):
        return _pack(names(source), to, kind, registers)
    if to.startswith("{"):
        return _unpack(names(to), source, kind, registers)
    return computed(instruction, (kind,), kind, lambda x: x, registers)


def _part(kind, count):
    return f"b{int(kind[1:]) // count}"


def _pack(sources, to, kind, registers):
    part = _part(kind, len(sources))
    readers = [reader(name, part, registers) for name in sources]
    write = writer(to, kind, registers)

    def run(block, lanes):
        parts = np.stack([read(block, lanes) for read in readers], axis=1)
        write(block, lanes, parts.view(dtype_of(kind))[:, 0])

    return run


def _unpack(results, source, kind, registers):
    part = _part(kind, len(results))
    read = reader(source, kind, registers)
    writers = [writer(name, part, registers) for name in results]

    def run(block, lanes):
        parts = np.array(read(block, lanes))[:, None].view(dtype_of(part))
        for j, write in enumerate(writers):
            write(block, lanes, parts[:, j])

    return run


def convert_address(instruction, registers):
    """cvta: global addresses are generic ones; shared and local ones stand in windows."""
    parts = instruction.parts
    space = next((s for s in ("global", "const", "shared", "local") if s in parts), None)
    if space is None:
        raise Unsupported(str(instruction))
    window = np.uint64(WINDOWS.get(space, 0))
    kind = parts[-1]
    change = (lambda a: a - window) if "to" in parts else (lambda a: a + window)
    return computed(instruction, (kind,), kind, change, registers)


def with_carry(instruction, registers):
    """add.cc, addc, sub.cc, subc, mad.cc, madc: sums over several registers, the carry in one of its own."""
    parts, operands = instruction.parts, instruction.operands
    kind = "u" + parts[-1][1:]
    readers = [reader(text, kind, registers) for text in operands[1:]]
    write = writer(operands[0], kind, registers)
    takes, gives = parts[0].endswith("c"), "cc" in parts
    carry, set_carry = reader(CARRY, "pred", registers), writer(CARRY, "pred", registers)
    multiply = integers.high if "hi" in parts else np.multiply

    def run(block, lanes):
        values = [read(block, lanes) for read in readers]
        if len(values) == 3:
            values = [multiply(*values[:2]), values[2]]
        a, b = values
        c = carry(block, lanes).astype(a.dtype) if takes else a.dtype.type(0)
        if parts[0].startswith("sub"):
            result, out = a - b - c, (a < b) | ((a == b) & (c == 1))
        else:
            result = a + b + c
            out = (result < a) | ((result == a) & (c == 1))
        write(block, lanes, result)
        if gives:
            set_carry(block, lanes, out)

    return run


def decode(instruction, registers):
    """The run of an instruction that computes."""
    name = instruction.parts[0]
    if name in ("addc", "subc", "madc") or "cc" in instruction.parts:
        return with_carry(instruction, registers)
    special = {
        "setp": compare,
        "selp": select,
        "slct": select_by_sign,
        "testp": has_property,
        "mov": move,
        "cvt": convert,
        "cvta": convert_address,
    }
    return special.get(name, arithmetic)(instruction, registers)
