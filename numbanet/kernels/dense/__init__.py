"""A fully connected layer: every output is a weighted sum of all inputs.

Shapes: x (N, I), w (I, O), b (O), y (N, O); N samples, I input features, O output features.

Forward:
    F1: y[n, o] = b[o] + sum over i of x[n, i] w[i, o]

Backward, from dy = dL/dy. By F1, dy[n, o]/dx[n, i] = w[i, o], dy[n, o]/dw[i, o] = x[n, i], dy[n, o]/db[o] = 1:
    B1: dx[n, i] = sum over o of dy[n, o] w[i, o]
    B2: dw[i, o] = sum over n of x[n, i] dy[n, o]
    B3: db[o]    = sum over n of dy[n, o]

Saved: x, which the layer below owns. Each gradient is a kernel of its own: the first layer of a network needs no B1,
and a layer without bias has no B3.

Source: Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature 323 (1986).
"""
