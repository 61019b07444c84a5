"""Runs a reference kernel as plain Python on numbers that count what is done with them.

The rules are those of numbanet/bench/cases: an operation on the same numbers counts once, comparisons tell which of
two numbers is larger, and signs, tests for equality and whole numbers are free.
"""

import math
from types import SimpleNamespace

import numpy as np

from numbanet.bench.case import Given
from numbanet.kernels import _gates

FUNCTIONS = ("cos", "erfc", "exp", "expm1", "log", "log1p", "sin", "sqrt", "tanh")


class Ledger:
    """FLOPs, and each result by what it was made of."""

    def __init__(self):
        self.flops, self.known = 0, {}

    def result(self, operation, cost, compute, *operands):
        names = [a.name if isinstance(a, Number) else a for a in operands]
        key = operation, (tuple if operation in ("-", "/", "**") else frozenset)(names)
        if key not in self.known:
            value = compute(*map(float, operands))
            self.flops += cost
            self.known[key] = Number(value, self) if isinstance(value, float) else value
        return self.known[key]


class Number(float):
    """A float64 that has a ledger, and a name of its own."""

    __slots__ = "ledger", "name"

    def __new__(cls, value, ledger):
        self = super().__new__(cls, value)
        self.ledger, self.name = ledger, object()
        return self

    def __add__(self, other):
        return self.ledger.result("+", 1, float.__add__, self, other)

    def __mul__(self, other):
        return self.ledger.result("*", 1, float.__mul__, self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other):
        return self.ledger.result("-", 1, float.__sub__, self, other)

    def __rsub__(self, other):
        return self.ledger.result("-", 1, float.__sub__, other, self)

    def __truediv__(self, other):
        return self.ledger.result("/", 1, float.__truediv__, self, other)

    def __rtruediv__(self, other):
        return self.ledger.result("/", 1, float.__truediv__, other, self)

    def __pow__(self, exponent):
        return self.ledger.result("**", exponent - 1, float.__pow__, self, exponent)

    def __neg__(self):
        return self.ledger.result("sign", 0, float.__neg__, self)

    def __abs__(self):
        return self.ledger.result("size", 0, float.__abs__, self)

    def compare(self, other):
        """Which of the two is larger; the answer is for each of the signs below to give."""
        self.ledger.result("order", 1, lambda *_: None, self, other)

    def __lt__(self, other):
        self.compare(other)
        return float(self) < float(other)

    def __le__(self, other):
        self.compare(other)
        return float(self) <= float(other)

    def __gt__(self, other):
        self.compare(other)
        return float(self) > float(other)

    def __ge__(self, other):
        self.compare(other)
        return float(self) >= float(other)


class Watched(np.ndarray):
    """An array of Python's numbers that knows which of its elements were read, but for its own results, and written."""

    def __array_finalize__(self, source):
        self.read, self.written = getattr(source, "read", None), getattr(source, "written", None)

    def position(self, index):
        indices = index if isinstance(index, tuple) else (index,)
        return sum(i * stride for i, stride in zip(indices, self.strides, strict=True))

    def __getitem__(self, index):
        place = self.position(index)
        if place not in self.written:
            self.read.add(place)
        return super().__getitem__(index)

    def __setitem__(self, index, value):
        self.written.add(self.position(index))
        super().__setitem__(index, value)


def watched(values, ledger):
    """A copy of an array."""
    made = np.empty(values.shape, object).view(Watched)
    made.read, made.written = set(), set()
    numbers = values.reshape(-1).tolist()
    flat = made.reshape(-1).view(np.ndarray)
    flat[:] = [Number(n, ledger) for n in numbers] if values.dtype.kind == "f" else numbers
    return made


class Stand:
    """A module of which some names are others."""

    def __init__(self, module, **names):
        self.__dict__.update(vars(module) | names)


def count(case, monkeypatch):
    """FLOPs that the reference does for a case, and bytes that it reads and writes in float32."""
    ledger = Ledger()

    def counted(name):
        function = getattr(math, name)
        return lambda x: ledger.result(name, 1, function, x) if isinstance(x, Number) else function(x)

    function = case.kernel("reference").function
    names = {
        "math": Stand(math, **{name: counted(name) for name in FUNCTIONS}),
        "np": Stand(np, float64=lambda x: x, int64=int),
        "flat": lambda a: a.reshape(-1),
    }
    for space in (function.__globals__, vars(_gates)):
        for name in names.keys() & space.keys():
            monkeypatch.setitem(space, name, names[name])
    arrays = {id(a): watched(a.values, ledger) for a in case.arguments if isinstance(a, Given)}
    with np.errstate(all="ignore"):
        function(*(arrays.get(id(a), a) for a in case.arguments))
    givens = {id(a): a for a in case.arguments if isinstance(a, Given)}
    moved = sum(size(givens[k]) * (len(a.read) + len(a.written)) for k, a in arrays.items())
    return SimpleNamespace(flops=ledger.flops, moved=moved)


def size(given):
    """Bytes of an element in a model of float32."""
    return 4 if given.values.dtype == np.float64 and not given.double else given.values.itemsize
