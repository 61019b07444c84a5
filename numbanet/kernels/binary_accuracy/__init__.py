"""How often a score is on the right side of a threshold, for targets of 0 and 1.

Shapes: p and t of one shape, the model's type; threshold float64, rounded to that type (0.5 for probabilities, 0 for
logits); state (2,) float64, zero at the start of an epoch.

Forward, over all elements i:
    F1: hit[i] = 1 if (p[i] > threshold) = (t[i] > 0.5), else 0
    F2: state[0] += sum over i of hit[i]
    F3: state[1] += the number of elements
The accuracy is state[0] / state[1]; with several outputs it is that of an output, not of a whole row. A p that is NaN
is on no side and never a hit. A score equal to the threshold is on the side of 0.

There is no backward: the step has a gradient of 0 almost everywhere. Saved: nothing but the state.

Source: the definition; keras.metrics.BinaryAccuracy, which takes NaN for a 0.
"""
