"""A kernel, its binding to arrays, and the executor that runs a list of bound kernels without Python.

A kernel's work is cut into tasks of fixed size, like the blocks of a CUDA grid: the function is compiled once, for
one task, and the executor runs the tasks one after another or spread over threads. Serial and parallel are so the
same machine code, and the bits cannot depend on which ran.

Compiled, a kernel is `void thunk(first_task, last_task, block)`, where the block holds its arguments as 64-bit
words: an array is its address and shape (C order), a scalar its bits, a tuple of integers its elements. Ten empty
calls cost 0.4 us this way, and 2 us through Numba's dispatcher (November 2026, Xeon).

A kernel may have stages: other kernels with the same arguments that run before or after it, to pack what it reads or
to add up what it wrote. What passes between them lies in scratch memory, which the kernels of a program share.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import numpy_support

from ._denormals import flush_denormals, restore
from ._jit import DISABLED, jit
from ._plain import plain, textbook
from ._threads import LEAST_WORK, threads

WORD = ir.IntType(64)
MOST_ELEMENTS = 2**31 - 1  # of one array on a GPU, whose kernels count in 32 bits
TASK_WORK = 5.0  # microseconds: what a task is cut to hold, where its kernel has no estimate of its own


@dataclass(frozen=True)
class Bound:
    """A kernel with its arguments: an entry of a program."""

    kernel: Kernel
    arguments: tuple[Any, ...]
    tasks: int
    work: float  # microseconds on one core, by the kernel's own estimate
    address: int
    block: np.ndarray[Any, np.dtype[np.int64]]
    scratch: int = 0  # bytes of the block's last array, which the executor provides
    before: tuple[Bound, ...] = ()
    after: tuple[Bound, ...] = ()

    def stages(self) -> tuple[Bound, ...]:
        """The kernel among its stages, in the order they run in."""
        return (*self.before, self, *self.after)

    def textbook(self) -> tuple[Bound, ...]:
        """What runs in its place as plain Python: the reference's loop, or the stages of a kernel without one."""
        loop = textbook(self.kernel)
        if loop is self.kernel:
            return self.stages()
        given = self.arguments[: len(loop.parameters)]
        return (replace(self, kernel=loop, arguments=given, tasks=loop.tasks(*given) if loop.tasks else 1),)


class Kernel:
    """A loop over arrays. Call it with its arguments, or `bind` them once and run it from an Executor.

    `function(task, *arguments)` does one task where `tasks(*arguments)` counts them, and
    `function(*arguments)` does it all where `tasks` is None. `work(*arguments)` estimates the microseconds of a
    task on one core. Arguments are C-contiguous arrays, numbers and tuples of integers; outputs come last.

    With `scratch(*arguments)`, the size of a 1-D array in the first argument's type, the function gets that array as
    one more argument, and so do its stages, the kernels `before` and `after` it.
    """

    def __init__(
        self,
        function: Callable[..., None],
        tasks: Callable[..., int] | None,
        work: Callable[..., float] | None,
        scratch: Callable[..., int] | None = None,
        before: Sequence[Kernel] = (),
        after: Sequence[Kernel] = (),
    ) -> None:
        self.function = function
        self.name = f"{function.__module__}.{function.__qualname__}"
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.tasks, self.work = tasks, work
        self.scratch, self.before, self.after = scratch, tuple(before), tuple(after)
        names = list(inspect.signature(function).parameters)
        self._names = tuple(names[1:] if tasks else names)
        self.parameters = self._names[:-1] if scratch else self._names
        self._thunks: dict[tuple[Any, ...], Any] = {}

    def bind(self, *arguments: Any) -> Bound:
        """Compile for these arguments' types, if that is new, and remember where they are."""
        if len(arguments) != len(self.parameters):
            raise TypeError(f"{self.name}: expected arguments {self.parameters}, received {len(arguments)}")
        memory = np.empty(self.scratch(*arguments), arguments[0].dtype) if self.scratch else None
        before, after = (tuple(s._bind(arguments, memory) for s in stages) for stages in (self.before, self.after))
        return self._bind(arguments, memory, before, after)

    def _bind(self, given: tuple[Any, ...], memory: Any = None, before: Any = (), after: Any = ()) -> Bound:
        arguments, scratch = (given, 0) if memory is None else ((*given, memory), memory.nbytes)
        words, kinds = _pack(self.name, self._names, arguments)
        tasks = self.tasks(*given) if self.tasks else 1
        work = tasks * (self.work(*given) if self.work else TASK_WORK)
        if DISABLED:
            return Bound(self, arguments, tasks, work, 0, np.zeros(0, np.int64), scratch, before, after)
        thunk = self._thunks.get(kinds)
        if thunk is None:
            thunk = self._thunks[kinds] = _compile(self, kinds)
        return Bound(self, arguments, tasks, work, thunk, np.array(words, np.int64), scratch, before, after)

    def __call__(self, *arguments: Any) -> None:
        Executor([self.bind(*arguments)]).run()

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(self.parameters)})"


def kernel(
    tasks: Callable[..., int] | None = None,
    work: Callable[..., float] | None = None,
    scratch: Callable[..., int] | None = None,
    before: Sequence[Kernel] = (),
    after: Sequence[Kernel] = (),
) -> Callable[[Callable[..., None]], Kernel]:
    """Decorator: `@kernel()` for a loop in one task, `@kernel(tasks=count)` for one that is cut."""
    return lambda function: Kernel(function, tasks, work, scratch, before, after)


def _pack(kernel: str, names: Sequence[str], arguments: Sequence[Any]) -> tuple[list[int], tuple[Any, ...]]:
    """The arguments as words, and their types."""
    words: list[int] = []
    kinds: list[Any] = []
    for name, value in zip(names, arguments, strict=True):
        if isinstance(value, np.ndarray):
            if not value.flags.c_contiguous:
                raise TypeError(f"{kernel}: {name} must be C-contiguous")
            words += [value.ctypes.data, *value.shape]
            kinds.append(types.Array(numpy_support.from_dtype(value.dtype), value.ndim, "C"))
        elif isinstance(value, np.float32):
            words.append(int(value.view(np.uint32)))
            kinds.append(types.float32)
        elif isinstance(value, float):
            words.append(int(np.float64(value).view(np.int64)))
            kinds.append(types.float64)
        elif isinstance(value, int | np.integer):
            words.append(int(value))
            kinds.append(types.int64)
        elif isinstance(value, tuple) and value and all(isinstance(v, int | np.integer) for v in value):
            words += map(int, value)
            kinds.append(types.UniTuple(types.int64, len(value)))
        else:
            raise TypeError(
                f"{kernel}: {name} is {type(value).__name__}, not an array, a number or a tuple of integers"
            )
    return words, tuple(kinds)


def _unpacker(kinds: tuple[Any, ...]) -> Any:  # pragma: no cover - of the compiler
    """An intrinsic that reads a block of words back as a tuple of arrays and scalars of these types."""
    result = types.Tuple(kinds)

    @intrinsic
    def unpack(typing_context: Any, block: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            words = builder.inttoptr(arguments[0], WORD.as_pointer())
            position = 0

            def word() -> Any:
                nonlocal position
                pointer = builder.gep(words, [WORD(position)])
                position += 1
                return pointer

            values = []
            for kind in kinds:
                if isinstance(kind, types.Array):
                    element = context.get_data_type(kind.dtype)
                    data = builder.inttoptr(builder.load(word()), element.as_pointer())
                    shape = [builder.load(word()) for _ in range(kind.ndim)]
                    values.append(array_view(context, builder, kind, data, shape))
                elif isinstance(kind, types.UniTuple):
                    elements = [builder.load(word()) for _ in range(kind.count)]
                    values.append(context.make_tuple(builder, kind, elements))
                else:
                    pointer = builder.bitcast(word(), context.get_data_type(kind).as_pointer())
                    values.append(builder.load(pointer))
            return context.make_tuple(builder, result, values)

        return result(types.int64), generate

    return unpack


def array_view(
    context: Any, builder: Any, kind: Any, data: Any, shape: list[Any]
) -> Any:  # pragma: no cover - compiler
    """Numba's array structure over memory that somebody else keeps alive."""
    item = WORD(context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides, step, count = [], item, WORD(1)
    for extent in reversed(shape):
        strides.insert(0, step)
        step, count = builder.mul(step, extent), builder.mul(count, extent)
    array = context.make_array(kind)(context, builder)
    context.populate_array(
        array,
        data=data,
        shape=cgutils.pack_array(builder, shape, ty=WORD),
        strides=cgutils.pack_array(builder, strides, ty=WORD),
        itemsize=item,
        meminfo=None,
    )
    return array._getvalue()


def _compile(kernel: Kernel, kinds: tuple[Any, ...]) -> int:  # pragma: no cover - of the compiler
    """The address of the kernel's thunk for arguments of these types."""
    body = jit(kernel.function)
    unpack = _unpacker(kinds)
    if kernel.tasks:

        def thunk(first: int, last: int, block: int) -> None:
            arguments = unpack(block)
            for task in range(first, last):
                body(task, *arguments)

    else:

        def thunk(first: int, last: int, block: int) -> None:
            body(*unpack(block))

    # the symbol must be unique in a process that loads thunks compiled by several others
    key = f"{kernel.name}({', '.join(map(str, kinds))})"
    thunk.__name__ = thunk.__qualname__ = f"thunk:{key}:{next(_numbers)}"
    # the folder's digest knows our sources alone: what users write is compiled anew by every process
    kept = kernel.function.__module__.startswith("numbanet.kernels.") and kernel.function.__closure__ is None
    compiled = jit(thunk, key=key if kept else "")
    signature = (types.int64, types.int64, types.int64)
    compiled.compile(signature)
    result = compiled.overloads[signature]
    address: int = result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)
    _compiled.append(result)  # owns the machine code at the address
    return address


_compiled: list[Any] = []
_numbers = itertools.count()  # two threads may compile at once, and each takes its own


@intrinsic
def _call(typing_context: Any, address: Any, first: Any, last: Any, block: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        function = ir.FunctionType(ir.VoidType(), [WORD, WORD, WORD])
        builder.call(builder.inttoptr(arguments[0], function.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


def _serial(addresses: Any, tasks: Any, blocks: Any, stop: Any) -> None:  # pragma: no cover - compiled
    before = flush_denormals()
    for k in range(addresses.size):
        if stop[0]:
            break
        _call(addresses[k], 0, tasks[k], blocks[k])
    restore(before)


def _parallel(
    addresses: Any, tasks: Any, blocks: Any, stop: Any, work: Any, least: float
) -> None:  # pragma: no cover - compiled
    for k in range(addresses.size):
        if stop[0]:
            break
        if tasks[k] == 1 or work[k] < least:
            before = flush_denormals()
            _call(addresses[k], 0, tasks[k], blocks[k])
            restore(before)
        else:
            for task in numba.prange(tasks[k]):  # each on a thread of its own
                thread_before = flush_denormals()
                _call(addresses[k], task, task + 1, blocks[k])
                restore(thread_before)


_run_serial = jit(_serial, key="serial")
_run_parallel = jit(_parallel, key="parallel", parallel=True)


class Executor:
    """Runs bound kernels in order: one call from Python for a whole training step.

    stop (1,) int64: a kernel that sets it ends the run, and nothing runs until it is 0 again.
    """

    def __init__(self, bound: Sequence[Bound], stop: Any = None) -> None:
        self.stop = np.zeros(1, np.int64) if stop is None else stop
        self.given, self.bound = tuple(bound), tuple(stage for b in bound for stage in b.stages())
        self._blocks, self.scratch = [b.block for b in self.bound], self._share_scratch(bound)
        self._cut = any(b.tasks > 1 and b.work >= LEAST_WORK for b in self.bound)
        self._work = np.array([b.work for b in self.bound], np.float64)
        self._arrays = (
            np.array([b.address for b in self.bound], np.int64),
            np.array([b.tasks for b in self.bound], np.int64),
            np.array([block.ctypes.data for block in self._blocks], np.int64),
            self.stop,
        )

    def _share_scratch(self, bound: Sequence[Bound]) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """One piece of memory for all kernels that need scratch: one runs after the other."""
        memory = np.empty(max((b.scratch for b in bound), default=0) + 64, np.uint8)
        if not DISABLED:
            self._blocks = []
            for b in bound:
                for stage in b.stages():
                    block = stage.block.copy()
                    if b.scratch:
                        block[-2] = memory.ctypes.data + -memory.ctypes.data % 64
                    self._blocks.append(block)
        return memory

    def run(self) -> None:
        if plain.get():
            with np.errstate(all="ignore"):  # as machine code, which warns of nothing
                self._run_python(stage for b in self.given for stage in b.textbook())
        elif DISABLED:
            self._run_python(self.bound)
        elif self._cut and threads.parallel:
            with threads.region():
                _run_parallel(*self._arrays, self._work, threads.least_work)
        else:
            _run_serial(*self._arrays)

    def _run_python(self, bound: Iterable[Bound]) -> None:
        for b in bound:
            if self.stop[0]:
                break
            if b.kernel.tasks:
                for task in range(b.tasks):
                    b.kernel.function(task, *b.arguments)
            else:
                b.kernel.function(*b.arguments)
