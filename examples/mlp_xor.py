"""A hidden layer makes XOR possible: 2 inputs, 8 hidden units, 1 output, trained by backpropagation."""

import numpy as np

import numbanet as nn

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([[0], [1], [1], [0]])


def main():
    model = nn.Sequential([nn.layers.Dense(8, activation="tanh"), nn.layers.Dense(1)], seed=0)
    model.compile(nn.optimizers.SGD(0.5, momentum=0.9), nn.losses.BinaryCrossentropy(), ["accuracy"])
    history = model.fit(X, Y, batch_size=4, epochs=300, verbose=0).history
    for epoch in (0, 9, 29, 99, 299):
        print(f"epoch {epoch + 1:3}: loss {history['loss'][epoch]:.4f}, accuracy {history['accuracy'][epoch]:.2f}")
    probabilities = 1 / (1 + np.exp(-model.predict(X)[:, 0]))
    for (a, b), p, right in zip(X, probabilities, Y[:, 0], strict=True):
        print(f"{a} XOR {b}: probability of 1 is {p:.3f}, right answer {right}")
    solved = ((probabilities > 0.5) == (Y[:, 0] == 1)).all()
    print("XOR is learned" if solved else "XOR is not learned")


if __name__ == "__main__":
    main()
