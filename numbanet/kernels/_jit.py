"""The only place with Numba's flags: each one once, with its reason."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
from numba import types
from numba.core import config
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering
from numba.extending import overload

from ._cache import KernelCache

# Everything that lets a loop vectorise, never nnan or ninf: a loss that is NaN must be seen (numba#2919).
FASTMATH = {"contract", "reassoc", "arcp", "nsz", "afn"}
# Numba's default tests every division for zero, and that stops vectorisation.
ERROR_MODEL = "numpy"
# LLVM prefers 256-bit vectors on Intel; the register tile then runs at 65 GFLOP/s instead of 165
# (November 2026, Xeon with AVX-512). On processors without AVX-512 the attribute changes nothing.
VECTOR_WIDTH = '"prefer-vector-width"="512"'

# Numba gives the host's features to the processor that NUMBA_CPU_NAME names: a haswell with AVX-512.
if config.CPU_NAME and config.CPU_FEATURES is None:
    config.CPU_FEATURES = ""

AVX512_PROCESSORS = ("avx512", "lake-server", "rapids", "cascadelake", "cooperlake", "tigerlake", "rocketlake")
AVX512_PROCESSORS += ("znver4", "znver5", "x86-64-v4")


def _instruction_set() -> str:
    """avx512, neon, or avx2 for whatever else there is."""
    if platform.machine().lower() in ("aarch64", "arm64"):
        return "neon"
    if config.CPU_NAME:
        wide = any(part in config.CPU_NAME for part in AVX512_PROCESSORS)
    else:
        wide = bool(llvmlite.binding.get_host_cpu_features().get("avx512f"))
    return "avx512" if wide else "avx2"


INSTRUCTION_SET = _instruction_set()

# what only other loops call needs no way in for Python or C: an eighth of the time to compile
HELPER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
INLINE: dict[str, Any] = HELPER | {"forceinline": True, "nogil": True, "fastmath": FASTMATH, "error_model": ERROR_MODEL}
# for arithmetic whose order carries the precision: (x + magic) - magic is not x
EXACT = INLINE | {"fastmath": FASTMATH - {"reassoc"}}

# and where one reciprocal for two divisions would cost a unit in the last place
DIVIDE = EXACT | {"fastmath": EXACT["fastmath"] - {"arcp"}}

DISABLED = bool(config.DISABLE_JIT)  # NUMBA_DISABLE_JIT=1: every loop runs as plain Python


class _Lower(Lower):
    attributes = (VECTOR_WIDTH,)

    def setup_function(self, fndesc: Any) -> None:  # pragma: no cover - of the compiler
        super().setup_function(fndesc)
        for attribute in self.attributes:
            # llvmlite's set accepts only the attributes it knows; these are LLVM's
            set.add(self.function.attributes, attribute)


class _ApartLower(_Lower):
    attributes = (VECTOR_WIDTH, "noinline")


def _library(state: Any) -> Any:  # pragma: no cover - of the compiler
    """The function's library, made as Numba's own lowering makes it."""
    if state.library is None:
        state.library = state.targetctx.codegen().create_library(state.func_id.func_qualname)
        state.library.enable_object_caching()
    return state.library


@register_pass(mutates_CFG=True, analysis_only=False)
class _HelperLowering(NativeLowering):
    """For functions that end up inside a thunk: LLVM optimises them there, once, and not here."""

    _name = "numbanet_helper_lowering"

    @property
    def lowering_class(self) -> type[Lower]:
        return _Lower

    def run_pass(self, state: Any) -> bool:
        _library(state)._optimize_final_module = lambda: None
        return bool(super().run_pass(state))


@register_pass(mutates_CFG=True, analysis_only=False)
class _ApartLowering(_HelperLowering):
    _name = "numbanet_apart_lowering"

    @property
    def lowering_class(self) -> type[Lower]:
        return _ApartLower


@register_pass(mutates_CFG=True, analysis_only=False)
class _ThunkLowering(NativeLowering):
    """For what is kept on disk: the helpers linked into it become its own.

    Numba links them as weak symbols, and of several copies in a process the first one loaded serves all. The copies
    were optimised in different company, so results changed in the last bit with the order of loading.
    """

    _name = "numbanet_thunk_lowering"

    @property
    def lowering_class(self) -> type[Lower]:
        return _Lower

    def run_pass(self, state: Any) -> bool:
        library = _library(state)
        optimize = library._optimize_final_module

        def own_and_optimize() -> None:
            for function in library._final_module.functions:
                if function.linkage.name == "linkonce_odr":
                    function.linkage = "internal"
            optimize()

        library._optimize_final_module = own_and_optimize
        return bool(super().run_pass(state))


class _Compiler(CompilerBase):
    lowering: type[NativeLowering] = _HelperLowering

    def define_pipelines(self) -> list[Any]:  # pragma: no cover - of the compiler
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [
            (self.lowering, text) if step is NativeLowering else (step, text) for step, text in manager.passes
        ]
        manager._finalized = False
        manager.finalize()
        return [manager]


class _ApartCompiler(_Compiler):
    lowering = _ApartLowering


class _ThunkCompiler(_Compiler):
    lowering = _ThunkLowering


def jit(function: Callable[..., Any], key: str | None = None, parallel: bool = False) -> Any:
    """Compile `function` with the house's flags. A key makes it a thunk, kept on disk under it unless it is empty."""
    if DISABLED:
        return function
    flags: dict[str, Any] = {"nogil": True, "fastmath": FASTMATH, "error_model": ERROR_MODEL}
    flags |= {"parallel": True} if parallel else {"pipeline_class": _Compiler if key is None else _ThunkCompiler}
    if key is None:
        flags |= HELPER
    dispatcher = numba.njit(**flags)(function)
    if key:
        dispatcher._cache = KernelCache(key)
    return dispatcher


class _Inline(CPUDispatcher):  # type: ignore[misc]
    """A helper that Python calls as Python: counting tasks must not cost every process a compilation."""

    def __call__(self, *arguments: Any) -> Any:
        return self.py_func(*arguments)


def inline(function: Callable[..., Any]) -> Any:
    """A helper of kernels that becomes part of the loop that calls it, so that the loop still vectorises."""
    if DISABLED:
        return function
    helper = numba.njit(**INLINE, pipeline_class=_Compiler)(function)
    helper.__class__ = _Inline
    return helper


def apart(function: Callable[..., Any]) -> Any:
    """A helper of kernels that stays a function: LLVM compiles it once, however many loops call it."""
    if DISABLED:
        return function
    # Numba hands a caller's flags down to what it calls, unless that says otherwise
    flags = INLINE | {"forceinline": False}
    return numba.njit(**flags, pipeline_class=_ApartCompiler)(function)


def like(value: float, x: Any) -> Any:
    """The constant `value` in the type of `x`, an array or a scalar.

    A bare literal would make float32 arithmetic float64.
    """
    return x.dtype.type(value)


@overload(like, inline="always")
def _like(value, x):  # type: ignore[no-untyped-def]  # Numba compares the parameters with those of the lambda
    scalar = x.dtype if isinstance(x, types.Array) else x
    return lambda value, x: scalar(value)
