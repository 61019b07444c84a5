"""A run of `numbanet bench`: what it measures on, what it has found, and what it prints meanwhile."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..checks import choice
from ..devices import NAMES, Device, get_device
from ..errors import ArgumentError, DeviceError, MissingDependency
from ..kernels._threads import get_num_threads
from . import cases, kernels, ladders, roofs, training, workloads
from .kernels import counts
from .machine import library_versions, machine_facts
from .report.columns import KERNELS, TRAINING, Column, cells
from .report.text import ladder_table, ladder_title, roof_table
from .results import Results, Roof
from .verification import WrongResult

BEYOND = 1.15  # of a limit: more than noise
# what the terminal shows, and how wide; the rest is in the report
KERNEL_COLUMNS = {"kernel": 34, "size": 24, "device": 9, "threads": 7, "median us": 10, "spread": 6, "GFLOP/s": 8}
KERNEL_COLUMNS |= {"GB/s": 6, "bound": 13, "share": 6, "error": 8}
TRAINING_COLUMNS = {"model": 14, "batch": 5, "device": 9, "threads": 7, "step us": 10, "spread": 6, "samples/s": 10}
TRAINING_COLUMNS |= {"GFLOP/s": 8, "bound": 13, "share": 6}


class Session:
    """Measures, prints each row as it is ready, and keeps them all in `results`."""

    def __init__(
        self, command: str, devices: Sequence[str], threads: Sequence[int] | None, dtype: str, rounds: int
    ) -> None:
        today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        self.results = Results(today, [command], machine_facts(), library_versions())
        self.devices = available(devices, self.note)
        if not self.devices:
            raise ArgumentError(f"bench: none of the devices {', '.join(devices)} can be used here.")
        self.threads = list(dict.fromkeys(threads or (1, get_num_threads())))
        self.refused = False  # whether something was not right
        self.dtype, self.rounds = dtype, rounds
        self._shown = False  # the limits

    def note(self, line: str) -> None:
        """Print a line that belongs into the report, too."""
        self.results.notes.append(line)
        print(line, flush=True)

    def roof(self, device: Device, threads: int) -> Roof:
        """The limits of a device on so many threads, measured when they are needed first."""
        found = self.results.roof(device.name, threads, self.dtype)
        if found is None:
            found = roofs.measure(device, threads, self.dtype)
            self.results.roofs.append(found)
        return found

    def limits(self) -> None:
        """Measure all limits now, so that they are not measured between two things that take turns."""
        for device in self.devices:
            for number in counts(device, self.threads):
                self.roof(device, number)
        if not self._shown:
            self._shown = True
            print(f"{roof_table(self.results)}\n", flush=True)

    def kernels(self, operations: Sequence[str] | None, shape: str | None) -> None:
        """Every kernel of these operations, or of all."""
        self.limits()
        lines = _Lines(KERNELS, KERNEL_COLUMNS)
        chosen = list(dict.fromkeys(operations or cases.OPERATIONS))
        for row in kernels.measure(chosen, self.devices, self.threads, self.dtype, self.roof, shape, self.rounds):
            self.results.kernels.append(row)
            if row.refused:
                self.refused = True
                print(f"REFUSED on {row.device}: {row.refused}", flush=True)
            else:
                lines.print(row)
        print()
        beyond = [row for row in self.results.kernels if row.share > BEYOND]
        if beyond:
            most = max(row.share for row in beyond)
            self.note(
                f"{len(beyond)} kernels are beyond the limit measured, by up to {most - 1:.0%}: something else used "
                "the machine while limits were measured, or their arrays lay in a faster cache. Measure again in quiet."
            )

    def train(self, models: Sequence[str] | None, batches: Sequence[int] | None) -> None:
        """Training steps of these models, or of all."""
        self.limits()
        lines = _Lines(TRAINING, TRAINING_COLUMNS)
        given = (batches or training.BATCHES, self.threads, self.dtype, self.rounds)
        for model in dict.fromkeys(models or workloads.KEYS):
            with self._refusing():
                for row in training.measure(self.devices, self.roof, self.note, [model], *given):
                    self.results.training.append(row)
                    lines.print(row)
        print()

    def ladders(self, operations: Sequence[str] | None, shape: str | None) -> None:
        """The ladders of these operations, or of all that have one."""
        for operation in dict.fromkeys(operations or ladders.OPERATIONS):
            for device in self.devices:
                if device.name == "reference":
                    self.note(f"{operation}: no ladder on the reference, which is a rung of the others")
                    continue
                with self._refusing():
                    number = max(counts(device, self.threads))
                    ladder = ladders.ladder(operation, device, number, self.dtype, shape, self.rounds)
                    self.results.ladders.append(ladder)
                    print(f"{ladder_title(ladder)}\n\n{ladder_table(ladder)}\n", flush=True)

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        """What is wrong is noted, and the next has its turn."""
        try:
            yield
        except WrongResult as error:
            self.refused = True
            self.note(f"REFUSED {error}")


def available(names: Sequence[str], note: Callable[[str], None]) -> list[Device]:
    """The devices that this machine has; `note` gets one line for each that it has not.

    Raises ArgumentError for a name that is no device's.
    """
    found = []
    for name in dict.fromkeys(names):
        try:
            found.append(get_device(choice("bench", "device", name, NAMES)))
        except (DeviceError, MissingDependency) as error:
            note(f"no {name}: {' '.join(str(error).split())}")
    return found


class _Lines:
    """A table that grows on the terminal."""

    def __init__(self, columns: Sequence[Column], shown: dict[str, int]) -> None:
        self._columns = [column for column in columns if column.title in shown]
        self._widths = [max(len(column.title), shown[column.title]) for column in self._columns]
        self._begun = False

    def print(self, row: Any) -> None:
        """Print the row, below the titles if it is the first."""
        if not self._begun:
            self._begun = True
            self._print([column.title for column in self._columns])
        self._print(cells(self._columns, row))

    def _print(self, texts: Sequence[str]) -> None:
        padded = [
            text.rjust(width) if column.numeric else text.ljust(width)
            for column, text, width in zip(self._columns, texts, self._widths, strict=True)
        ]
        print("  ".join(padded).rstrip(), flush=True)
