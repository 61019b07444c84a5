"""PTX written by hand around a few instructions: what the tests of the machine run, with no compiler."""

import numpy as np

from .kinds import DTYPES, container
from .machine import launch

SIZES = {1: "8", 2: "16", 4: "32", 8: "64"}


def kernel(body, parameters=1, registers="", variables=""):
    """A kernel `k` of pointers, in %rd1, %rd2...; %r1 is the thread's number in its block, %rd0 four times that."""
    declared = ", ".join(f".param .u64 p{i}" for i in range(1, parameters + 1))
    loads = "\n".join(f"ld.param.u64 %rd{i}, [p{i}];" for i in range(1, parameters + 1))
    return f"""
.version 8.0
.target sm_80
.address_size 64
{variables}
.visible .entry k({declared})
{{
    .reg .pred %p<9>;
    .reg .b16 %h<9>;
    .reg .b32 %r<19>;
    .reg .f32 %f<19>;
    .reg .b64 %rd<19>;
    {registers}
    {loads}
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %rd0, %r1, 4;
    {body}
    ret;
}}"""


def elementwise(text, result, **sources):
    """The result d of PTX statements over the elements of arrays (n,): elementwise("neg.f32 d, a;", "f32", a=x).

    A source's kind is its NumPy type's, or, of 16 bits without a sign, b16.
    """
    n = len(next(iter(sources.values())))
    registers, loads = [], []
    for i, (name, array) in enumerate(sources.items(), 1):
        bits = SIZES[array.itemsize]
        registers.append(f".reg .b{max(16, int(bits))} {name};")
        loads.append(f"mad.wide.u32 %rd10, %r1, {array.itemsize}, %rd{i}; ld.global.b{bits} {name}, [%rd10];")
    out = np.zeros(n, bool if result == "pred" else DTYPES[result])
    last = len(sources) + 1
    if result == "pred":
        end = f"selp.u16 %h1, 1, 0, d; mad.wide.u32 %rd10, %r1, 1, %rd{last}; st.global.u8 [%rd10], %h1;"
    else:
        size = container(result).itemsize
        end = f"mad.wide.u32 %rd10, %r1, {size}, %rd{last}; st.global.b{SIZES[size]} [%rd10], d;"
    held = ".pred" if result == "pred" else f".b{max(16, 8 * out.itemsize)}"
    registers.append(f".reg {held} d;")
    launch(kernel("\n".join([*loads, text, end]), last, " ".join(registers)), (1,), (n,), *sources.values(), out)
    return out
