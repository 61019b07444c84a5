"""Exported files run as their users would: C through gcc, Python as a module."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from numbanet.io.standalone.c_file import c_text
from numbanet.io.standalone.numpy_file import numpy_text
from numbanet.program import Program

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def random_values(m, seed=0):
    """Fill a built model with random weights, so that numbers stay near 1; positive variances among them."""
    random = np.random.default_rng(seed)
    weights = [
        random.uniform(0.5, 2.0, w.shape)
        if name.endswith("variance")
        else random.standard_normal(w.shape) / np.sqrt(max(4, np.prod(w.shape[:-1])))
        for name, w in zip(m.weight_names, m.get_weights(), strict=True)
    ]
    m.set_weights([w.astype(m.get_weights()[0].dtype) for w in weights])
    return m


def samples(m, n, seed=1):
    """Random input of a built model."""
    network, random = m._network, np.random.default_rng(seed)
    shape = (n, *network.input_shape)
    limit = network.index_limit
    x = random.standard_normal(shape) if limit is None else random.integers(0, limit, shape)
    return x.astype(network.dtype)


def forward(m, x):
    """The output for one sample, without the door of predict, which refuses NaN."""
    network = m._network
    program, ends = Program(network.device), network.ends(1, training=False)
    network.forward(program, 1, training=False)
    ends.x[...] = x
    program.run()
    return np.array(ends.y)


def module_of(m, name="net"):
    """The exported Python file of a model, run."""
    names = {}
    exec(compile(numpy_text(m._network, name), "net.py", "exec"), names)  # as an import would
    return names


def build(folder: Path, texts, *flags):
    """C files as one shared library. texts: by names."""
    for name, text in texts.items():
        (folder / f"{name}.c").write_text(text)
    library = folder / "library.so"
    files = [str(folder / f"{name}.c") for name in texts]
    subprocess.run(["gcc", *STRICT, *flags, "-shared", "-fPIC", *files, "-o", str(library), "-lm"], check=True)
    return ctypes.CDLL(str(library))


def program(folder: Path, text, *flags):
    """A C file with its main, as a program."""
    (folder / "net.c").write_text(text)
    path = str(folder / "net")
    subprocess.run(["gcc", *STRICT, "-DNUMBANET_MAIN", *flags, str(folder / "net.c"), "-o", path, "-lm"], check=True)
    return path


def call(library, name, x, shape):
    """<name>_predict of each sample; the output is NaN before."""
    function = getattr(library, f"{name}_predict")
    y = np.full((len(x), *shape), np.nan, x.dtype)
    for sample, out in zip(np.ascontiguousarray(x), y, strict=True):
        function(ctypes.c_void_p(sample.ctypes.data), ctypes.c_void_p(out.ctypes.data))
    return y


def in_c(m, folder, x, *flags):
    """The output of a model's C file."""
    library = build(folder, {"net": c_text(m._network, "net")}, *flags)
    return call(library, "net", x, m._network.output_shape)
