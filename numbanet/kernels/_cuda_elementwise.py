"""CUDA kernels that do the same to every element: written for one element, run with 128-bit accesses.

    @elementwise(whole=("rate",))
    def momentum(g, rate, v, w):  # v and w are written
        v = like(0.9, v) * v - like(rate[0], v) * g
        return v, w + v

The function takes the elements of the arrays and the numbers as they are, and returns what becomes the elements of
the last arrays. Arrays named in `whole` it gets as they are. All other arrays have one size and begin at a multiple
of 16 bytes. A thread does four elements: loads of 16 bytes keep enough bytes under way for the memory's bandwidth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from numba import cuda, types
from numba.cuda.extending import intrinsic

from ._cuda import ceil_div, device, load, load4, load_vector, store, store4, store_vector
from ._cuda_kernel import THREADS, CudaKernel, Options, _stopped
from ._cuda_simulator import simulated, with_numpy

LANES = 4  # elements of a thread


class Elementwise(CudaKernel):
    """A kernel whose function is that of one element."""

    def __init__(self, function: Callable[..., Any], whole: Sequence[str], options: Options) -> None:
        super().__init__(function, replace(options, grid=self._blocks))
        self.whole = frozenset(whole)

    def _arrays(self, arguments: Sequence[Any]) -> list[Any]:
        named = zip(self._names, arguments, strict=False)
        return [a for name, a in named if getattr(a, "shape", ()) and name not in self.whole]

    def _blocks(self, *arguments: Any) -> int:
        fours, rest = divmod(self._arrays(arguments)[-1].size, LANES)
        return ceil_div(fours + rest, THREADS)

    def _launch(self, given: tuple[Any, ...], memory: Any = None) -> Any:
        launch = super()._launch(given, memory)
        arrays = self._arrays(given)
        if any(a.size != arrays[-1].size for a in arrays) or not aligned(*arrays):
            raise TypeError(
                f"{self.name}: expected arrays of one size at multiples of 16 bytes, received "
                f"{[(a.shape, a.address % 16) for a in arrays]}"
            )
        return launch

    def thunk(self, body: Any, unpack: Any, kinds: tuple[Any, ...]) -> Callable[[Any], None]:
        """The function for four elements, or, behind the last four, for one."""
        own = [
            isinstance(kind, types.Array) and name not in self.whole
            for name, kind in zip(self._names, kinds, strict=True)
        ]
        last = max(k for k, element in enumerate(own) if element)
        take4, take1, put = _take(kinds, own, LANES), _take(kinds, own, 1), _put(kinds, own)

        def thunk(words: Any) -> None:
            if not _stopped(words):
                arguments = unpack(words)
                thread = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
                fours = arguments[last].size >> 2
                if thread < fours:
                    first = thread * LANES
                    a, b, c, d = take4(arguments, first)
                    put(arguments, first, (body(*a), body(*b), body(*c), body(*d)))
                else:
                    i = thread + (LANES - 1) * fours
                    if i < arguments[last].size:
                        put(arguments, i, (body(*take1(arguments, i)[0]),))

        return thunk

    def simulated(self) -> Any:
        """One thread after another takes its elements."""
        body, whole, names = with_numpy(self.function), self.whole, self._names

        def run(*arguments: Any) -> None:
            named = zip(names, arguments, strict=True)
            arrays = [a.reshape(-1) if getattr(a, "shape", ()) and n not in whole else None for n, a in named]
            own = [a for a in arrays if a is not None]
            thread, size = cuda.grid(1), own[-1].size
            fours = size // LANES
            first, count = (LANES * thread, LANES) if thread < fours else (thread + (LANES - 1) * fours, 1)
            for i in range(first, min(first + count, size)):
                result = body(*(a if e is None else e[i] for a, e in zip(arguments, arrays, strict=True)))
                result = result if isinstance(result, tuple) else (result,)
                for array, value in zip(own[-len(result) :], result, strict=True):
                    array[i] = value

        return simulated(run)


def elementwise(whole: Sequence[str] = (), **options: Any) -> Callable[[Callable[..., Any]], Elementwise]:
    """Decorator: see above. options: scratch, before and numbers, as for CUDA kernels."""
    return lambda function: Elementwise(function, whole, Options(**options))


def aligned(*arrays: Any) -> int:
    """For a plan: 1 where all arrays begin at multiples of 16 bytes, as load4 and store4 want it, else 0."""
    return int(all(a.address % 16 == 0 for a in arrays))


def lanes(*arrays: Any) -> int:
    """For a plan: how many elements of their rows, the last axis, one access may take: 4 or 1."""
    return LANES if aligned(*arrays) and all(a.shape[-1] % LANES == 0 for a in arrays) else 1


@device
def move(lanes, source, i, target, j):
    """target.flat[lanes j :] = source.flat[lanes i :], so many elements, where `lanes` is of a plan."""
    if lanes == LANES:
        a, b, c, d = load4(source, LANES * i)
        store4(target, LANES * j, a, b, c, d)
    else:
        store(target, j, load(source, i))


def _take(kinds: tuple[Any, ...], own: list[bool], lanes: int) -> Any:
    """An intrinsic: the function's arguments for each of `lanes` elements, from the first on."""
    of_one = types.Tuple([kind.dtype if element else kind for kind, element in zip(kinds, own, strict=True)])

    @intrinsic
    def take(typing_context: Any, arguments: Any, first: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            found = []
            for k, element in enumerate(own):
                value = builder.extract_value(values[0], k)
                each = load_vector(context, builder, kinds[k], value, values[1], lanes) if element else [value] * lanes
                found.append(each)
            of_all = [context.make_tuple(builder, of_one, each) for each in zip(*found, strict=True)]
            return context.make_tuple(builder, signature.return_type, of_all)

        return types.UniTuple(of_one, lanes)(arguments, types.int64), generate

    return take


def _put(kinds: tuple[Any, ...], own: list[bool]) -> Any:
    """An intrinsic that stores what the function returned for each of some elements, from the first on."""

    @intrinsic
    def put(typing_context: Any, arguments: Any, first: Any, results: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            each = [builder.extract_value(values[2], lane) for lane in range(results.count)]
            several = isinstance(results.dtype, types.BaseTuple)
            returned = results.dtype.types if several else [results.dtype]
            written = [k for k, element in enumerate(own) if element][-len(returned) :]
            for position, (k, kind) in enumerate(zip(written, returned, strict=True)):
                lanes = [builder.extract_value(value, position) if several else value for value in each]
                lanes = [context.cast(builder, value, kind, kinds[k].dtype) for value in lanes]
                array = builder.extract_value(values[0], k)
                store_vector(context, builder, kinds[k], array, values[1], lanes)
            return context.get_dummy_value()

        return types.void(arguments, types.int64, results), generate

    return put
