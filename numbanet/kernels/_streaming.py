"""Stores that go past the caches: for arrays that are larger than these, and are not read soon.

An ordinary store first reads the line of cache that it changes a part of. A copy so moves three bytes through memory
for each two that it is about, and streaming stores make it half as fast again (November 2026, Xeon). Where the array
would have stayed in a cache, they make it slower.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ._denormals import X86
from ._jit import DISABLED, inline

LINE = 64  # bytes of a line of cache: whole ones need not be read first


@intrinsic
def _lead(typing_context, y):
    """Elements before the first that begins a line."""

    def generate(context, builder, signature, arguments):
        word = ir.IntType(64)
        data = context.make_array(y)(context, builder, arguments[0]).data
        before = builder.and_(builder.neg(builder.ptrtoint(data, word)), word(LINE - 1))
        return builder.udiv(before, word(context.get_abi_sizeof(data.type.pointee)))

    return types.uint64(y), generate


@intrinsic
def _move_line(typing_context, x, y, i):
    """A line of y, from y[i] on."""

    def generate(context, builder, signature, arguments):
        element = context.get_data_type(y.dtype)
        size = context.get_abi_sizeof(element)
        line = ir.VectorType(element, LINE // size)
        source, target = (
            builder.gep(context.make_array(kind)(context, builder, array).data, [arguments[2]])
            for kind, array in zip((x, y), arguments[:2], strict=True)
        )
        value = builder.load(builder.bitcast(source, line.as_pointer()))
        value.align = size
        store = builder.store(value, builder.bitcast(target, line.as_pointer()))
        store.align = LINE
        store.set_metadata("nontemporal", builder.module.add_metadata([ir.IntType(32)(1)]))
        return context.get_dummy_value()

    return types.void(x, y, types.uint64), generate


@intrinsic
def _settle(typing_context):
    """What was stored so is seen before what is stored from here on; other processors keep the order by themselves."""

    def generate(context, builder, signature, arguments):
        if X86:
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse.sfence", fnty=kind), [])
        return context.get_dummy_value()

    return types.void(), generate


def _move_line_slowly(x, y, i):
    y[i : i + LINE // y.itemsize] = x[i : i + LINE // y.itemsize]


lead, move_line, settle = _lead, _move_line, _settle
if DISABLED:
    lead, move_line, settle = (lambda y: 0), _move_line_slowly, (lambda: None)


@inline
def stream_copy(first, last, x, y):
    """y[first:last] = x[first:last]"""
    width = LINE // y.itemsize
    start = min(last, first + np.int64(lead(y)))
    stop = start + (last - start) // width * width
    for i in range(np.uint64(first), np.uint64(start)):
        y[i] = x[i]
    for i in range(np.uint64(start), np.uint64(stop), np.uint64(width)):
        move_line(x, y, i)
    for i in range(np.uint64(stop), np.uint64(last)):
        y[i] = x[i]
    settle()
