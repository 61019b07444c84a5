"""Text, character by character: an LSTM reads 465,000 characters of Python's help and writes more of the kind.

Many-to-many: for each of 50 characters the network guesses the next one. Then one-to-many: it goes on from a prompt,
a character at a time; the temperature divides the logits, so that a low one writes what is likely, a high one what is
possible. The text comes with every CPython (pydoc_data.topics).

python examples/text_generation.py [--epochs 3] [--prompt "The import"]
"""

import argparse
import math
import time
from pydoc_data.topics import topics

import numpy as np

import numbanet as nn
from numbanet.layers import LSTM, Dense, Embedding, TimeDistributed

STEPS, BATCH, UNITS, SEED = 50, 64, 128, 0


def network(characters, **options):
    return nn.Sequential(
        [
            Embedding(characters, 32),
            LSTM(UNITS, return_sequences=True, **options),
            TimeDistributed(Dense(characters)),
        ],
        seed=SEED,
    )


def windows(text, alphabet):
    """Pieces of STEPS characters as indices, and the same one character later."""
    codes = np.searchsorted(alphabet, np.array(list(text)))
    count = (len(codes) - 1) // STEPS
    return codes[: count * STEPS].reshape(count, STEPS), codes[1 : count * STEPS + 1].reshape(count, STEPS)


def generate(trained, alphabet, prompt, length, temperature, random):
    """The prompt and `length` characters after it, from a network of one step that carries its state along."""
    writer = network(len(alphabet), stateful=True, batch_size=1)
    writer.build((1,))
    weights = dict(zip(trained.weight_names, trained.get_weights(), strict=True))
    states = dict(zip(writer.weight_names, writer.get_weights(), strict=True))
    writer.set_weights([weights.get(name, value) for name, value in states.items()])
    text = prompt
    for position in range(len(prompt) + length - 1):
        code = np.searchsorted(alphabet, text[position])
        logits = writer.predict(np.array([[code]]))[0, 0].astype(np.float64) / temperature
        if position >= len(prompt) - 1:
            likely = np.exp(logits - logits.max())
            text += str(random.choice(alphabet, p=likely / likely.sum()))
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--prompt", default="The import ")
    parser.add_argument("--length", type=int, default=200)
    options = parser.parse_args()
    text = "".join(topics[name] for name in sorted(topics))
    alphabet = np.array(sorted(set(text)))
    if unknown := set(options.prompt) - set(alphabet):
        parser.error(f"the text has no {''.join(sorted(unknown))!r}")
    x, y = windows(text, alphabet)
    held = np.arange(len(x)) % 10 == 9
    print(
        f"{len(text):,} characters, {len(alphabet)} different ones: {np.log2(len(alphabet)):.2f} bits each if guessed"
    )

    model = network(len(alphabet))
    model.build((STEPS,))
    model.compile(nn.optimizers.Adam(4e-3, global_clipnorm=1.0), nn.losses.SparseCategoricalCrossentropy())
    for epoch in range(options.epochs):
        start = time.perf_counter()
        model.fit(x[~held], y[~held], batch_size=BATCH, epochs=1, verbose=0)
        seconds, loss = time.perf_counter() - start, model.evaluate(x[held], y[held])["loss"]
        print(f"epoch {epoch + 1}: {loss / math.log(2):.3f} bits per character, held out ({seconds:.1f} s)", flush=True)
    for temperature in (0.3, 0.7, 1.2):
        written = generate(model, alphabet, options.prompt, options.length, temperature, np.random.default_rng(SEED))
        print(f"\ntemperature {temperature}:\n{written}")


if __name__ == "__main__":
    main()
