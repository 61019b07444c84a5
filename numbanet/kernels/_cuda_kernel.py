"""A CUDA kernel, and its launch over arrays on the GPU.

As on the CPU (numbanet.kernels._kernel) a kernel's arguments are 64-bit words: an array is its address and shape, a
scalar its bits. They are the launch's parameters, one after another. The first word is the address of a flag, or 0:
where the flag is set, the kernel does nothing, so that a step that must not be finished changes nothing any more.

Arguments named in `static`, and the shapes of arrays named there, are constants of the machine code: indices become
cheap, and loops of few turns disappear; each value is compiled anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.cuda.extending import intrinsic
from numba.np import numpy_support

from ..errors import DeviceError
from ._cuda import I32, I64, device
from ._cuda_ptx import Ptx, compile_ptx
from ._cuda_simulator import simulated
from ._kernel import MOST_ELEMENTS, Kernel, array_view

GLOBAL = 1  # the address space of what all blocks see
THREADS = 256  # of a block, where a kernel says nothing else


@dataclass(frozen=True)
class Launch:
    """A kernel with its arguments: an entry of a program on the GPU."""

    kernel: CudaKernel
    arguments: tuple[Any, ...]
    kinds: tuple[Any, ...]
    words: np.ndarray[Any, np.dtype[np.int64]]
    grid: tuple[int, int, int]
    threads: int
    shared: int  # bytes of dynamic shared memory of a block
    scratch: int = 0  # bytes of the last array, which the executor provides
    steps: int | None = None  # how often it is launched, each time with another first number; None: once, without one
    before: tuple[Launch, ...] = ()
    after: tuple[Launch, ...] = ()

    def stages(self) -> tuple[Launch, ...]:
        """The kernel among its stages, in the order they run in; without those whose grid has no blocks."""
        own = [self] if self.steps is None else map(self._step, range(self.steps))
        return tuple(launch for launch in (*self.before, *own, *self.after) if min(launch.grid) > 0)

    def _step(self, number: int) -> Launch:
        words = self.words.copy()
        words[1] = number
        return replace(self, words=words)

    def ptx(self, capability: tuple[int, int]) -> Ptx:
        """The code for GPUs of this compute capability."""
        return self.kernel.ptx(self.kinds, capability, self.threads)


@dataclass(frozen=True)
class Options:
    """How a kernel is launched; what is a function here gets the kernel's arguments.

    grid: the number of blocks, or up to three of them; None is one. threads: of a block. shared: bytes of dynamic
    shared memory of a block. occupancy: blocks that an SM must have registers for. static: see above. scratch, before,
    after: as for Kernel.
    steps: it is launched so often, and its function's first parameter is the number of the launch, from 0.
    plan: integers that become constants of the code, such as a tile's shape; a tuple, the function's first parameter
    behind a step.
    numbers: what the host works out of the arguments, in float64, by the names of the parameters that follow those.
    """

    grid: Callable[..., int | tuple[int, ...]] | None = None
    threads: int | Callable[..., int] = THREADS
    shared: Callable[..., int] | None = None
    occupancy: int = 1
    static: Sequence[str] = ()
    scratch: Callable[..., int] | None = None
    before: Sequence[Kernel] = ()
    after: Sequence[Kernel] = ()
    steps: Callable[..., int] | None = None
    plan: Callable[..., tuple[int, ...]] | None = None
    numbers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


class CudaKernel(Kernel):
    """A kernel for a GPU: `function(*arguments)` is what one thread does.

    Its stages may have options of their own; what has a grid without blocks is left out.
    """

    def __init__(self, function: Callable[..., None], options: Options) -> None:
        super().__init__(function, None, None, options.scratch, options.before, options.after)
        self.options = options
        leading = (options.steps is not None) + (options.plan is not None)  # parameters that are not arguments
        self._names, self.parameters = self._names[leading:], self.parameters[leading:]
        self.parameters = tuple(name for name in self.parameters if name not in options.numbers)
        self._codes: dict[tuple[Any, ...], Ptx] = {}

    def bind(self, *arguments: Any) -> Launch:
        """The launch over these arrays of a GPU. Raises DeviceError for an array of the host's memory."""
        if len(arguments) != len(self.parameters):
            raise TypeError(f"{self.name}: expected arguments {self.parameters}, received {len(arguments)}")
        memory = _Scratch(self.scratch(*arguments), arguments[0].dtype) if self.scratch else None
        return self._launch_all(arguments, memory)

    def _launch_all(self, arguments: tuple[Any, ...], memory: Any) -> Launch:
        before, after = (
            tuple(launch for s in stages for launch in s._launch_all(arguments, memory).stages())
            for stages in (self.before, self.after)
        )
        return replace(self._launch(arguments, memory), before=before, after=after)

    def _launch(self, given: tuple[Any, ...], memory: Any = None) -> Launch:
        options = self.options
        arguments: list[Any] = []
        words: list[int] = [0] if options.steps is None else [0, 0]
        kinds: list[Any] = [] if options.steps is None else [types.int64]
        own: list[Any] = []
        for name, value in zip(self._names, self._all(given, memory), strict=True):
            kind, more = _word(f"{self.name}: {name}", value, name in options.static)
            own.append(kind)
            words += more
            arguments.append(value)
        plan = () if options.plan is None else (options.plan(*given),)
        kinds += [_word(f"{self.name}: plan", numbers, True)[0] for numbers in plan] + own
        grid = options.grid(*given) if options.grid else 1
        blocks = (grid,) if isinstance(grid, int) else tuple(grid)
        return Launch(
            self,
            (*plan, *arguments),
            tuple(kinds),
            np.array(words, np.int64),
            (*blocks, 1, 1)[:3],
            options.threads(*given) if callable(options.threads) else options.threads,
            options.shared(*given) if options.shared else 0,
            0 if memory is None else memory.nbytes,
            options.steps(*given) if options.steps else None,
        )

    def _all(self, given: tuple[Any, ...], memory: Any) -> Iterator[Any]:
        """The function's arguments; those given are looked at before anything is made of them."""
        yield from given
        for number in self.options.numbers.values():
            yield number(*given)
        if memory is not None:
            yield memory

    def ptx(self, kinds: tuple[Any, ...], capability: tuple[int, int], threads: int) -> Ptx:
        """The code for arguments of these types and blocks of so many threads, compiled if it is new."""
        found = self._codes.get((kinds, capability, threads))
        if found is None:
            unpack, count = _unpacker(kinds)
            thunk = self.thunk(device(self.function), unpack, kinds)
            thunk.__name__ = thunk.__qualname__ = self.name.removeprefix("numbanet.kernels.").replace(".", "_")
            ours = self.function.__module__.startswith("numbanet.kernels.") and self.function.__closure__ is None
            key = f"{self.name}{kinds}" if ours else ""
            signature = (types.UniTuple(types.int64, count),)
            found = compile_ptx(thunk, signature, capability, (threads, self.options.occupancy), key)
            self._codes[kinds, capability, threads] = found
        return found

    def thunk(self, body: Any, unpack: Any, kinds: tuple[Any, ...]) -> Callable[[Any], None]:
        """The kernel as a function of the words."""

        def thunk(words: Any) -> None:
            if not _stopped(words):
                body(*unpack(words))

        return thunk

    def simulated(self) -> Any:
        """The kernel on Numba's simulator, for NumPy arrays."""
        return simulated(self.function)

    def __call__(self, *arguments: Any) -> None:
        for argument in arguments:
            if hasattr(argument, "address"):  # NumPy's have a device too
                argument.device.executor([self.bind(*arguments)], None).run()
                return
        self.bind(*arguments)  # says what is wrong


def kernel(grid: Any = None, threads: Any = THREADS, **options: Any) -> Callable[[Callable[..., None]], CudaKernel]:
    """Decorator: `@kernel(grid=blocks)`, with Options."""
    return lambda function: CudaKernel(function, Options(grid, threads, **options))


@dataclass(frozen=True)
class _Scratch:
    """The place of scratch memory, which an executor fills in."""

    size: int
    dtype: np.dtype[Any]
    address: int = 0

    @property
    def shape(self) -> tuple[int]:
        return (self.size,)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize


@dataclass(frozen=True)
class Static:
    """The type of an argument whose numbers are constants of the code: an array's shape, an integer or a tuple."""

    kind: Any
    values: tuple[int, ...]


def _word(owner: str, value: Any, static: bool) -> tuple[Any, list[int]]:
    """The type and the words of one argument."""
    if hasattr(value, "address"):
        if value.size > MOST_ELEMENTS:
            raise DeviceError(f"{owner}: expected an array of at most 2^31 - 1 elements, received {value.size}")
        kind = types.Array(numpy_support.from_dtype(value.dtype), len(value.shape), "C")
        return (Static(kind, value.shape), [value.address]) if static else (kind, [value.address, *value.shape])
    if isinstance(value, np.ndarray):
        raise DeviceError(f"{owner}: expected an array of the GPU's memory, received a NumPy array {value.shape}")
    if isinstance(value, np.float32):
        return types.float32, [int(value.view(np.uint32))]
    if isinstance(value, float):
        return types.float64, [int(np.float64(value).view(np.int64))]
    if isinstance(value, int | np.integer):
        return (Static(types.int64, (int(value),)), []) if static else (types.int64, [int(value)])
    if isinstance(value, tuple) and value and all(isinstance(v, int | np.integer) for v in value):
        kind, numbers = types.UniTuple(types.int64, len(value)), tuple(map(int, value))
        return (Static(kind, numbers), []) if static else (kind, list(numbers))
    raise TypeError(f"{owner} is {type(value).__name__}, not an array, a number or a tuple of integers")


def _unpacker(kinds: tuple[Any, ...]) -> tuple[Any, int]:
    """An intrinsic that turns the words into a tuple of arrays and numbers, and the number of words."""
    plain = [kind.kind if isinstance(kind, Static) else kind for kind in kinds]
    result = types.Tuple(plain)
    count = 1 + sum(map(_width, kinds))

    @intrinsic
    def unpack(typing_context: Any, words: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            position, values = 1, []
            for kind, own in zip(kinds, plain, strict=True):
                taken = [builder.extract_value(arguments[0], position + k) for k in range(_width(kind))]
                position += len(taken)
                constants = [I64(number) for number in kind.values] if isinstance(kind, Static) else []
                values.append(_value(context, builder, own, taken + constants))
            return context.make_tuple(builder, result, values)

        return result(words), generate

    return unpack, count


def _width(kind: Any) -> int:
    """The words of an argument."""
    if isinstance(kind, Static):
        return 1 if isinstance(kind.kind, types.Array) else 0
    if isinstance(kind, types.Array):
        return 1 + int(kind.ndim)
    return int(kind.count) if isinstance(kind, types.UniTuple) else 1


def _value(context: Any, builder: Any, kind: Any, words: list[Any]) -> Any:
    """An argument made of its words."""
    if isinstance(kind, types.Array):
        element = context.get_data_type(kind.dtype)
        data = builder.inttoptr(words[0], element.as_pointer(GLOBAL))
        return array_view(context, builder, kind, builder.addrspacecast(data, element.as_pointer()), words[1:])
    if isinstance(kind, types.UniTuple):
        return context.make_tuple(builder, kind, words)
    if kind == types.float32:
        return builder.bitcast(builder.trunc(words[0], I32), ir.FloatType())
    return builder.bitcast(words[0], ir.DoubleType()) if kind == types.float64 else words[0]


@intrinsic
def _stopped(typing_context: Any, words: Any) -> Any:
    """Whether the first word is the address of a flag that is set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = builder.extract_value(arguments[0], 0)
        known = builder.block
        given = builder.icmp_unsigned("!=", address, I64(0))
        with builder.if_then(given, likely=False):
            # volatile, because threads that run may set it
            function = ir.FunctionType(I64, [I64])
            flag = builder.asm(function, "ld.volatile.global.u64 $0, [$1];", "=l,l", [address], True)
            asked = builder.block
            is_set = builder.icmp_unsigned("!=", flag, I64(0))
        result = builder.phi(ir.IntType(1))
        result.add_incoming(ir.Constant(ir.IntType(1), 0), known)
        result.add_incoming(is_set, asked)
        return result

    return types.boolean(words), generate
