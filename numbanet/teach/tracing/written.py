"""Which of its arguments a kernel writes: read off its source, so that nothing has to run.

A parameter is written where an element of it is assigned, `y[i] = ...` or `y[i] += ...`, or where a function that it is
handed to does that. A kernel has the same parameters on every device, so that the reference answers for all of them.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from ...kernels import Kernel
from ...kernels._plain import textbook


@functools.cache
def written(kernel: Kernel) -> tuple[str, ...]:
    """The parameters that the kernel writes or changes, in order. Without source it is the last: outputs come last."""
    function = textbook(kernel).function
    found = _assigned(function, (function,))
    return tuple(name for name in kernel.parameters if name in found) or kernel.parameters[-1:]


def _assigned(function: Callable[..., Any], callers: tuple[Any, ...]) -> set[str]:
    """The names of which a function, or one that it calls, assigns elements."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError):  # typed into Python's prompt; or no function at all
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            array = node.value
            while isinstance(array, ast.Subscript):  # y[n][o]
                array = array.value
            found |= {array.id} if isinstance(array, ast.Name) else set()
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            helper = function.__globals__.get(node.func.id)
            helper = getattr(helper, "py_func", helper)  # of what is compiled
            if inspect.isfunction(helper) and helper not in callers:
                inside = _assigned(helper, (*callers, helper))
                given = zip(inspect.signature(helper).parameters, node.args, strict=False)
                found |= {a.id for name, a in given if name in inside and isinstance(a, ast.Name)}
    return found
