"""Prediction for a single sample beside PyTorch: python bench/inference.py

`model.predict` of one numpy array, with its checks of the input and its new array, beside PyTorch's module under
inference_mode on a tensor that is there already. They take turns, on one thread and on two; the outputs agree to 1e-4.
"""

from __future__ import annotations

import argparse

import numpy as np
import report
import torch
from peers import numbanet_step, torch_step

import numbanet as nn
from numbanet.bench.clock import alternate
from numbanet.bench.workloads import WORKLOADS

HEAD = ("one sample, microseconds", "threads", "numbanet", "PyTorch", "PyTorch / numbanet", "of bests")


def runs(workload):
    """The two predictions. Raises SystemExit where their outputs differ."""
    model, weights = numbanet_step.model(workload)
    x = workload.data()[0][:1]
    module = torch_step.network(workload, weights)[0].eval()
    tensor = torch.tensor(x)
    if tensor.ndim == 4:
        tensor = tensor.permute(0, 3, 1, 2).contiguous()

    def peer():
        with torch.inference_mode():
            return module(tensor)

    if not np.allclose(model.predict(x), peer(), atol=1e-4):
        raise SystemExit(f"{workload.name}: the outputs differ")
    return {"numbanet": lambda: model.predict(x), "PyTorch": peer}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="workloads whose names hold this")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    rows = []
    for workload in (w for w in WORKLOADS if options.only in w.name):
        pair = runs(workload)
        for threads in (1, 2):
            nn.set_num_threads(threads)
            torch.set_num_threads(threads)
            times = alternate(pair, options.rounds)
            ours, theirs = times["numbanet"], times["PyTorch"]
            row = [f"{ours.median:.1f}", f"{theirs.median:.1f}", f"{theirs.median / ours.median:.2f}"]
            rows.append([workload.title, str(threads), *row, f"{theirs.best / ours.best:.2f}"])
    found = report.table(HEAD, rows)
    print(found)
    if options.write:
        report.write_section("Prediction of one sample", report.prose(__doc__), found)


if __name__ == "__main__":
    main()
