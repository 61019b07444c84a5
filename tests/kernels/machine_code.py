"""The machine code of a kernel, as text."""

import re
from types import FunctionType

from numbanet.kernels import _kernel


def assembly(kernel, *arguments):
    """Compiled anew: what is loaded from disk has no text."""
    ours = kernel.function
    function = FunctionType(ours.__code__, ours.__globals__, ours.__name__, None, ours.__closure__)
    function.__module__ = __name__
    _kernel.Kernel(function, kernel.tasks, kernel.work).bind(*arguments)
    return _kernel._compiled[-1].library.get_asm_str()


def loops(text):
    """The instructions of each loop that has no loop inside: from a label to the jump back there."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    lines = [line for line in lines if re.match(r"(\.L\w+:|[a-z])", line)]
    for last, line in enumerate(lines):
        jump = re.match(r"j\w+\s+(\.L\w+)", line)
        if jump:
            body = []
            for earlier in reversed(lines[:last]):
                if earlier.startswith(".L"):
                    if earlier == f"{jump[1]}:":
                        yield [*body[::-1], line]
                    break
                body.append(earlier)
