"""Vanishing gradients: the gradient's norm by depth, with sigmoid and with ReLU.

The sigmoid's derivative is at most 1/4, so each layer that the gradient passes shrinks it; ReLU's is 1 where it is on.
"""

import numpy as np

import numbanet as nn

DEPTH, WIDTH = 10, 64


def gradient_norms(x, y, activation, initializer):
    """The norm of dL/dkernel of each hidden layer, from the input up, in a network that was not trained yet."""
    hidden = [
        nn.layers.Dense(WIDTH, activation=activation, kernel_initializer=initializer, name=f"hidden_{k}")
        for k in range(1, DEPTH + 1)
    ]
    model = nn.Sequential([*hidden, nn.layers.Dense(10)], seed=0)
    model.compile(nn.optimizers.SGD(0.1), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    _, gradients = model.gradients(x[:256], y[:256])
    norms = [float(np.linalg.norm(g)) for g in gradients[: 2 * DEPTH : 2]]
    model.fit(x, y, batch_size=32, epochs=10, verbose=0)
    return norms, model.evaluate(x, y)["accuracy"]


def main():
    x, y = nn.datasets.load_digits()
    sigmoid, sigmoid_accuracy = gradient_norms(x, y, "sigmoid", "glorot_uniform")
    relu, relu_accuracy = gradient_norms(x, y, "relu", "he_uniform")
    print(f"norm of the kernel's gradient, {DEPTH} hidden layers of {WIDTH}, before training")
    print(f"{'layer':>6}{'sigmoid':>12}{'ReLU':>12}")
    for k in reversed(range(DEPTH)):
        print(f"{k + 1:6}{sigmoid[k]:12.2e}{relu[k]:12.2e}")
    print("norm at the last hidden layer / norm at the first:")
    print(f"  {sigmoid[-1] / sigmoid[0]:,.0f} with sigmoid, {relu[-1] / relu[0]:.1f} with ReLU")
    print(f"accuracy on the training digits after 10 epochs: {sigmoid_accuracy:.3f} sigmoid, {relu_accuracy:.3f} ReLU")


if __name__ == "__main__":
    main()
