"""Compiles numba.cuda kernels without a GPU: to PTX, which the machine runs, and by ptxas, for what it tells."""

import re
import shutil
import subprocess
import sys
import types
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from .machine import launch
from .program import Program

VERSION = "13.0"  # of the toolkit: its PTX and its ptxas have to be one version's


class Compiled(NamedTuple):
    name: str
    ptx: str
    signature: tuple  # Numba's types of the arguments
    program: Program

    def __call__(self, grid, block, *arguments, dynamic_bytes=0):
        """Run on the machine; returns its Report. Arrays are changed in place."""
        flat = [
            part for kind, value in zip(self.signature, arguments, strict=True) for part in _parameters(kind, value)
        ]
        return launch(self.program, grid, block, *flat, dynamic_bytes=dynamic_bytes)


class Assembled(NamedTuple):
    registers: int  # of a thread
    spill_bytes: int  # stored and loaded, of a thread
    stack_bytes: int
    shared_bytes: int  # static, of a block
    wide_accesses: int  # instructions that load or store 128 bits
    float64_instructions: int


def numba_cuda():
    """The module numba.cuda of the package numba-cuda; skips the tests where it, or its toolkit, is missing."""
    pytest.importorskip("numba_cuda", reason="numba-cuda compiles the kernels")
    if not hasattr(np, "row_stack"):  # gone in NumPy 2.5; numba-cuda 0.30 asks for it
        np.row_stack = np.vstack
    from numba import cuda

    if cuda.__name__ != "numba.cuda" or hasattr(cuda, "simulator_init"):
        pytest.skip("the CUDA simulator is on: it compiles nothing", allow_module_level=True)
    try:
        from numba.cuda.cudadrv import nvrtc, nvvm

        nvvm.NVVM()
        nvrtc.get_supported_ccs()  # compiles nothing here, but knows the architectures
    except Exception as error:
        advice = f"pip install 'cuda-toolkit[nvvm,nvrtc,nvcc]=={VERSION}.*'"
        pytest.skip(f"no libNVVM or NVRTC: {advice}. {type(error).__name__}", allow_module_level=True)
    return cuda


def compile_kernel(function, signature, capability=(8, 0), **options):
    """A kernel (a plain function) for arguments of Numba's types, e.g. CPointer(float32) or float32[:, ::1]."""
    cuda = numba_cuda()
    from numba.cuda import dispatcher

    before = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: types.SimpleNamespace(compute_capability=capability)
    try:
        ptx, _ = cuda.compile_ptx(function, signature, device=False, cc=capability, **options)
    finally:
        dispatcher.get_current_device = before
    return Compiled(function.__name__, ptx, signature, Program(ptx, function.__name__))


def _parameters(kind, value):
    """The parameters of one argument: of an array (parent, ..., items, item size, data, shape, strides in bytes)."""
    if isinstance(value, np.ndarray) and str(value.dtype) != str(kind.dtype):
        raise TypeError(f"an argument of type {kind} received an array of {value.dtype}")
    if isinstance(value, np.ndarray) and hasattr(kind, "ndim"):
        return (0, 0, value.size, value.itemsize, value, *value.shape, *value.strides)
    return (value,)


def ptxas():
    """NVIDIA's assembler: on the PATH, or the one that the package nvidia-cuda-nvcc brings; None without either."""
    ours = [Path(folder) / "nvidia" / "cu13" / "bin" / "ptxas" for folder in sys.path]
    return next((str(path) for path in ours if path.exists()), None) or shutil.which("ptxas")


def assemble(compiled, folder, capability=(8, 0)):
    """What ptxas makes of a kernel; skips the test where there is none."""
    program = ptxas()
    if program is None:
        pytest.skip("no ptxas: pip install nvidia-cuda-nvcc")
    source = Path(folder) / f"{compiled.name}.ptx"
    source.write_text(compiled.ptx)
    arguments = [program, f"-arch=sm_{capability[0]}{capability[1]}", "-v", "-o", str(source.with_suffix(".cubin"))]
    done = subprocess.run([*arguments, str(source)], capture_output=True, text=True)
    if "Unsupported .version" in done.stderr:
        pytest.skip(f"ptxas is older than libNVVM: pip install 'cuda-toolkit[nvvm,nvrtc,nvcc]=={VERSION}.*'")
    if done.returncode:
        raise ValueError(f"ptxas refuses {compiled.name}: {done.stderr}")
    return _read(done.stderr, compiled.program)


def _read(log, program):
    def number(pattern):
        found = re.search(pattern, log)
        return int(found[1]) if found else 0

    opcodes = Counter(step.text.split(" ")[1 if step.text[0] == "@" else 0] for step in program.steps)
    wide = sum(n for opcode, n in opcodes.items() if re.search(r"^(ld|st)\..*v4\.[fbsu]32|v2\.[fbsu]64", opcode))
    return Assembled(
        registers=number(r"Used (\d+) registers"),
        spill_bytes=number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads"),
        stack_bytes=number(r"(\d+) bytes stack frame"),
        shared_bytes=number(r"(\d+) bytes smem"),
        wide_accesses=wide + opcodes["cp.async.cg.shared.global"],
        float64_instructions=sum(n for opcode, n in opcodes.items() if ".f64" in opcode),
    )
