"""Batches that a thread makes while the step before them runs."""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

from ..kernels._threads import get_num_threads
from ..locks import Helper

AHEAD = 2  # items: one for the next step at once, one more where the time to make them varies
PATIENCE = 1.0  # seconds that an item which is still being made, and nobody wants any more, is waited for

Item = TypeVar("Item")


def leaves_a_core() -> bool:
    """Whether kernels use fewer threads than this process has cores.

    Where they use all of them, a thread that works makes one of theirs late, for which the others wait: on 2 cores a
    step on rows of a mapped file took 2 to 16 % longer than with the rows read between steps. A file on a slow disk is
    worth a core: set_num_threads leaves it.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return get_num_threads() < (cores or 1)


def prefetched(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The same items in the same order, pulled by a thread that is at most AHEAD items ahead.

    Kernels and NumPy's copies release the GIL, so the thread works while a step runs. What an iterator raises is raised
    here, with its traceback. Close the generator to end the thread: it pulls nothing more. Where an item is being made
    for longer than PATIENCE then, the thread is left behind, to end with it.
    """
    room = threading.Semaphore(AHEAD)
    made: queue.SimpleQueue[tuple[tuple[Item, ...], BaseException | None]] = queue.SimpleQueue()
    closed = threading.Event()

    def pull() -> None:
        try:
            while room.acquire() and not closed.is_set():
                found = tuple(itertools.islice(items, 1))  # nothing, once there are no more
                made.put((found, None))
                if not found:
                    break
        except BaseException as error:
            made.put(((), error))

    thread = Helper(pull)
    thread.start()
    error: BaseException | None = None
    try:
        while True:
            found, error = made.get()
            if error is not None:
                raise error
            if not found:
                return
            room.release()
            yield found[0]
    finally:
        error = None  # it would hold this frame, and the frame the error
        closed.set()
        room.release()
        thread.join(PATIENCE)
