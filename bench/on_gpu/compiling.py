"""Compiles the kernels of all sections in several processes, without a GPU: the sections load them from disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

import numpy as np

from . import Item, kernels, parity, steps, training
from .machine import Machine, compiled

HEAD = "what is compiled", "processes", "kernels", "seconds", "failed"
PROCESSES = max(1, (os.cpu_count() or 2) - 2)


def items(machine: Machine) -> list[Item]:
    if machine.quick:
        return [Item("everything", lambda: _compile((9, 0), ["parity mean"], 1))]
    return [Item("everything", lambda: _compile(machine.device().driver.capability, list(jobs()), PROCESSES))]


def cells(row: dict[str, Any]) -> list[str]:
    """Of the table."""
    failed = "; ".join(row["failed"])[:1000]
    return [row["name"], str(row["processes"]), str(row["kernels"]), f"{row['seconds']:.1f}", failed]


def jobs() -> dict[str, Callable[[Machine], None]]:
    """What there is to compile, by name, the longest first."""
    found: dict[str, Callable[[Machine], None]] = {}
    batch = steps.image_batch(steps.BATCH)
    for precision in (None, "tf32", "bf16"):
        found[f"resnet {precision}"] = lambda m, p=precision: _step(steps.resnet(m.device(p)), *batch)
    for w in steps.WORKLOADS:
        for precision in (None, "tf32"):
            found[f"step {w.name} {precision}"] = lambda m, w=w, p=precision: _step(
                steps.model_of(w, m.device(p))[0], *w.data()
            )
    for item in kernels.items(Machine(False, (9, 0))):
        found[f"kernel {item.name}"] = lambda m, name=item.name: _kernel(m, name)
    for name in training.NETWORKS:
        for optimizer in training.OPTIMIZERS:
            found[f"training {name} {optimizer}"] = lambda m, n=name, o=optimizer: _train(m, n, o)
    for operation in parity.cases.OPERATIONS:
        found[f"parity {operation}"] = lambda m, operation=operation: _cases(m, operation)
    return found


def _step(model: Any, x: Any, y: Any) -> None:
    model.train_on_batch(x, y)


def _train(machine: Machine, name: str, optimizer: str) -> None:
    for device in ("cpu", machine.device()):
        training.trained(name, optimizer, device, 1, 16)


def _kernel(machine: Machine, name: str) -> None:
    next(item for item in kernels.items(machine) if item.name == name).run()


def _cases(machine: Machine, operation: str) -> None:
    """The reference is compiled too, for the processor."""
    device = machine.device()
    every = [] if parity.missing(operation) else parity.cases.of(operation)
    first = {case.function: case for case in every}
    for case, dtype in [(case, "float32") for case in every] + [(case, "float64") for case in first.values()]:
        given = case.make(dtype)
        bound = case.kernel("cuda").bind(*(device.take(a) if isinstance(a, np.ndarray) else a for a in given))
        for stage in bound.stages():
            stage.ptx(device.driver.capability)
        if dtype == "float32":
            case.kernel("reference")(*case.make("float64"))


def _work(job: str, capability: tuple[int, int]) -> tuple[int, str]:
    """In a process of the pool: how many kernels were compiled, and what went wrong."""
    before = compiled()[0]
    try:
        jobs()[job](Machine(False, capability))
    except Exception as error:
        return compiled()[0] - before, f"{job}: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return compiled()[0] - before, ""


def _compile(capability: tuple[int, int], names: list[str], processes: int) -> dict[str, Any]:
    start, total, failed = time.perf_counter(), 0, []
    os.environ["NUMBA_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for done in as_completed(pool.submit(_work, name, capability) for name in names):
            count, problem = done.result()
            total += count
            failed += [problem] if problem else []
    seconds = time.perf_counter() - start
    return {"processes": processes, "kernels": total, "seconds": seconds, "failed": sorted(failed)}
