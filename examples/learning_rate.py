"""The learning rate: too small hardly moves, too large overshoots or diverges."""

import math

import numbanet as nn

RATES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)


def train(x, y, rate):
    """The loss of each of ten epochs at this learning rate."""
    model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=0)
    model.compile(nn.optimizers.SGD(rate), nn.losses.SparseCategoricalCrossentropy())
    return model.fit(x, y, batch_size=32, epochs=10, verbose=0).history["loss"]


def main():
    x, y = nn.datasets.load_digits()
    chance = math.log(10)
    results = {rate: train(x, y, rate) for rate in RATES}
    print(f"loss at chance level: {chance:.3f}")
    for rate, losses in results.items():
        last = losses[-1]
        if not math.isfinite(last) or last > chance:
            verdict = "diverges: worse than guessing"
        elif last > 0.5 * chance:
            verdict = "too small: has hardly moved"
        else:
            verdict = "learns"
        shown = "  ".join(f"{value:8.3f}" for value in (losses[0], losses[4], last))
        print(f"rate {rate:<7g} loss after 1, 5, 10 epochs: {shown}   {verdict}")
    finite = {rate: losses[-1] for rate, losses in results.items() if math.isfinite(losses[-1])}
    print(f"lowest loss at rate {min(finite, key=finite.get):g}")


if __name__ == "__main__":
    main()
