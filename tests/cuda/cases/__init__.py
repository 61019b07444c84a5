"""The arguments that every CUDA kernel is tried with: small, odd, and larger than a tile.

    def cases():
        x = array(13, 7)
        yield case("forward", x, 0.5, out(13, 7))

What they are made of is numbanet/bench/case.py's.
"""

import importlib
import pkgutil

from numbanet import kernels
from numbanet.bench.case import Case, Given, array, double, exact, integers, out, update

__all__ = ["OPERATIONS", "Case", "Given", "array", "case", "double", "everything"]
__all__ += ["exact", "integers", "of", "out", "update"]

OPERATIONS = sorted(m.name for m in pkgutil.iter_modules(kernels.__path__) if m.ispkg)


def case(function, *arguments, note=""):
    """A call: Case without its operation, which the table knows."""
    shapes = [argument.values.shape for argument in arguments if isinstance(argument, Given)]
    first = "x".join(map(str, shapes[0] + shapes[-1])) if shapes else ""
    return function, arguments, "-".join(filter(None, [note, first]))


def of(operation):
    """The cases of an operation; none where it has no file."""
    try:
        module = importlib.import_module(f"{__name__}.{operation}")
    except ModuleNotFoundError:
        return []
    return [Case(operation, *found) for found in module.cases()]


def everything():
    """The cases of all operations."""
    return [found for operation in OPERATIONS for found in of(operation)]
