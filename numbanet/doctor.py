"""`numbanet doctor`: what a bug report needs to say of the machine and the installation."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import time
import warnings
from importlib import metadata
from typing import Any

import numpy as np

from . import __version__
from .data.door import is_finite
from .datasets.download import data_folder
from .errors import NumbanetError
from .kernels import _cache, _jit, _machine
from .kernels._threads import get_num_threads

GPU_PACKAGES = (
    *("numba-cuda", "cuda-bindings", "cuda-toolkit"),
    *("nvidia-nvvm", "nvidia-cuda-nvcc", "nvidia-cuda-nvrtc", "nvidia-cuda-nvcc-cu12", "nvidia-cuda-nvrtc-cu12"),
)
NEEDED, OPTIONAL = ("numpy", "numba", "llvmlite"), ("matplotlib", "tbb", "intel-openmp")
SETTINGS = ("NUMBA", "OMP_", "KMP_", "GOMP_")


def run() -> None:
    """Print the report."""
    facts, remarks = report()
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:{width}}  {value}")
    for remark in remarks:
        print(f"warning: {remark}")


def report() -> tuple[dict[str, str], list[str]]:
    """Facts by name, and what is wrong."""
    remarks: list[str] = []
    facts = {"numbanet": f"{__version__} in {os.path.dirname(__file__)}"}
    facts["python"] = f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}"
    facts["system"] = f"{platform.platform()}, {platform.machine()}"
    facts["packages"] = ", ".join(filter(None, map(_version, NEEDED + OPTIONAL)))
    facts["processor"], facts["vectors"] = _machine.processor()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts["cores"] = f"{os.cpu_count()}, {usable} of them for this process"
    layer, warned = _machine.threading_layer()
    remarks += warned
    slow = " (slow to start: small steps stay on one thread, and models take turns)" if layer == "workqueue" else ""
    facts["threads"] = f"{get_num_threads()}, threading layer {layer}{slow}"
    facts |= _gpu_facts(remarks)
    facts |= _cache_facts(remarks)
    facts["a kernel"] = _try_kernel(remarks)
    facts["data"] = f"{data_folder()} ({_downloads()})"
    chosen = sorted(name for name in os.environ if name.startswith(SETTINGS))
    facts["settings"] = " ".join(f"{name}={os.environ[name]}" for name in chosen) or "none in the environment"
    return facts, remarks


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"no {package}" if package in NEEDED else ""


def _gpu_facts(remarks: list[str]) -> dict[str, str]:
    """The GPU, what its kernels are compiled with, and why device="cuda" cannot be used."""
    facts = {"gpu": "none that can be used", "cuda": ", ".join(filter(None, map(_version, GPU_PACKAGES))) or "none"}
    driver: Any = None
    try:
        from .devices.cuda import find_driver

        driver = find_driver()
        if not hasattr(driver, "version"):  # the simulator, which compiles nothing
            return facts | {"gpu": driver.name}
        memory = f"{driver.free_bytes() / 2**20:,.0f} of {driver.total_bytes / 2**20:,.0f} MiB free"
        capability, version = (".".join(map(str, pair)) for pair in (driver.capability, driver.version))
        facts["gpu"] = f"{driver.name}, compute capability {capability}, {memory}, driver for CUDA {version}"
    except Exception as error:  # whatever it is, it belongs into the report
        facts["gpu"] += f": {_line(error)}"
    if driver is None and facts["cuda"] == "none":
        return facts
    try:
        launch = _cuda_launch()
        found = launch.ptx(driver.capability if driver else (9, 0)).text.partition(".version ")[2].split()[0]
        facts["cuda"] += f"; kernels become PTX {found}"
        if driver:
            driver.load(launch)
    except Exception as error:
        remarks.append(f"device='cuda' cannot be used: {_line(error)}")
    return facts


def _line(error: Exception) -> str:
    """An error on one line."""
    own = "" if isinstance(error, NumbanetError) else f"{type(error).__name__}: "
    return own + " ".join(str(error).split())[:500]


def _cuda_launch() -> Any:
    """A small kernel over arrays that are nowhere: to compile, not to run."""
    from .devices.arrays import DeviceArray

    arrays = [DeviceArray(None, None, 256, shape, np.float32) for shape in ((3,), (1,))]
    return importlib.import_module("numbanet.kernels.mean.cuda").forward.bind(*arrays)


def _cache_facts(remarks: list[str]) -> dict[str, str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folder = _cache.store.folder()
    remarks += [str(warning.message) for warning in caught]
    if folder is None:
        return {"cache": f"{_cache.kernel_folder()}, not used", "compiled": "0 kernels kept"}
    sizes = _cache.store.sizes()
    return {
        "cache": f"{folder}, writable",
        "compiled": f"{len(sizes)} kernels, {sum(sizes) / 1024:,.0f} KiB",
    }


def _try_kernel(remarks: list[str]) -> str:
    """Run one small kernel, compiling it where it is not in the cache."""
    start, compiled = time.perf_counter(), _cache.store.compiled
    try:
        right = is_finite(np.ones(3, np.float32)) and not is_finite(np.array([1, np.nan, 1], np.float32))
    except Exception as error:  # whatever it is, it belongs into the report
        remarks.append(f"no kernel can be compiled: {_line(error)}")
        return "fails"
    if not right:
        remarks.append("a kernel finds NaN where there is none, or none where there is")
        return "is wrong"
    how = "compiled" if _cache.store.compiled > compiled else "plain Python" if _jit.DISABLED else "loaded"
    return f"{how} and right, {time.perf_counter() - start:.2f} s"


def _downloads() -> str:
    """The data sets whose files were downloaded."""
    try:
        names = sorted(folder.name for folder in data_folder().iterdir() if folder.is_dir() and any(folder.iterdir()))
    except OSError:
        names = []
    return ", ".join(names) or "nothing downloaded"
