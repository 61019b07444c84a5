"""A penalty on a parameter, added to the loss: l1 sum |w| + l2 sum w^2, Keras's form (no factor 1/2)."""

from __future__ import annotations

from typing import Any

from .checks import non_negative
from .config import resolve


class Regularizer:
    """l1 sum |w| + l2 sum w^2."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = non_negative(type(self).__name__, "l1", l1)
        self.l2 = non_negative(type(self).__name__, "l2", l2)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class L1L2(Regularizer):
    """Both penalties: the elastic net, Zou and Hastie 2005."""

    def __init__(self, l1: float = 0.01, l2: float = 0.01) -> None:
        super().__init__(l1, l2)


class L1(Regularizer):
    """l1 sum |w|: drives weights to zero (Tibshirani 1996)."""

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """l2 sum w^2: keeps weights small (Krogh and Hertz 1992)."""

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


def l1(l1: float = 0.01) -> Regularizer:
    """`L1(l1)`."""
    return L1(l1)


def l2(l2: float = 0.01) -> Regularizer:
    """`L2(l2)`."""
    return L2(l2)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> Regularizer:
    """`L1L2(l1, l2)`."""
    return L1L2(l1, l2)


_known = {"l1": L1, "l2": L2, "l1_l2": L1L2}


def get(owner: str, argument: str, regularizer: Any) -> Regularizer | None:
    """The regularizer of that name with its defaults, the one given, or None."""
    if regularizer is None:
        return None
    found: Regularizer = resolve(owner, argument, regularizer, Regularizer, _known)
    return found
