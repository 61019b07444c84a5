"""What is found, as it is kept in JSON: {"format": ..., "machine": {...}, "kernels": [...], ...}."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import FileError
from ..io import atomic

FORMAT = "numbanet bench 1"
SUITE = "numbanet"  # what is ours in the JSON of pytest-benchmark


@dataclass(frozen=True)
class Timing:
    """Microseconds: the median of stretches, the quartiles around it, and the fastest one."""

    median: float
    low: float
    high: float
    best: float

    def __post_init__(self) -> None:
        if not 0 < self.best <= self.low <= self.median <= self.high:
            raise ValueError(f"expected 0 < best <= low <= median <= high, received {self}")

    @property
    def spread(self) -> float:
        """The distance of the quartiles, as a share of the median."""
        return (self.high - self.low) / self.median


@dataclass(frozen=True)
class Level:
    """Bytes read and written in a second, in GB/s, of arrays of so many bytes together."""

    bytes: float
    gbs: float


@dataclass(frozen=True)
class Roof:
    """The limits of a device, measured: multiply-adds, memory and its caches, and what one more kernel costs."""

    device: str
    threads: int  # of the processor; 0 on a GPU, here and below
    dtype: str
    gflops: float
    levels: tuple[Level, ...]  # of growing arrays; the last ones lie in memory
    launch_us: float  # of a kernel behind another one in a program

    def __post_init__(self) -> None:
        if not self.levels or not self.gflops > 0:
            raise ValueError(f"expected levels of memory and GFLOP/s above 0, received {self}")

    @property
    def gbs(self) -> float:
        """Of memory."""
        return self.levels[-1].gbs

    def bandwidth(self, working_set: float) -> float:
        """GB/s for arrays of so many bytes together: between two levels by the logarithm of the size."""
        below = self.levels[0]
        for level in self.levels:
            if working_set <= level.bytes:
                if level is below:
                    return level.gbs
                share = math.log(working_set / below.bytes) / math.log(level.bytes / below.bytes)
                return below.gbs + share * (level.gbs - below.gbs)
            below = level
        return self.gbs

    def limit(self, flops: float, moved: float, working_set: float, kernels: int = 1) -> tuple[str, float]:
        """What bounds so much work, "multiply-adds", "memory" or "launch", and the microseconds that it takes then."""
        times = {
            "multiply-adds": flops / self.gflops / 1e3,
            "memory": moved / self.bandwidth(working_set) / 1e3,
            "launch": kernels * self.launch_us,
        }
        bound = max(times, key=lambda name: times[name])
        return bound, times[bound]


@dataclass(frozen=True)
class KernelRow:
    """A kernel at one size on one device. What was refused has no times."""

    operation: str  # "dense"
    function: str  # "backward_kernel"
    size: str  # "N=128 I=784 O=512"
    device: str
    threads: int
    dtype: str
    flops: float  # by convention two for a multiply-add, one for any other operation
    bytes: float  # of the arrays that it reads and writes, each once
    error: float = 0.0  # the largest difference from the reference in float64, over the array's largest element
    refused: str = ""  # why it was not timed
    time: Timing | None = None  # of one kernel among many in a program
    launch_us: float | None = None  # how much longer it takes alone; None where that is lost in the noise
    compile_s: float = 0.0
    loaded: bool = False  # from disk, where it was compiled before
    copy_us: float = 0.0  # of its arrays to the device
    bound: str = ""
    share: float = 0.0  # of the limit that bounds it

    @property
    def name(self) -> str:
        return f"{self.operation}.{self.function} {self.size}"

    @property
    def intensity(self) -> float:
        """FLOPs for each byte."""
        return self.flops / self.bytes if self.bytes else 0.0

    @property
    def gflops(self) -> float:
        return self.flops / self.time.median / 1e3 if self.time else 0.0

    @property
    def gbs(self) -> float:
        return self.bytes / self.time.median / 1e3 if self.time else 0.0


@dataclass(frozen=True)
class Rung:
    """A step of a ladder."""

    name: str  # "reordered"
    function: str  # "numbanet.bench.variants.dense.reordered"
    why: str  # what changed, and why it is faster: two lines
    code: str  # its source
    size: str
    threads: int
    flops: float
    time: Timing
    error: float

    @property
    def gflops(self) -> float:
        return self.flops / self.time.median / 1e3


@dataclass(frozen=True)
class Ladder:
    """From the textbook's loop to the kernel that is used, which is the last rung."""

    operation: str
    device: str
    dtype: str
    rungs: tuple[Rung, ...]

    def __post_init__(self) -> None:
        if not self.rungs:
            raise ValueError("expected rungs of a ladder")


@dataclass(frozen=True)
class StepRow:
    """Training steps of a named model at one batch size on one device."""

    model: str
    batch: int
    device: str
    threads: int
    dtype: str
    flops: float
    bytes: float
    kernels: int  # in a step
    time: Timing
    losses: tuple[float, ...]  # of the first steps, which agree on all devices
    bound: str
    share: float  # of the limit that bounds it

    @property
    def samples_per_second(self) -> float:
        return self.batch / self.time.median * 1e6


@dataclass
class Results:
    """Everything that one or more commands have found."""

    date: str = ""
    commands: list[str] = field(default_factory=list)
    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    roofs: list[Roof] = field(default_factory=list)
    kernels: list[KernelRow] = field(default_factory=list)
    ladders: list[Ladder] = field(default_factory=list)
    training: list[StepRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # such as "no GPU: ...", or from which batch on the GPU wins

    def roof(self, device: str, threads: int, dtype: str) -> Roof | None:
        """The limits that such a row is measured against."""
        return next((r for r in self.roofs if (r.device, r.threads, r.dtype) == (device, threads, dtype)), None)

    def add(self, other: Results) -> None:
        """Take in what another command has found. The machine is that of the first."""
        self.date, self.machine, self.versions = (
            self.date or other.date,
            self.machine or other.machine,
            self.versions or other.versions,
        )
        for name in ("commands", "roofs", "kernels", "ladders", "training", "notes"):
            mine = getattr(self, name)
            mine += [entry for entry in getattr(other, name) if entry not in mine]

    def write(self, path: str | Path) -> None:
        """As JSON, whole or not at all. Raises FileError."""
        atomic.write(path, [(json.dumps({"format": FORMAT} | asdict(self), indent=1) + "\n").encode()])


def read(path: str | Path) -> Results:
    """What `Results.write` has written, or `pytest bench --benchmark-json`. Raises FileError."""
    try:
        found = json.loads(Path(path).read_text())
    except (OSError, RecursionError, ValueError) as error:
        raise FileError(f"bench: expected a file of results, and {path} cannot be read: {error}") from error
    try:
        if "benchmarks" in found:  # of pytest-benchmark, which keeps what is ours beside its own
            rows = [benchmark["extra_info"][SUITE] for benchmark in found["benchmarks"]]
            found = found[SUITE] | {"format": FORMAT, "kernels": rows}
        if found.pop("format") != FORMAT:
            raise KeyError(FORMAT)
        return Results(**{name: _ROWS.get(name, list)(value) for name, value in found.items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FileError(
            f"bench: expected a file that `numbanet bench --json` or `pytest bench --benchmark-json` has written, "
            f"received {path}"
        ) from error


def _timing(row: dict[str, Any]) -> Timing | None:
    return Timing(**row["time"]) if row["time"] else None


def _ladder(found: dict[str, Any]) -> Ladder:
    rungs = tuple(Rung(**rung | {"time": _timing(rung)}) for rung in found["rungs"])
    return Ladder(**found | {"rungs": rungs})


_ROWS: dict[str, Any] = {
    "date": str,
    "machine": dict,
    "versions": dict,
    "roofs": lambda rows: [Roof(**r | {"levels": tuple(Level(**level) for level in r["levels"])}) for r in rows],
    "kernels": lambda rows: [KernelRow(**r | {"time": _timing(r)}) for r in rows],
    "ladders": lambda rows: [_ladder(r) for r in rows],
    "training": lambda rows: [StepRow(**r | {"time": _timing(r), "losses": tuple(r["losses"])}) for r in rows],
}
