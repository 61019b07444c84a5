"""A character model beside PyTorch's, from the first step to the last epoch: python bench/character_model.py

The network and the text of examples/text_generation.py: an LSTM that guesses each next character of Python's help. In
PyTorch the same shape, initial weights, order of the batches, and optimizer: Adam after clipping by the global norm.
PyTorch's LSTM adds two biases; the second is zero and not trained, because Adam would move both. The libraries take
turns, an epoch each: numbanet's fit, and PyTorch's eager loop with fused Adam over tensors that lie in memory.

The first steps are also trained in float64, where what differs is not rounding.
"""

from __future__ import annotations

import argparse
import math
import runpy
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from pydoc_data.topics import topics
from typing import NamedTuple

import numpy as np
import report
import torch

import numbanet as nn

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "text_generation.py"))
RATE, NORM, EPSILON = 4e-3, 1.0, 1e-7  # Adam's learning rate, the limit of the global norm, Adam's epsilon
COMPARED, MOST = 200, 0.01  # steps whose losses are compared, and how much they may differ, relative to PyTorch's
SHOWN = 1, 2, 5, 10, 20, 50, 100, 150, 200  # steps whose losses are printed
HELD_OUT_BATCH = 256  # sequences


class StepLosses(nn.callbacks.Callback):
    """The loss of each step of an epoch of fit, whose logs hold the mean over the epoch so far."""

    def __init__(self, samples: int, batch_size: int) -> None:
        self.samples, self.batch_size = samples, batch_size
        self.values: list[float] = []
        self._seen, self._total = 0, 0.0

    def on_train_batch_end(self, batch, logs=None):
        seen = min((batch + 1) * self.batch_size, self.samples)
        total = logs["loss"] * seen
        self.values.append((total - self._total) / (seen - self._seen))
        self._seen, self._total = seen, total


class Numbanet:
    """A model of Embedding, LSTM and a Dense for each step, and the sequences x and y (N, T) that it learns from."""

    def __init__(self, model: nn.Sequential, x: np.ndarray, y: np.ndarray, batch_size: int) -> None:
        self.model, self.x, self.y, self.batch_size = model, x, y, batch_size
        adam = nn.optimizers.Adam(RATE, epsilon=EPSILON, global_clipnorm=NORM)
        model.compile(adam, nn.losses.SparseCategoricalCrossentropy())

    def epoch(self) -> list[float]:
        """Train for an epoch; the loss of each step."""
        losses = StepLosses(len(self.x), self.batch_size)
        self.model.fit(self.x, self.y, self.batch_size, verbose=0, callbacks=[losses])
        return losses.values

    def loss(self, x: np.ndarray, y: np.ndarray) -> float:
        """The mean loss of a character, without training."""
        return self.model.evaluate(x, y, HELD_OUT_BATCH)["loss"]


class PyTorch:
    """The same for PyTorch. The model's weights are taken as they are now, and its seed for the order of batches."""

    def __init__(self, model: nn.Sequential, x: np.ndarray, y: np.ndarray, batch_size: int) -> None:
        embedding, kernel, recurrent, bias, dense, dense_bias = map(torch.tensor, model.get_weights())
        self.embedding = torch.nn.Embedding.from_pretrained(embedding, freeze=False)
        self.lstm = torch.nn.LSTM(embedding.shape[1], len(recurrent), batch_first=True, dtype=embedding.dtype)
        self.linear = torch.nn.Linear(*dense.shape, dtype=embedding.dtype)
        # the gates' order is the same: i, f, c or g, o
        self.lstm.load_state_dict(
            {
                "weight_ih_l0": kernel.T,
                "weight_hh_l0": recurrent.T,
                "bias_ih_l0": bias,
                "bias_hh_l0": torch.zeros_like(bias),
            }
        )
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.linear.load_state_dict({"weight": dense.T, "bias": dense_bias})
        layers = torch.nn.ModuleList([self.embedding, self.lstm, self.linear])
        self.parameters = [p for p in layers.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, RATE, eps=EPSILON, fused=True)
        self.x, self.y, self.batch_size = torch.tensor(x), torch.tensor(y), batch_size
        self.seed, self.epochs = model.seed, 0

    def _loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        logits = self.linear(self.lstm(self.embedding(x))[0])
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())

    def epoch(self) -> list[float]:
        """Train for an epoch in the order that numbanet's fit takes; the loss of each step."""
        order = nn.random.permutation(len(self.x), self.seed, nn.random.SHUFFLE, self.epochs)
        self.epochs += 1
        losses = []
        for rows in torch.tensor(order).split(self.batch_size):
            self.optimizer.zero_grad(set_to_none=True)
            loss = self._loss(self.x[rows], self.y[rows])
            loss.backward()
            # clip_grads_with_norm_ divides by the norm + 1e-6, numbanet by the norm
            norm = torch.nn.utils.get_total_norm([p.grad for p in self.parameters])
            torch.nn.utils.clip_grads_with_norm_(self.parameters, NORM, norm - 1e-6)
            self.optimizer.step()
            losses.append(loss.item())
        return losses

    @torch.no_grad()
    def loss(self, x: np.ndarray, y: np.ndarray) -> float:
        """The mean loss of a character, without training."""
        batches = zip(torch.tensor(x).split(HELD_OUT_BATCH), torch.tensor(y).split(HELD_OUT_BATCH), strict=True)
        return sum(self._loss(a, b).item() * len(a) for a, b in batches) / len(x)


class Samples(NamedTuple):
    """The text in pieces: characters as indices, and the same one character later."""

    x: np.ndarray
    y: np.ndarray


def samples() -> tuple[int, Samples, Samples]:
    """How many different characters there are, and the samples to train on and to validate on, as in the example."""
    text = "".join(topics[name] for name in sorted(topics))
    alphabet = np.array(sorted(set(text)))
    x, y = EXAMPLE["windows"](text, alphabet)
    held = np.arange(len(x)) % 10 == 9
    return len(alphabet), Samples(x[~held], y[~held]), Samples(x[held], y[held])


@dataclass
class Record:
    """What one library's training was like."""

    losses: list[float] = field(default_factory=list)  # of each step
    bits: list[float] = field(default_factory=list)  # per character of the validation samples, after each epoch
    seconds: list[float] = field(default_factory=list)  # of each epoch


def train(dtype: str, epochs: int) -> tuple[Record, Record]:
    """numbanet's training and PyTorch's, from the same weights, an epoch in turn."""
    characters, training, validation = samples()
    model = EXAMPLE["network"](characters)
    model.build(training.x.shape[1:], dtype=dtype)
    theirs = PyTorch(model, *training, EXAMPLE["BATCH"])  # before numbanet moves the weights
    ours = Numbanet(model, *training, EXAMPLE["BATCH"])
    found = Record(), Record()
    for epoch in range(epochs):
        for library, record in zip((ours, theirs), found, strict=True):
            start = time.perf_counter()
            record.losses += library.epoch()
            record.seconds.append(time.perf_counter() - start)
            record.bits.append(library.loss(*validation) / math.log(2))
        print(f"{dtype}, epoch {epoch + 1}:", *(f"{r.bits[-1]:.4f} ({r.seconds[-1]:.2f} s)" for r in found), flush=True)
    return found


def differences(ours: Record, theirs: Record) -> np.ndarray:
    """Of the losses of the first steps, relative to PyTorch's."""
    a, b = np.array(ours.losses[:COMPARED]), np.array(theirs.losses[:COMPARED])
    return np.abs(a - b) / b


def tables(ours: Record, theirs: Record) -> list[str]:
    """The losses of some of the first steps, the bits of some epochs, and the seconds of an epoch."""
    columns = "numbanet", "PyTorch", "difference"
    each = differences(ours, theirs)
    curve = [[str(k), *(f"{r.losses[k - 1]:.6f}" for r in (ours, theirs)), f"{each[k - 1]:.1e}"] for k in SHOWN]
    epochs = len(ours.bits)
    some = [k for k in range(1, epochs + 1) if k == epochs or k & (k - 1) == 0]  # powers of two, and the last
    pairs = [(k, ours.bits[k - 1], theirs.bits[k - 1]) for k in some]
    bits = [[str(k), f"{a:.4f}", f"{b:.4f}", f"{abs(a - b) / b:.1e}"] for k, a, b in pairs]
    median = statistics.median(ours.seconds)
    times = [
        [
            name,
            f"{statistics.median(r.seconds):.2f}",
            f"{min(r.seconds):.2f}",
            f"{statistics.median(r.seconds) / median:.2f}",
        ]
        for name, r in (("numbanet", ours), ("PyTorch", theirs))
    ]
    return [
        report.table(("loss at step", *columns), curve),
        report.table(("validation bits per character after epoch", *columns), bits),
        report.table(("seconds an epoch", "median", "best", "of numbanet's"), times),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=32, help="at least 2: the first steps that are compared")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    if options.epochs < 2:
        parser.error(f"--epochs must be 2 or more. Received: {options.epochs}")
    nn.set_num_threads(options.threads)
    torch.set_num_threads(options.threads)
    worst = {"float64": differences(*train("float64", 2)).max()}
    found = train("float32", options.epochs)
    worst["float32"] = differences(*found).max()
    words = (
        f"{options.threads} threads. Largest difference between the losses of the first {COMPARED} steps, relative to "
        f"PyTorch's: {worst['float32']:.1e} in float32, {worst['float64']:.1e} in float64. The tables are of float32."
    )
    text = "\n\n".join([words, *tables(*found)])
    print(f"\n{text}")
    if options.write:
        report.write_section("Character model", report.prose(__doc__), text)
    if max(worst.values()) > MOST:
        raise SystemExit(f"The loss curves differ by more than {MOST:.0%}.")


if __name__ == "__main__":
    main()
