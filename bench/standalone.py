"""Standalone exports beside onnxruntime: python bench/standalone.py

One sample, one thread, all called from Python in turn: `net.c`, compiled by gcc with -O2 and with -O3 -march=native and
called through ctypes (0.6 microseconds of each call); `net.py`; the ONNX file in onnxruntime; and `model.predict`. The
outputs agree to 1e-5. Sizes: of the files, and of the C program, compiled with -O2 -s, with its main and its weights.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import report

import numbanet as nn
from numbanet.bench.clock import alternate
from numbanet.bench.workloads import build, chosen
from numbanet.io.onnx.writing import write_onnx
from numbanet.io.standalone import write_c, write_numpy

KEYS = "mlp", "lenet5", "cnn-batchnorm", "lstm-64"
STRICT = "gcc", "-std=c99", "-Wall", "-Wextra", "-Werror"
FAST = "-O3", "-march=native"
COLUMNS = "net.c -O2", "net.c -O3 native", "net.py", "onnxruntime", "numbanet"
LATENCY = ("one sample, microseconds", *COLUMNS, "onnxruntime / net.c native")
SIZE = ("kilobytes", "weights", "net.c", "program", "net.py", "net.onnx", "workspace of net.c")


def written(model, folder):
    """The files of a model: all exports, and a program."""
    network, files = model._network, {name: folder / name for name in ("net.c", "net.py", "net.onnx", "net")}
    write_c(files["net.c"], network, "net")
    write_numpy(files["net.py"], network, "net")
    write_onnx(files["net.onnx"], network, "net")
    compiled = [*STRICT, "-O2", "-s", "-DNUMBANET_MAIN", str(files["net.c"]), "-o", str(files["net"]), "-lm"]
    subprocess.run(compiled, check=True)
    return files


def in_c(source, x, y, *flags):
    """A call of net_predict that writes y."""
    library = source.with_name(f"net{''.join(flags)}.so")
    subprocess.run([*STRICT, *flags, "-shared", "-fPIC", str(source), "-o", str(library), "-lm"], check=True)
    predict = ctypes.CDLL(str(library)).net_predict
    given = ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data)
    return lambda: predict(*given)


def module(path):
    spec = importlib.util.spec_from_file_location("net", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def runs(model, files, x):
    """The five predictions. Raises SystemExit where their outputs differ."""
    ys = [np.full(model._network.output_shape, np.nan, np.float32) for _ in range(2)]
    by_onnx, by_numpy = session(files["net.onnx"]), module(files["net.py"]).predict
    inputs = {by_onnx.get_inputs()[0].name: x}
    found = dict(
        zip(
            COLUMNS,
            (
                in_c(files["net.c"], x, ys[0], "-O2"),
                in_c(files["net.c"], x, ys[1], *FAST),
                lambda: by_numpy(x),
                lambda: by_onnx.run(None, inputs),
                lambda: model.predict(x),
            ),
            strict=True,
        )
    )
    found["net.c -O2"]()
    found["net.c -O3 native"]()
    outputs = {"net.c -O2": ys[0], "net.c -O3 native": ys[1], "net.py": by_numpy(x)[0]}
    outputs["onnxruntime"] = by_onnx.run(None, inputs)[0][0]
    for name, y in outputs.items():
        if not np.allclose(y, model.predict(x)[0], rtol=0, atol=1e-5):
            raise SystemExit(f"{name}: the outputs differ")
    return found


def workspace(source):
    """Bytes of the C file's buffer."""
    line = next(line for line in source.read_text().splitlines() if line.startswith("#define NET_WORKSPACE"))
    return 4 * int(line.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=KEYS, help="keys of numbanet.bench.workloads")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    nn.set_num_threads(1)
    latencies, sizes = [], []
    for workload in chosen("standalone", options.only):
        model, x = build(workload), workload.data()[0][:1]
        with tempfile.TemporaryDirectory() as folder:
            files = written(model, Path(folder))
            times = alternate(runs(model, files, x), options.rounds)
            bytes_of = [sum(w.nbytes for w in model.get_weights()), *(f.stat().st_size for f in in_order(files))]
            sizes.append([workload.title, *(f"{n / 1000:,.1f}" for n in (*bytes_of, workspace(files["net.c"])))])
        medians = [times[name].median for name in COLUMNS]
        ratio = times["onnxruntime"].median / times["net.c -O3 native"].median
        latencies.append([workload.title, *(f"{m:,.1f}" for m in medians), f"{ratio:.2f}"])
    found = [report.table(LATENCY, latencies), report.table(SIZE, sizes)]
    print("\n\n".join(found))
    if options.write:
        gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
        tools = f"gcc {gcc}, onnxruntime {onnxruntime.__version__}, Python {sys.version.split()[0]}."
        report.write_section("Standalone exports", report.prose(__doc__), tools, *found)


def in_order(files):
    return [files[name] for name in ("net.c", "net", "net.py", "net.onnx")]


if __name__ == "__main__":
    main()
