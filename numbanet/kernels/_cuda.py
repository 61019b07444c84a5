"""The few device functions that numba.cuda has no word for, and the flags of CUDA code: each once, with its reason.

Indices into arrays are those of the flat array, in C order, and are not checked: no wraparound of negative ones. On
the CUDA simulator, which knows no pointers, each function is its twin in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, cuda, types
from numba.core import errors
from numba.cuda.extending import intrinsic

from ._cuda_simulator import with_numpy

SIMULATED = bool(config.ENABLE_CUDASIM)
WARP = 32  # threads that run in step
I32, I64 = ir.IntType(32), ir.IntType(64)


def device(function: Callable[..., Any]) -> Any:
    """A helper of CUDA kernels that becomes part of the kernel that calls it."""
    if SIMULATED:
        return cuda.jit(device=True)(with_numpy(function))
    return cuda.jit(device=True, forceinline=True)(function)


def _twin(python: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Decorator: an intrinsic, or on the simulator the Python function that does the same."""
    return lambda codegen: python if SIMULATED else intrinsic(codegen)


def place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """A pointer to an element of an array, in LLVM."""
    base = context.make_array(kind)(context, builder, value=array).data
    return builder.gep(base, [index])


def wide(context: Any, builder: Any, kind: Any, array: Any, index: Any, lanes: int) -> tuple[Any, int]:
    """A pointer to a vector of elements, and how many bytes of it one access takes."""
    element = place(context, builder, kind, array, index)
    vector = ir.VectorType(element.type.pointee, lanes)
    size = lanes * context.get_abi_sizeof(element.type.pointee)
    return builder.bitcast(element, vector.as_pointer(element.type.addrspace)), min(size, 16)


def load_vector(context: Any, builder: Any, kind: Any, array: Any, index: Any, lanes: int) -> list[Any]:
    """The LLVM values of `lanes` elements, loaded 128 bits at a time."""
    pointer, alignment = wide(context, builder, kind, array, index, lanes)
    loaded = builder.load(pointer)
    loaded.align = alignment
    return [builder.extract_element(loaded, I32(lane)) for lane in range(lanes)]


def store_vector(context: Any, builder: Any, kind: Any, array: Any, index: Any, values: list[Any]) -> None:
    """Store LLVM values 128 bits at a time."""
    pointer, alignment = wide(context, builder, kind, array, index, len(values))
    vector = pointer.type.pointee(ir.Undefined)
    for lane, value in enumerate(values):
        vector = builder.insert_element(vector, value, I32(lane))
    builder.store(vector, pointer).align = alignment


def _flat(a: Any) -> Any:
    return a.reshape(-1)


@_twin(lambda a, i: _flat(a)[i])
def load(typing_context, a, i):
    """a.flat[i]"""

    def generate(context, builder, signature, arguments):
        return builder.load(place(context, builder, signature.args[0], *arguments))

    return a.dtype(a, types.int64), generate


def _put(a: Any, i: Any, value: Any) -> None:
    _flat(a)[i] = value


@_twin(_put)
def store(typing_context, a, i, value):
    """a.flat[i] = value"""

    def generate(context, builder, signature, arguments):
        builder.store(arguments[2], place(context, builder, signature.args[0], *arguments[:2]))
        return context.get_dummy_value()

    return types.void(a, types.int64, a.dtype), generate


@_twin(lambda a, i: tuple(_flat(a)[i : i + 4]))
def load4(typing_context, a, i):
    """Four elements from a.flat[i] on, with 128-bit accesses: i is a multiple of 4, and a begins at one of 16 bytes."""

    def generate(context, builder, signature, arguments):
        values = load_vector(context, builder, signature.args[0], *arguments, 4)
        return context.make_tuple(builder, signature.return_type, values)

    return types.UniTuple(a.dtype, 4)(a, types.int64), generate


def _put4(a: Any, i: Any, *values: Any) -> None:
    _flat(a)[i : i + 4] = values


@_twin(_put4)
def store4(typing_context, a, i, x, y, z, w):
    """a.flat[i : i + 4] = x, y, z, w, as load4 loads them."""

    def generate(context, builder, signature, arguments):
        store_vector(context, builder, signature.args[0], *arguments[:2], list(arguments[2:]))
        return context.get_dummy_value()

    return types.void(a, types.int64, a.dtype, a.dtype, a.dtype, a.dtype), generate


@_twin(lambda value, x: x.dtype.type(value))
def like(typing_context, value, x):
    """A number in the type of x, an array or a scalar: a bare literal would make float32 arithmetic float64."""
    kind = x.dtype if isinstance(x, types.Array) else x

    def generate(context, builder, signature, arguments):
        return context.cast(builder, arguments[0], signature.args[0], signature.return_type)

    return kind(value, x), generate


@_twin(lambda i: i)
def opaque(typing_context, i):
    """i, an int64, of which the compiler knows nothing: a loop that steps by it is not unrolled further."""

    def generate(context, builder, signature, arguments):
        return builder.asm(ir.FunctionType(I64, [I64]), "mov.u64 $0, $1;", "=l,l", arguments, False)

    return types.int64(types.int64), generate


def _literal(kind: Any) -> int:
    """The number that an argument is. Raises RequireLiteralValue, and Numba then tries again with literals."""
    if not isinstance(kind, types.IntegerLiteral):
        raise errors.RequireLiteralValue("expected a literal")
    return int(kind.literal_value)


def _put_or_zero(smem: Any, i: Any, a: Any, j: Any, count: Any, inside: Any) -> None:
    _flat(smem)[i : i + count] = _flat(a)[j : j + count] if inside else 0


@_twin(_put_or_zero)
def copy_or_zero(typing_context, smem, i, a, j, count, inside):
    """Begin to copy `count`, a literal 4 or 1, float32 from a.flat[j] to smem.flat[i]; zeros if not inside.

    They go past the registers: commit_copies, then wait_copies.
    """
    size = 4 * _literal(count)

    def generate(context, builder, signature, arguments):
        shared = place(context, builder, signature.args[0], *arguments[:2])
        shared = builder.addrspacecast(shared, shared.type.pointee.as_pointer(3))
        source = place(context, builder, signature.args[2], *arguments[2:4])
        source = builder.ptrtoint(builder.addrspacecast(source, source.type.pointee.as_pointer(1)), I64)
        taken = builder.select(arguments[5], I32(size), I32(0))
        text = f"cp.async.{'cg' if size == 16 else 'ca'}.shared.global [$0], [$1], {size}, $2;"
        return _assemble(builder, text, "r,l,r,~{memory}", [builder.ptrtoint(shared, I32), source, taken], context)

    return types.void(smem, types.int64, a, types.int64, count, types.boolean), generate


@_twin(lambda: None)
def commit_copies(typing_context):
    """The copies begun since the last call are one group."""
    return types.void(), lambda context, builder, signature, arguments: _assemble(
        builder, "cp.async.commit_group;", "~{memory}", [], context
    )


@_twin(lambda pending: None)
def wait_copies(typing_context, pending):
    """Wait until at most `pending` groups, a literal, of this thread's copies are under way."""
    number = _literal(pending)
    return types.void(pending), lambda context, builder, signature, arguments: _assemble(
        builder, f"cp.async.wait_group {number};", "~{memory}", [], context
    )


def _assemble(builder: Any, text: str, constraints: str, values: list[Any], context: Any) -> Any:
    """One line of PTX that changes memory, and so stays where it is."""
    kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
    builder.call(ir.InlineAsm(kind, text, constraints, side_effect=True), values)
    return context.get_dummy_value()


def ceil_div(a: int, b: int) -> int:
    """How many pieces of size b cover a: for grids."""
    return -(-a // b)


@device
def short(i):
    """A number in 32 bits, as arithmetic of indices in 64 takes two to four times as long; one below zero is huge."""
    return np.uint32(np.int64(i) & 0xFFFFFFFF)


@device
def within(i, extent):
    """0 <= i < extent"""
    return short(i) < short(extent)


@device
def divide(a, b):
    """Quotient and remainder of numbers in 32 bits."""
    quotient = short(a) // short(b)
    return np.int64(quotient), np.int64(short(a - quotient * b))
