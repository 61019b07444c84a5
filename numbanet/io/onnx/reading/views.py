"""How a tensor of the file lies in the memory of our layers: no transpose is computed, only kept track of.

The file's axes stand in its own order, NCHW of images, where ours have the channels last. So a tensor is known by its
parts: the file's axes are made of parts, and so is the memory, in another order. Transpose, Reshape, Squeeze and
Flatten only say anew which parts make an axis. A layer that needs an order of its own asks for it; weights follow the
order of the parts that they meet, as those of a Dense behind a Flatten.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ....layers.base import Shape

NEEDS_TRANSPOSE = "it needs its input's axes in an order in which they do not lie, and no layer of ours transposes"


class Refusal(Exception):
    """Why a node cannot be imported."""

    def __init__(self, reason: str, node: Any = None) -> None:
        super().__init__(reason)
        self.node = node


class Part:
    """An axis, or a factor of one. It may turn out to be made of smaller ones.

    steps: of a batch axis that is made of another and of steps, (batch, steps...): each step is a sample by itself.
    """

    def __init__(self, size: int, steps: Sequence[Part] = ()) -> None:
        self.size, self.steps = size, tuple(steps)
        self.inside: tuple[Part, ...] = ()

    def split(self, first: int) -> tuple[Part, Part]:
        """Parts of `first` and of size / first."""
        self.inside = Part(first), Part(self.size // first)
        return self.inside


def smallest(parts: Iterable[Part]) -> list[Part]:
    """The parts, and instead of those that were split what they are made of."""
    found: list[Part] = []
    for part in parts:
        found += smallest(part.inside) if part.inside else [part]
    return found


def size_of(parts: Iterable[Part]) -> int:
    return math.prod(part.size for part in parts)


def order_of(file: Sequence[Part], memory: Sequence[Part]) -> Any:
    """For each place in memory, where the file has that element; both are the same parts in two orders."""
    places = np.arange(size_of(file)).reshape([part.size for part in file])
    return places.transpose([list(file).index(part) for part in memory]).reshape(-1)


class Memory:
    """Where the numbers of a tensor lie: (N, *shape), which are the parts `order` from the slowest to the fastest.

    order: None as long as it is free, because nobody asked: that of the graph's input is chosen by the first layer that
    needs one, and a Dense can give its outputs in any order. free: the axes to be ordered then, and `told` hears it.
    """

    def __init__(self, batch: Part | None, order: Sequence[Part] | None, shape: Shape | None) -> None:
        self.batch, self._order, self.shape = batch, order, shape
        self.free: tuple[tuple[Part, ...], ...] = ()
        self.told: list[Callable[[Sequence[Part]], None]] = []
        self.axes: tuple[int, ...] = ()  # of the graph's input: the file's axes in our order
        self.outer: Memory | None = None  # while it is free: what steps were made samples of

    @classmethod
    def of_input(cls, batch: Part | None, axes: Sequence[Part], indices: bool) -> Memory:
        """That of the graph's input, whose batch axis may be unknown, too."""
        memory = cls(batch, None, None)
        memory.free = tuple((part,) for part in axes)
        memory.told.append(lambda order: memory._shape_of_input(order, indices))
        return memory

    @property
    def sizes(self) -> Shape:
        """The shape that layers see, or where that was not said a size for each part."""
        return tuple(part.size for part in self.order) if self.shape is None else self.shape

    @property
    def steps(self) -> int:
        """How many steps of each of our samples are samples to the file; 0 where samples are the same to both."""
        return size_of(self.batch.steps[1:]) if self.batch and self.batch.steps else 0

    @property
    def order(self) -> list[Part]:
        return smallest(self._order or ())

    @property
    def is_free(self) -> bool:
        return self._order is None

    def is_features(self, parts: Sequence[Part]) -> bool:
        """Whether these are all that a Dense gives, in an order that is still free."""
        return self.shape is not None and self.is_free and list(parts) == smallest(self.free[-1])

    def fix(self, order: Sequence[Part]) -> None:
        """Choose the order, the batch axis first."""
        self.batch, self._order = order[0], list(order[1:])
        for hear in self.told:
            hear(order)

    def _shape_of_input(self, order: Sequence[Part], indices: bool) -> None:
        """Our input has the file's axes, whole, in an order that leads to this one."""
        place, places = -1.0, {}
        for k, axis in enumerate(self.free):
            found = [order.index(part) for part in smallest(axis) if part in order]
            places[k] = place = float(found[0]) if found else place + 0.5 / len(self.free)
        self.axes = tuple(sorted(places, key=places.__getitem__))
        lying = [part for k in self.axes for part in smallest(self.free[k])]
        if _without_units(lying) != _without_units(order) or smallest(self.free[self.axes[0]])[0] is not order[0]:
            self._order = None
            raise Refusal(NEEDS_TRANSPOSE)
        shape = tuple(size_of(self.free[k]) for k in self.axes[1:])
        self.shape = shape if shape or indices else (1,)


def _without_units(parts: Iterable[Part]) -> list[Part]:
    return [part for part in parts if part.size > 1]


class View:
    """A tensor as the file has it: its axes, of parts, and the memory in which these lie."""

    def __init__(self, memory: Memory, axes: Sequence[Sequence[Part]]) -> None:
        self.memory = memory
        self._axes = tuple(tuple(axis) for axis in axes)

    @property
    def axes(self) -> list[list[Part]]:
        return [smallest(axis) for axis in self._axes]

    @property
    def rank(self) -> int:
        return len(self._axes)

    @property
    def sizes(self) -> Shape:
        return tuple(size_of(axis) for axis in self._axes)

    @property
    def batch(self) -> Part:
        """The batch axis; where it was not said and nobody needed it yet, the first one."""
        return self.memory.batch or self._choose_batch(0)

    def _choose_batch(self, axis: int) -> Part:
        parts = self._axes[axis]
        if len(parts) != 1 or parts[0].inside or (parts[0],) not in self.memory.free:
            raise Refusal("its batch axis is part of another; give input_shape with None where the batch axis is")
        self.memory.batch = parts[0]
        return parts[0]

    def expect_batch(self, axis: int) -> None:
        """Axis `axis` is the batch axis."""
        if self.memory.batch is None:
            self._choose_batch(axis)
        if self.axes[axis] != [self.batch]:
            raise Refusal(f"its axis {axis} is not the batch axis; give input_shape with None where the batch axis is")

    def expect_no_batch(self, axes: Iterable[int], what: str) -> None:
        if any(self.batch in self.axes[k] for k in axes):
            raise Refusal(f"it {what} the samples of a batch")

    def settle(self) -> None:
        """Where the order is free, take the file's."""
        if self.memory.is_free:
            first = self.batch
            parts = smallest(part for axis in self.memory.free for part in axis)
            self.memory.fix([first] + [part for part in parts if part is not first])

    def lies_as(self, *axes: Sequence[Part]) -> None:
        """The memory is the batch axis and then these parts, in this order. Raises Refusal."""
        wanted = smallest(part for axis in axes for part in axis)
        if self.memory.is_free:
            self.memory.fix([self.batch, *wanted])
        if _without_units(self.memory.order) != _without_units(wanted):
            raise Refusal(NEEDS_TRANSPOSE)

    def ends_with(self, parts: Sequence[Part]) -> Any:
        """These parts are the fastest in memory: where the file has the element of each place, as `order_of`."""
        parts = smallest(parts)
        if self.batch in parts:
            raise Refusal("it mixes the samples of a batch")
        if self.memory.is_free:
            others = smallest(part for axis in self._axes for part in axis)
            self.memory.fix([self.batch, *(p for p in others if p is not self.batch and p not in parts), *parts])
        count = len(_without_units(parts))
        last = _without_units(self.memory.order)[len(_without_units(self.memory.order)) - count :]
        if set(last) != set(_without_units(parts)):
            raise Refusal(NEEDS_TRANSPOSE)
        return order_of(_without_units(parts), last)

    def channels_last(self, channel: int = 1) -> Any:
        """For (N, C, ...) in the file, (N, ..., C) in memory; the order of the channels, as `order_of`."""
        self.expect_batch(0)
        others = [part for k, axis in enumerate(self.axes) if k not in (0, channel) for part in axis]
        if self.memory.is_free:
            self.lies_as(others, self.axes[channel])
        order = self.ends_with(self.axes[channel])
        rest = _without_units(self.memory.order)[: len(_without_units(others))]
        if rest != _without_units(others):
            raise Refusal(NEEDS_TRANSPOSE)
        return order

    def around(self, parts: Sequence[Part]) -> tuple[list[Part], list[Part]]:
        """The parts before and after these, which lie side by side in their order. Raises Refusal."""
        self.settle()
        order, wanted = _without_units(self.memory.order), _without_units(parts)
        start = order.index(wanted[0]) if wanted else len(order)
        if order[start : start + len(wanted)] != wanted:
            raise Refusal(NEEDS_TRANSPOSE)
        return order[:start], order[start + len(wanted) :]

    def position(self, axis: int) -> int:
        """An axis counted from the first, also where it is given from the last. Raises Refusal."""
        if not -self.rank <= axis < self.rank:
            raise Refusal(f"it has no axis {axis}: its input has {self.rank} axes")
        return axis % self.rank

    def with_axes(self, axes: Sequence[Sequence[Part]]) -> View:
        return View(self.memory, axes)

    def reshaped(self, sizes: Sequence[int]) -> View:
        """The same numbers in the file's order, with other axes. Raises Refusal."""
        if self.batch.steps:
            return self._steps_left().reshaped(sizes)
        batch = self.batch
        source = [p for axis in self.axes for p in axis if p.size > 1 or p is batch]
        if size_of(source) != math.prod(sizes):
            raise Refusal(f"it reshapes {self.sizes} to {tuple(sizes)}, of another number of elements")
        axes: list[list[Part]] = []
        view, todo = self, list(sizes)
        while todo:
            axis: list[Part] = []
            need = size = todo.pop(0)
            while need > 1 or (not axis and size == 1 and source and source[0] is batch and batch.size == 1):
                part = source[0]
                if need % part.size == 0:
                    axis.append(source.pop(0))
                    need //= part.size
                elif part.size % need == 0 and part is not batch:
                    first, rest = part.split(need)
                    source[0] = rest
                    axis.append(first)
                    need = 1
                else:
                    break
            if need == 1:
                axes.append(axis)
                continue
            block, many = axis, [size]  # parts and sizes without common borders: made anew, as far as they go together
            while size_of(block) != math.prod(many):
                if size_of(block) < math.prod(many):
                    block.append(source.pop(0))
                else:
                    many.append(todo.pop(0))
            view, new = view._anew(block, many)
            axes += [[part] for part in new]
        if source:
            raise Refusal("it leaves out the batch axis")
        return view.with_axes(axes)._steps_entered()

    def _steps_entered(self) -> View:
        """Where an axis is the batch and then steps, which lie first: each step is a sample from here on."""
        axes, batch, outer = self.axes, self.batch, self.memory
        k = next((k for k, axis in enumerate(axes) if axis and axis[0] is batch), 0)
        steps = axes[k][1:]
        if not steps or self.rank < 2:
            return self
        inner = Part(size_of(axes[k]), axes[k])
        others = [axis for axis in axes if axis is not axes[k]]
        if not outer.is_free:
            if _without_units(outer.order)[: len(steps)] != steps:
                return self
            memory = Memory(inner, [part for part in outer.order if part not in steps], None)
        else:
            memory = Memory(inner, None, None)
            memory.free, memory.outer = ((inner,), *map(tuple, others)), outer
            memory.told.append(lambda order: View(outer, ()).lies_as([*steps, *order[1:]]))
        return View(memory, [[inner] if axis is axes[k] else axis for axis in axes])

    def _steps_left(self) -> View:
        """The same tensor, where what was made samples is steps again."""
        inner, memory = self.batch, self.memory
        if memory.is_free and memory.outer is not None:
            outer = memory.outer
        else:
            self.settle()
            shape = None if memory.shape is None else (memory.steps, *memory.shape)
            outer = Memory(inner.steps[0], [*inner.steps[1:], *memory.order], shape)
        return View(outer, [inner.steps if axis == [inner] else axis for axis in self.axes])

    def _anew(self, block: Sequence[Part], sizes: Sequence[int]) -> tuple[View, list[Part]]:
        """The parts `block`, which lie side by side, cut into parts of other sizes."""
        if self.batch in block:
            raise Refusal("it mixes the samples of a batch")
        before, after = self.around(block)
        new = [Part(size) for size in sizes]
        return View(Memory(self.batch, [*before, *new, *after], self.memory.shape), ()), new

    def lying(self) -> list[tuple[int, int, int]]:
        """The memory in terms of the file's axes: (axis, step along it, size) from the slowest to the fastest."""
        self.settle()
        where: dict[Part, tuple[int, int]] = {}
        for k, axis in enumerate(self.axes):
            step = 1
            for part in reversed(axis):
                where[part] = k, step
                step *= part.size
        found: list[tuple[int, int, int]] = []
        for part in [self.batch, *self.memory.order]:
            if part not in where or (part.size == 1 and part is not self.batch):
                continue
            axis_of, step = where[part]
            if found and part is not self.batch and found[-1][:2] == (axis_of, step * part.size) and len(found) > 1:
                found[-1] = axis_of, step, found[-1][2] * part.size
            else:
                found.append((axis_of, step, part.size))
        return found
