"""How far something has come: updates that were done, samples of an epoch that were taken.

Shapes: iteration (1,) int64; by an int64 scalar.

Update:
    U1: iteration = iteration + by

Written: iteration, in place. It is an operation of its own so that a recorded step counts itself on every device: a
step that is replayed from a list, or from a captured CUDA graph, runs no Python in which a number could be raised.
For updates it stands after the optimizer's, once a step: adam reads iteration as the number of updates before its own.

Source: the t = t + 1 of Kingma and Ba, Adam: a method for stochastic optimization, ICLR (2015), algorithm 1.
"""
