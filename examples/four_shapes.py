"""The four shapes of a task with sequences, each learned from real data and measured on data that was held out.

one-to-one: an image to its digit. one-to-many: an image to the letters of the digit's name. many-to-one: the image's
rows, read one after another, to its digit. many-to-many: for every year's sunspot number the next year's; the other
many-to-many, for every character of a text the next one, is text_generation.py.
"""

import numpy as np

import numbanet as nn
from numbanet.layers import LSTM, Dense, RepeatVector, TimeDistributed

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS = np.array(sorted(set(" ".join(NAMES))))  # a space fills names of three and four letters
LONGEST = max(map(len, NAMES))
YEARS, VALIDATED, TESTED = 20, 1881, 1921  # years in a sequence; the years that validate, and those that test, begin


def digits():
    """Training images and labels, then those that test: every fifth."""
    x, y = nn.datasets.load_digits()
    test = np.arange(len(x)) % 5 == 0
    return x[~test], y[~test], x[test], y[test]


def trained(layers, x, y, epochs):
    model = nn.Sequential(layers, seed=0)
    model.compile(
        nn.optimizers.Adam(5e-3, global_clipnorm=1.0), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"]
    )
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    return model


def most_common(y, y_test):
    """How often one is right who always answers with the most common digit of the training data."""
    return np.mean(y_test == np.bincount(y).argmax())


def report(shape, model, x, task, figures):
    shapes = f"(N, {', '.join(map(str, x.shape[1:]))}) -> (N, {', '.join(map(str, model.predict(x[:1]).shape[1:]))})"
    print(f"\n{shape}: {task}, {shapes}")
    for who, figure in figures.items():
        print(f"  {who:<36}{figure}")


def one_to_one():
    x, y, x_test, y_test = digits()
    model = trained([Dense(32, activation="relu"), Dense(10)], x, y, 30)
    found = model.evaluate(x_test, y_test)["accuracy"]
    figures = {"the network": f"{found:.1%} right", "always the most common": f"{most_common(y, y_test):.1%} right"}
    report("one-to-one", model, x, "an image to its digit", figures)


def one_to_many():
    """RepeatVector gives the LSTM the same vector at each step: what it has written so far is in its state alone."""
    x, y, x_test, y_test = digits()
    spelled = np.array([np.searchsorted(LETTERS, list(name.ljust(LONGEST))) for name in NAMES])
    layers = [
        Dense(32, activation="relu"),
        RepeatVector(LONGEST),
        LSTM(32, return_sequences=True),
        TimeDistributed(Dense(len(LETTERS))),
    ]
    model = trained(layers, x, spelled[y], 30)
    written = model.predict(x_test).argmax(axis=2)
    found = np.mean((written == spelled[y_test]).all(axis=1))
    figures = {
        "the network": f"{found:.1%} of the names without a mistake",
        "always the most common": f"{most_common(y, y_test):.1%}",
        "of the first six images it writes": " ".join("".join(LETTERS[word]).strip() for word in written[:6]),
        "and they are": " ".join(NAMES[label] for label in y_test[:6]),
    }
    report("one-to-many", model, x, "an image to the letters of its name", figures)


def many_to_one():
    """Who sees the last row alone knows little: the state has to carry the rows before it."""
    x, y, x_test, y_test = digits()
    rows, rows_test = x.reshape(-1, 8, 8), x_test.reshape(-1, 8, 8)
    model = trained([LSTM(32), Dense(10)], rows, y, 30)
    last = trained([Dense(32, activation="relu"), Dense(10)], rows[:, -1].copy(), y, 30)
    figures = {
        "the network": f"{model.evaluate(rows_test, y_test)['accuracy']:.1%} right",
        "a network that sees the last row": f"{last.evaluate(rows_test[:, -1].copy(), y_test)['accuracy']:.1%} right",
        "always the most common": f"{most_common(y, y_test):.1%} right",
    }
    report("many-to-one", model, rows, "the rows of an image to its digit", figures)


def autoregression(years, numbers, order):
    """The error, in the years that test, of a linear function of the last `order` numbers: least squares."""
    past = np.lib.stride_tricks.sliding_window_view(numbers, order)[:-1]
    past, test = np.hstack([past, np.ones((len(past), 1))]), years[order:] >= TESTED
    weights = np.linalg.lstsq(past[~test], numbers[order:][~test])[0]
    return past[test] @ weights - numbers[order:][test]


def many_to_many():
    """Sequences of YEARS numbers, and the same a year later; the last answer of each is what is measured."""
    years, numbers = nn.datasets.load_sunspots()
    windows = np.lib.stride_tricks.sliding_window_view(numbers / 100, YEARS + 1)[..., None]
    x, y, last = windows[:, :-1].copy(), windows[:, 1:].copy(), years[YEARS:]
    learn, test = last < VALIDATED, last >= TESTED
    validate = ~learn & ~test & (last - YEARS >= VALIDATED)  # no number of theirs is learned from
    model = nn.Sequential([LSTM(32, return_sequences=True), TimeDistributed(Dense(1))], seed=0)
    model.compile(nn.optimizers.Adam(1e-2, global_clipnorm=1.0), "mse")
    stop = nn.callbacks.EarlyStopping("val_loss", patience=20, restore_best_weights=True)
    model.fit(
        x[learn],
        y[learn],
        batch_size=16,
        epochs=200,
        validation_data=(x[validate], y[validate]),
        callbacks=[stop],
        verbose=0,
    )
    errors = {
        "the network": 100 * (model.predict(x[test]) - y[test])[:, -1, 0],
        "the same as this year": (numbers[:-1] - numbers[1:])[years[1:] >= TESTED],
        "linear in 2 years": autoregression(years, numbers, 2),
        "linear in 9 years": autoregression(years, numbers, 9),
    }
    figures = {who: f"wrong by {np.sqrt(np.mean(error**2)):.1f} sunspots" for who, error in errors.items()}
    task = f"every year's sunspots to the next year's (root mean square error of {TESTED} to {years[-1]})"
    report("many-to-many", model, x, task, figures)


def main():
    one_to_one()
    one_to_many()
    many_to_one()
    many_to_many()


if __name__ == "__main__":
    main()
