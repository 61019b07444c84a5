"""The perceptron learns AND and OR, and cannot learn XOR: no straight line parts its classes."""

import numpy as np

import numbanet as nn

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}


def main():
    for gate, outputs in GATES.items():
        perceptron = nn.Perceptron(learning_rate=1.0).fit(INPUTS, outputs, epochs=50)
        mistakes = " ".join(map(str, perceptron.mistakes[:12])) + (" ..." if len(perceptron.mistakes) > 12 else "")
        print(f"{gate}: mistakes in each pass over the four inputs: {mistakes}")
        if perceptron.converged:
            w, b = perceptron.weights, perceptron.bias[0]
            print(f"  converged: y = 1 where {w[0]:+g} x1 {w[1]:+g} x2 {b:+g} >= 0")
        else:
            print(f"  did not converge in {len(perceptron.mistakes)} passes")
        print(f"  {gate} of 00 01 10 11: learned {perceptron.predict(INPUTS)}, right {np.array(outputs)}")


if __name__ == "__main__":
    main()
