"""The mean of a value over an epoch, weighted by the samples of each batch: how the loss is reported.

Shapes: value (1,) of the model's type; count an int64 scalar; mask (R,) of rows, 1 or 0; state (2,) float64, zero at
the start of an epoch.

Forward:
    F1: state[0] += value[0] count
    F2: state[1] += count
update_masked takes the rows that the mask says count for `count`. The mean is state[0] / state[1]. With the batch's
mean loss as value it is the mean over all samples, or rows that count, also where the last batch is short; in float64,
because float32 stops adding after 2^24 samples. A NaN stays in the state, as it should.

There is no backward: nothing is trained on it. Saved: nothing but the state.

Source: the definition.
"""
