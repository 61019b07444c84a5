"""Starting ranks, where there is an MPI to start them with."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

JOB = Path(__file__).with_name("job.py")
MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
needs_mpi = pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None or MPIEXEC is None, reason="needs mpi4py and mpiexec"
)


def command(ranks, *arguments):
    return [MPIEXEC, "-n", str(ranks), sys.executable, "-m", "mpi4py", str(JOB), *arguments]


def environment():
    """One thread a rank."""
    return os.environ | {"NUMBA_NUM_THREADS": "1", "PYTHONPATH": str(JOB.parents[2])}


def run(ranks, *jobs):
    """What the jobs came to on so many ranks."""
    ended = subprocess.run(
        command(ranks, *jobs), env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])
