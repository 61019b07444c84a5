"""Every CUDA kernel through NVIDIA's assembler, for the tests and for bench/cuda_code.py."""

import re
from typing import NamedTuple

from tests.ptx.compiler import assemble
from tests.ptx.emulated import emulated, program_of

from . import cases

CAPABILITIES = [(8, 0), (9, 0)]
ARITHMETIC = re.compile(r"(?:add|sub|mul|fma|mad|div|sqrt|rcp|neg|abs|min|max|setp|ex2|lg2)\b.*\.f64")


class Source(NamedTuple):
    """What `assemble` takes: the PTX of a kernel."""

    name: str
    ptx: str
    program: object


def first_cases():
    """One case for each function of each operation."""
    found = {}
    for case in cases.everything():
        found.setdefault((case.operation, case.function), case)
    return list(found.values())


def launches(case, capability, dtype="float32"):
    """The launches of a call: the kernel's, and those of its stages."""
    device = emulated(capability)
    arguments = [device.take(a) if hasattr(a, "shape") else a for a in case.make(dtype)]
    stages = case.kernel("cuda").bind(*arguments).stages()
    return list({stage.ptx(capability): stage for stage in stages}.values())


def examine(launch, capability, folder):
    """What ptxas says of the kernel, compiled for this GPU."""
    code = launch.ptx(capability)
    return assemble(Source(code.entry, code.text, program_of(code)), folder, capability)


def examine_retargeted(launch, capability, folder):
    """The same of its code for sm_90, which but for tensor cores is that for older GPUs: test_assembly.py looks."""
    code = launch.ptx((9, 0))
    text = code.text.replace(".target sm_90", ".target sm_{}{}".format(*capability))
    return assemble(Source(code.entry, text, program_of(code)), folder, capability)


def plain(code):
    """PTX without what differs from one compilation to the next: names, and for which GPU."""
    return re.sub(r"_ZN\w+|_cudapy_\w+|\.target sm_\d+", "", code.text)


def float64_arithmetic(launch, capability):
    """The instructions that compute in float64; conversions, and what only moves, are none."""
    texts = [
        step.text.partition("@")[2].partition(" ")[2] if step.text[0] == "@" else step.text
        for step in program_of(launch.ptx(capability)).steps
    ]
    return [text for text in texts if ARITHMETIC.match(text)]
