"""Lion: every weight moves by the learning rate itself, against the sign of its recent gradients.

Shapes: g, m, w (size) in the model's dtype; learning_rate (1,) float64, an array so that a recorded step sees its
changes; beta_1, beta_2 floats. g gradient, w weights, m running mean of g (zeros at the start).

Update:
    U1: c = beta_1 m + (1 - beta_1) g
    U2: w = w - learning_rate sign(c)
    U3: m = beta_2 m + (1 - beta_2) g

sign(0) = 0, and sign(NaN) is NaN. U1 and U3 both read the m of the last update: the direction of the step (c) forgets
faster than the memory (m), with 0.9 and 0.99 as the paper's values.

Written: m and w, in place. The paper's weight decay is numbanet.kernels.weight_decay before this update.

Source: Chen et al., Symbolic discovery of optimization algorithms, NeurIPS (2023), algorithm 2.
"""
