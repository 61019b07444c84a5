"""Denormal numbers count as zero while kernels run: below 1.2e-38 in float32, a product takes 100 times as long.

Vanishing gradients and moments that decay come there: a training step of an MLP took 13 ms instead of 0.17 (November
2026, Xeon). XLA and TensorFlow do the same on a CPU. The setting belongs to a thread, and is put back behind the
kernels: what NumPy and others compute there keeps its denormals.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

MACHINE = platform.machine().lower()
X86 = MACHINE in ("x86_64", "amd64")
ARM = MACHINE in ("aarch64", "arm64")
FLUSH = 0x8040 if X86 else 1 << 24  # flush-to-zero and denormals-are-zero of MXCSR; FZ of FPCR
I32, I64 = ir.IntType(32), ir.IntType(64)


def _control(builder: Any) -> Any:  # pragma: no cover - of the compiler
    """The thread's floating-point control register; 0 where we know none."""
    if X86:
        place = builder.alloca(I32)
        pointer = builder.bitcast(place, ir.IntType(8).as_pointer())
        builder.call(_function(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), [pointer.type]), [pointer])
        return builder.zext(builder.load(place), I64)
    if ARM:
        return builder.call(_function(builder, "llvm.aarch64.get.fpcr", I64, []), [])
    return I64(0)


def _set_control(builder: Any, value: Any) -> None:  # pragma: no cover - of the compiler
    if X86:
        place = builder.alloca(I32)
        builder.store(builder.trunc(value, I32), place)
        pointer = builder.bitcast(place, ir.IntType(8).as_pointer())
        builder.call(_function(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), [pointer.type]), [pointer])
    elif ARM:
        builder.call(_function(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), [I64]), [value])


def _function(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:  # pragma: no cover - of the compiler
    kind = ir.FunctionType(result, arguments)
    found = builder.module.globals.get(name)
    return found if found is not None else ir.Function(builder.module, kind, name)


@intrinsic
def flush_denormals(typing_context: Any) -> Any:  # pragma: no cover - of the compiler
    """From here on denormal numbers count as zero in this thread; returns what `restore` needs."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        before = _control(builder)
        _set_control(builder, builder.or_(before, I64(FLUSH)))
        return before

    return types.int64(), generate


@intrinsic
def restore(typing_context: Any, before: Any) -> Any:  # pragma: no cover - of the compiler
    """As it was before `flush_denormals`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _set_control(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate
