"""Whole training steps of named models at growing batch sizes, devices in turns: what bounds each, and who wins.

A step is the public train_on_batch, as a user calls it: the batch lies in NumPy arrays of the host, is copied to where
the device's kernels read it, checked there, and the loss comes back as a float. So a GPU has done all of it when the
call returns, and its copies are in its time; `fit`, which keeps the data on the GPU and seldom waits, takes less.
Every device begins with the same weights and goes over the same batches in the same order, with Adam.
"""

from __future__ import annotations

import functools
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import positive_integer
from ..devices import Device
from ..errors import DeviceError
from ..kernels._threads import get_num_threads, set_num_threads
from ..program import Program
from ..step import TRAIN
from .clock import Run, alternate
from .crossover import summary
from .kernels import counts
from .results import Roof, StepRow, Timing
from .verification import WrongResult
from .workloads import KEYS, Workload, build, chosen

OWNER = "bench train"
BATCHES = 1, 4, 16, 64, 256, 1024
ROUNDS = 7
STEPS = 3  # the first ones, whose losses have to agree; and so many batches, one after another again and again
TOLERANCE = {"float32": 1e-4, "float64": 1e-9}  # of the losses, relative
SLOWEST = 2.0  # seconds of a step: no larger batches than those
LARGEST = 2**32  # bytes of activations
PATIENCE = 5.0  # seconds for the rounds of a step; there are 3 at least

Note = Callable[[str], None]
Batch = tuple[Any, Any]
RoofOf = Callable[[Device, int], Roof]


def measure(
    devices: Sequence[Device],
    roof: RoofOf,
    note: Note,
    models: Sequence[str] = KEYS,
    batches: Sequence[int] = BATCHES,
    threads: Sequence[int] = (1,),
    dtype: str = "float32",
    rounds: int = ROUNDS,
) -> Iterator[StepRow]:
    """A row for each model, batch size, device and number of threads, each batch size as it is ready.

    note: gets lines on what bounds each device and from which batch on one is faster than another, at the end of a
    model, and on batch sizes that were left out. Raises ArgumentError for a model that is not known, and WrongResult
    where the losses of devices differ.
    """
    sizes = sorted({positive_integer(OWNER, "batch", batch) for batch in batches})
    before = get_num_threads()
    try:
        for workload in chosen(OWNER, models):
            rows = []
            for row in _growing(workload, list(devices), sizes, threads, dtype, roof, note, rounds):
                rows.append(row)
                yield row
            for line in summary(rows):
                note(line)
    finally:
        set_num_threads(before)


def _growing(
    workload: Workload,
    devices: list[Device],
    batches: Sequence[int],
    threads: Sequence[int],
    dtype: str,
    roof: RoofOf,
    note: Note,
    rounds: int,
) -> Iterator[StepRow]:
    """A model's rows. A device that has no room for a batch, or is too slow, takes no larger ones."""
    for batch in batches:
        sized = workload.at(batch)
        data = functools.cache(functools.partial(_data, sized, dtype))  # only if there is room on some device
        trainees = []
        for device in devices:
            set_num_threads(counts(device, threads)[0] or 1)
            try:
                trainees.append(Trainee(sized, device, dtype, data))
            except DeviceError as error:
                note(_left_out(sized, device, " ".join(str(error).split())))
        expect_agreement(sized, trainees, dtype)
        quick = []
        for trainee in trainees:
            if trainee.once > SLOWEST:
                note(_left_out(sized, trainee.device, f"a step takes {trainee.once:.1f} s, more than {SLOWEST:g} s"))
            else:
                quick.append(trainee)
        devices = [trainee.device for trainee in quick]
        if not devices:
            return
        yield from _rows(sized, quick, threads, dtype, roof, rounds)


def _data(workload: Workload, dtype: str) -> list[Batch]:
    return [workload.data(number, dtype) for number in range(STEPS)]


def _left_out(workload: Workload, device: Device, why: str) -> str:
    return f"{workload.key}: batch {workload.batch} and larger ones left out on {device.name}: {why}"


class Trainee:
    """A model on a device after its first steps: their losses, and the seconds of the fastest.

    Raises DeviceError where there is no room.
    """

    def __init__(self, workload: Workload, device: Device, dtype: str, data: Callable[[], list[Batch]]) -> None:
        self.workload, self.device = workload, device
        self.model = build(workload, device, dtype)
        steps = self.model._ready(OWNER)
        if (size := steps.network.activation_size(workload.batch)) > LARGEST:
            raise DeviceError(f"the activations take {size / 2**30:.1f} GiB, more than {LARGEST / 2**30:.0f} GiB")
        self._batches = itertools.cycle(data())
        self.losses, self.once = [], math.inf
        for _ in range(STEPS):
            start = time.perf_counter()
            self.losses.append(self.step())
            self.once = min(self.once, time.perf_counter() - start)
        self.work = Work.of(steps.step(TRAIN, workload.batch).program, workload.flops)

    def step(self) -> float:
        """Train on the next batch."""
        return self.model.train_on_batch(*next(self._batches))

    def on(self, threads: int) -> Run:
        """A step on so many threads; 0: where they make no difference."""

        def run() -> None:
            if threads and get_num_threads() != threads:
                set_num_threads(threads)
            self.step()

        return run


def expect_agreement(workload: Workload, trainees: Sequence[Trainee], dtype: str) -> None:
    """Raises WrongResult where the losses are not those of the first device."""
    for other in trainees[1:]:
        first = trainees[0]
        if not np.allclose(first.losses, other.losses, rtol=TOLERANCE[dtype], atol=0.0):
            raise WrongResult(
                f"{OWNER}: {workload.key}, batch {workload.batch}, {dtype}: expected losses of the first {STEPS} steps "
                f"that agree to {TOLERANCE[dtype]:g}, received {_digits(first)} and {_digits(other)}. One of the "
                "devices computes something else: `numbanet bench kernels` says which kernel."
            )


def _digits(trainee: Trainee) -> str:
    return f"{', '.join(f'{loss:.10g}' for loss in trainee.losses)} on {trainee.device.name}"


def _rows(
    workload: Workload, trainees: Sequence[Trainee], threads: Sequence[int], dtype: str, roof: RoofOf, rounds: int
) -> Iterator[StepRow]:
    sides = {f"{t.device.name} {n}": (t, n) for t in trainees for n in counts(t.device, threads)}
    slowest = max(trainee.once for trainee in trainees)
    times = alternate(
        {name: trainee.on(number) for name, (trainee, number) in sides.items()},
        min(rounds, max(3, int(PATIENCE / slowest))),
    )
    for name, (trainee, number) in sides.items():
        timing = times[name].over()
        yield _row(trainee, number, dtype, timing, roof(trainee.device, number))


def _row(trainee: Trainee, threads: int, dtype: str, timing: Timing, roof: Roof) -> StepRow:
    workload, work = trainee.workload, trainee.work
    bound, least = roof.limit(work.flops, work.bytes, work.held, work.kernels)
    return StepRow(
        model=workload.key,
        batch=workload.batch,
        device=trainee.device.name,
        threads=threads,
        dtype=dtype,
        flops=work.flops,
        bytes=work.bytes,
        kernels=work.kernels,
        time=timing,
        losses=tuple(trainee.losses),
        bound=bound,
        share=least / timing.median,
    )


@dataclass(frozen=True)
class Work:
    """What a step has to do. Without the batch's copy and check, which come before its program."""

    kernels: int  # with the stages of those that have some
    flops: float  # of its products
    bytes: float  # of the arrays of each kernel, each once
    held: int  # bytes of memory that lie in one array or another

    @classmethod
    def of(cls, program: Program, flops: float) -> Work:
        spans = [_spans(call.arguments) for call in program.calls]
        return cls(
            kernels=sum(len(call.kernel.bind(*call.arguments).stages()) for call in program.calls),
            flops=flops,
            bytes=float(sum(last - first for own in spans for first, last in own)),
            held=union(set().union(*spans)),
        )


def _spans(arguments: Sequence[Any]) -> set[tuple[int, int]]:
    """Where the arrays among a kernel's arguments begin and end in memory."""
    host = [(a.ctypes.data, a.nbytes) for a in arguments if isinstance(a, np.ndarray)]
    there = [(a.address, a.nbytes) for a in arguments if hasattr(a, "address")]
    return {(address, address + size) for address, size in host + there}


def union(spans: set[tuple[int, int]]) -> int:
    """Bytes in at least one of these spans: a view, and the array that it is a part of, count once."""
    total = end = 0
    for first, last in sorted(spans):
        total += max(last - max(first, end), 0)
        end = max(end, last)
    return total
