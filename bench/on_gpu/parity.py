"""Every operation on the GPU beside the reference: the cases of tests/cuda/cases."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from tests.cuda import cases
from tests.cuda.on_device import TOLERANCE, difference

from . import Item
from .machine import Machine

HEAD = "operation", "cases", "worst error", "right"
QUICK = ("mean", "copy")  # of the rehearsal


def items(machine: Machine) -> list[Item]:
    names = [name for name in cases.OPERATIONS if name in QUICK] if machine.quick else cases.OPERATIONS
    return [Item(name, lambda name=name: _compare(machine, name)) for name in names]


def missing(operation: str) -> bool:
    """Whether an operation has no CUDA kernels."""
    try:
        importlib.import_module(f"numbanet.kernels.{operation}.cuda")
    except ModuleNotFoundError as error:
        if error.name != f"numbanet.kernels.{operation}.cuda":
            raise
        return True
    return False


def _compare(machine: Machine, operation: str) -> dict[str, Any]:
    if missing(operation):
        return {"missing": "no CUDA kernels"}
    every = cases.of(operation)
    if not every:
        return {"missing": "no cases"}
    tried = [(case, "float32") for case in every]
    first = {case.function: case for case in reversed(every)}
    tried += [(case, "float64") for case in first.values()]
    worst, wrong = 0.0, []
    for case, dtype in tried[:4] if machine.quick else tried:
        try:
            found = difference(case, dtype, machine.device())
        except AssertionError as error:
            wrong.append(f"{case} {dtype}: {' '.join(str(error).split())[:200]}")
            continue
        worst = max(worst, found * (TOLERANCE["float32"] / TOLERANCE[dtype]))
        if not found <= TOLERANCE[dtype]:
            wrong.append(f"{case} {dtype}: {found:.1e}")
    return {"cases": len(tried), "worst error": float(np.float32(worst)), "wrong": wrong, "right": not wrong}


def cells(row: dict[str, Any]) -> list[str]:
    """Of the table."""
    right = "yes" if row["right"] else "; ".join(row["wrong"])[:300]
    return [row["name"], str(row["cases"]), f"{row['worst error']:.1e}", right]
