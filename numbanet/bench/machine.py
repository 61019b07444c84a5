"""What was measured on and with: the processor, the operating system, and the versions of the libraries."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from pathlib import Path

from .. import __version__

LIBRARIES = "numba", "numba-cuda", "numpy", "torch", "jax", "scikit-learn"
VECTORS = "avx512f", "avx2", "asimd"  # instruction sets worth naming


def machine_facts() -> dict[str, str]:
    """The processor, its cores and vectors, and the operating system, by name."""
    name, vectors = platform.processor() or platform.machine(), ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        text = cpuinfo.read_text()
        found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
        name = found[1].strip() if found else name
        flags = re.search(r"^(?:flags|Features)\s*: (.*)$", text, re.MULTILINE)
        vectors = next((v for v in VECTORS if flags and v in flags[1].split()), "")
    facts = {"processor": name, "cores": str(os.cpu_count()), "vectors": vectors, "system": platform.system()}
    return {key: value for key, value in facts.items() if value}


def library_versions() -> dict[str, str]:
    """Python's version and those of the libraries that are installed, by name."""
    installed = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}
    own = {"numbanet": __version__, "Python": platform.python_version()}
    return own | {name: installed[name] for name in LIBRARIES if name in installed}


def machine() -> str:
    """The same facts in a line."""
    facts = machine_facts()
    processor = f"{facts['cores']} cores of {facts['processor']}"
    return ", ".join([processor, *(facts[key] for key in ("vectors", "system") if key in facts)])


def versions() -> str:
    """The same versions in a line."""
    return ", ".join(f"{name} {version}" for name, version in library_versions().items())
