"""The perceptron: one unit with a step activation, and the rule that corrects its weights after each mistake.

Shapes: x (N, I), t (N,) of 0 and 1, w (I,), b (1,), y (N,); learning_rate float64; mistakes (1,) int64, overwritten.

Forward, predict:
    F1: y[n] = step(b + sum over i of x[n, i] w[i]), where step(s) = 1 if s >= 0, else 0 (NaN if s is NaN)

Training, epoch: for n = 0 .. N - 1 in order, y[n] by F1 with the weights as they are then, and
    U1: error = t[n] - y[n], one of -1, 0, 1
    U2: w[i] += learning_rate error x[n, i]
    U3: b    += learning_rate error
    U4: mistakes[0] += 1 where error is not 0
This is no gradient descent: the derivative of the step is 0. A mistake on n changes its score by learning_rate
(1 + sum over i of x[n, i]^2) towards its side.

Let some (v, c) of length 1 separate the classes by a margin g > 0: v . x[n] + c >= g where t[n] = 1 and <= -g where it
is 0. From zero weights the rule then makes at most (R / g)^2 mistakes in all, R^2 the largest of 1 + |x[n]|^2, whatever
the order and the learning rate (Novikoff); after the last, mistakes[0] = 0 and nothing moves. Where there is no such
plane, as for XOR, every epoch has a mistake: one without would leave weights that separate.

Epochs depend on the order of the samples, so they are one task. Saved: nothing but w and b.

Source: Rosenblatt, The perceptron: a probabilistic model for information storage and organization in the brain,
Psychological Review 65 (1958); Novikoff, On convergence proofs on perceptrons, Symposium on the Mathematical Theory of
Automata 12 (1962); Minsky and Papert, Perceptrons (1969), for XOR.
"""
