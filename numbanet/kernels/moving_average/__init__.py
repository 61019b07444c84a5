"""The exponential moving average of the weights.

Shapes: w, average (size) in the model's dtype; iteration (1,) int64, the updates done with the one that w comes from;
momentum a float; every an integer.

Update:
    U1: follow(momentum, iteration, w, average):  average = momentum average + (1 - momentum) w
    U2: overwrite(every, iteration, average, w):  w = average after every so many updates; else w stays

After the first update the average is w. follow writes average, in place; overwrite writes w, in place. An average of
weights lies nearer to the bottom of a valley than the weights, which go to and fro across it.

Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging, SIAM J. Control Optim. 30 (1992),
for plain means; use_ema of Keras's optimizers for this form.
"""
