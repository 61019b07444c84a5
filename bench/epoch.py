"""An epoch of LeNet-5 on Fashion-MNIST beside PyTorch: python bench/epoch.py FOLDER (with the four IDX files)

Whole epochs over the 60,000 images in batches of 64, shuffled, in turns: numbanet's fit, and PyTorch's eager loop with
fused Adam over tensors that lie in memory, in the faster of its memory formats. Medians and bests, with the accuracy
on the 10,000 test images that numbanet's model reached.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import report
import torch
from peers import numbanet_step, torch_step

import numbanet as nn
from numbanet.bench.workloads import WORKLOADS

BATCH = 64


def torch_epoch(workload, which: int, x: np.ndarray, y: np.ndarray):
    """An epoch of the workload's network in PyTorch."""
    model, optimizer, loss_of = torch_step.network(workload, None, which)
    images = torch.tensor(x).permute(0, 3, 1, 2).contiguous(memory_format=torch_step.FORMATS[which])
    labels = torch.tensor(y)

    def run():
        order = torch.randperm(len(images))
        for k in range(0, len(order), BATCH):
            rows = order[k : k + BATCH]
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(images[rows]), labels[rows]).backward()
            optimizer.step()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="a folder with IDX files, or an .npz file")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    nn.set_num_threads(options.threads)
    torch.set_num_threads(options.threads)
    (x, y), test = nn.datasets.load_mnist(options.data)
    workload = next(w for w in WORKLOADS if "LeNet" in w.name)
    model, _ = numbanet_step.model(workload)
    model.compile(model.optimizer, model.loss, ["accuracy"])
    runs = {"numbanet": lambda: model.fit(x, y, epochs=1, batch_size=BATCH, verbose=0)}
    for k, name in enumerate(("contiguous", "channels last")):
        runs[f"PyTorch, {name}"] = torch_epoch(workload, k, x, y)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.epochs):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    ours = statistics.median(times["numbanet"])
    rows = []
    for name, seconds in times.items():
        median = statistics.median(seconds)
        rows.append([name, f"{median:.2f}", f"{min(seconds):.2f}", f"{median / ours:.2f}"])
    found = report.table(("LeNet-5, seconds an epoch", "median", "best", "of numbanet's"), rows)
    accuracy = model.evaluate(*test)["accuracy"]
    words = f"{options.threads} threads; accuracy on the test images {accuracy:.4f} after {options.epochs} epochs."
    print(f"{found}\n\n{words}")
    if options.write:
        report.write_section("Epochs", report.prose(__doc__), f"{words}\n\n{found}")


if __name__ == "__main__":
    main()
