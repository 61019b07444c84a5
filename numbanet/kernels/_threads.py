"""How many threads run a kernel's tasks, and when only one may.

- After a fork the parent's OpenMP threads are gone and a parallel kernel kills the child: tasks run serially.
- Under the workqueue layer two Python threads in parallel kernels abort the process (numba#8563): one at a time.
- A parallel region costs 2 us under OpenMP on an idle machine and 98 under workqueue, and far more where another
  program holds a core: small work stays on one thread.
- A thread of libgomp that waits for another spins 300,000 times, 17 ms on a Xeon, before it sleeps. Where another
  program holds a core, the two of a region share the other one, and who spins keeps away who has work. 10,000 spins
  (GOMP_SPINCOUNT) help there (a step of 2 ms takes 6 and seldom 60), but on an idle machine a step after 5 ms of sleep
  then takes 6 ms, too: the user's to set (November 2026, 2 cores).
"""

from __future__ import annotations

import contextlib
import numbers
import os
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numba
import numba.np.ufunc.parallel as parallel
from numba.core import config

MOST_THREADS = int(config.NUMBA_NUM_THREADS)  # that Numba was started with
# Microseconds of work, on one core, that repay a parallel region.
LEAST_WORK = 30.0
LEAST_WORK_OF_WORKQUEUE = 400.0


class Threads:
    """The process's choice; one instance, `threads`."""

    def __init__(self) -> None:
        self.count = MOST_THREADS
        self._start_lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self.lock: Any = contextlib.nullcontext()
        self.least_work = 0.0  # 0: the layer was not started yet
        self.forked = False
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def _after_fork(self) -> None:
        # a child whose parent never started the layer, by us or by kernels of its own, starts its own
        self.forked = parallel._is_initialized
        self._start_lock = threading.Lock()
        self.lock = contextlib.nullcontext()

    @property
    def parallel(self) -> bool:
        return self.count > 1 and not self.forked

    @contextlib.contextmanager
    def region(self) -> Iterator[None]:  # pragma: no cover - compiled kernels only
        """Where parallel kernels may run: `count` threads of the started layer, the caller's own number after it."""
        if not self.least_work:
            with self._start_lock:
                if not self.least_work:
                    self._start()
        with self.lock:
            before = numba.get_num_threads()
            numba.set_num_threads(self.count)
            try:
                yield
            finally:
                numba.set_num_threads(before)

    def _start(self) -> None:  # pragma: no cover - compiled kernels only
        """Start the threading layer, learn which it is, and tell the user if it is the slow one."""
        numba.get_num_threads()
        layer = numba.threading_layer()
        if layer == "workqueue":
            self.lock = self._one_at_a_time
            if config.THREADING_LAYER != "workqueue":
                warnings.warn(
                    "numbanet found neither OpenMP nor TBB, and runs on Numba's workqueue threads: small steps stay "
                    "on one thread and models take turns. Install OpenMP (Debian: apt-get install libgomp1; macOS: "
                    "brew install libomp) or TBB (pip install tbb).",
                    RuntimeWarning,
                    stacklevel=2,
                )
        self.least_work = LEAST_WORK_OF_WORKQUEUE if layer == "workqueue" else LEAST_WORK


threads = Threads()


def set_num_threads(n: int) -> None:
    """Run kernels on `n` threads, 1 to the number Numba was started with. Results do not depend on it.

    Raises ValueError where n is not such a number; NUMBA_NUM_THREADS, set before the start, allows more.
    """
    if isinstance(n, bool) or not isinstance(n, numbers.Integral) or not 1 <= n <= MOST_THREADS:
        raise ValueError(
            f"set_num_threads: expected an integer from 1 to {MOST_THREADS}, received {n!r}. "
            "Set the environment variable NUMBA_NUM_THREADS before Python starts to allow more."
        )
    threads.count = int(n)


def get_num_threads() -> int:
    """The number of threads that kernels run on."""
    return threads.count
