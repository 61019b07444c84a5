"""The mean absolute and the mean squared error over an epoch, as metrics of a regression.

Shapes: p and t of one shape, the model's type; state (2,) float64, zero at the start of an epoch.

Forward, over all elements i:
    F1: absolute: state[0] += sum over i of |p[i] - t[i]|
    F2: squared:  state[0] += sum over i of (p[i] - t[i])^2
    F3: both:     state[1] += the number of elements
The mean is state[0] / state[1]. The difference and the sum are taken in float64 whatever the arrays hold: an epoch
of float32 errors would lose its small terms. A NaN in p or t stays in the state, as it should.

There is no backward: these are metrics, and the losses with the same equations are kernels of their own. Saved: nothing
but the state.

Source: the definition; keras.metrics.MeanAbsoluteError and MeanSquaredError.
"""
