"""Whether this process is one of several that mpiexec started, and how it joins them."""

from __future__ import annotations

import os
from functools import cache

from ..errors import MissingDependency, StateError
from ..kernels._threads import MOST_THREADS, get_num_threads, set_num_threads
from .team import Alone, Ranks, Team

# what MPICH and Intel MPI, Open MPI, and PMIx, as under Slurm, put into the environment of each process
SIGNS = ("PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", "OMPI_COMM_WORLD_SIZE", "PMIX_RANK")
SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")  # those that say how many processes there are


def launched() -> bool:
    """Whether mpiexec, or another program that starts MPI's processes, started this one; mpi4py is not imported."""
    return any(name in os.environ for name in SIGNS)


@cache
def join() -> Team:
    """The processes that were started together; one that was started by itself is alone, and needs no mpi4py.

    The processes of a machine share its cores, unless NUMBA_NUM_THREADS says how many threads each has. Raises
    MissingDependency, and StateError where each of several would take itself for the only one.
    """
    if not launched():
        return Alone()
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise MissingDependency(
            "numbanet.distributed: several processes need mpi4py. Install it with: pip install 'numbanet[mpi]'"
        ) from error
    team = Ranks(MPI.COMM_WORLD)
    started = max(int(size) if (size := os.environ.get(name, "")).isdecimal() else 1 for name in SIZES)
    if team.size == 1 and started > 1:
        raise StateError(
            f"numbanet.distributed: {started} processes were started, and each finds itself alone: mpiexec is not of "
            "the MPI that mpi4py uses. Take its own mpiexec, or unset PMI_SIZE and OMPI_COMM_WORLD_SIZE."
        )
    if "NUMBA_NUM_THREADS" not in os.environ and get_num_threads() == MOST_THREADS:
        set_num_threads(max(1, min(MOST_THREADS, (os.cpu_count() or 1) // team.neighbours)))
    return team
