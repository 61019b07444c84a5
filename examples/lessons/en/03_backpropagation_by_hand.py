# %% [markdown]
# # 03 Backpropagation by hand
#
# **Time:** 60 minutes with pencil and paper; the code runs in seconds. **Before it:** lesson 02, derivatives and the
# chain rule.
#
# You learn
#
# - how to carry numbers forward through a network of 2 inputs, 2 hidden units and 1 output,
# - how to carry the gradient back with the chain rule, and what $\delta$ is,
# - that a network does exactly this: every number you find stands in its memory,
# - how central differences prove that a gradient is right.

# %%
import math

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure

PICTURE = "03_backpropagation_by_hand.png"

# %% [markdown]
# ## The network
#
# Two inputs, two hidden units with the sigmoid $\sigma(z) = 1 / (1 + e^{-z})$, one output with the sigmoid, and the
# squared error as the loss. One sample: the input $x = (1, 0.5)$ with the target $t = 1$. The weights are simple
# numbers, so that you can follow with a pocket calculator:
#
# $$ W_1 = \begin{pmatrix} 0.5 & -1 \\ 1 & 0.5 \end{pmatrix} \quad b_1 = (0, \; 0.5) \qquad
#    W_2 = \begin{pmatrix} 1 \\ -2 \end{pmatrix} \quad b_2 = 0.5 $$
#
# The row of a weight is where it comes from, the column where it goes to: $W_1[0, 1] = -1$ leads from $x_0$ to hidden
# unit 1.

# %%
x0, x1, t = 1.0, 0.5, 1.0
w00, w01, w10, w11 = 0.5, -1.0, 1.0, 0.5  # W1: from input to hidden unit
b0, b1 = 0.0, 0.5
v0, v1, c = 1.0, -2.0, 0.5  # W2: from hidden unit to the output, and its bias


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


# %% [markdown]
# ## Forward
#
# Every unit first adds up its **pre-activation** $z$, then applies its activation, which gives its **output** $a$:
#
# $$ z_j = b_j + \sum_i x_i W_1[i, j], \qquad a_j = \sigma(z_j) $$
#
# The output unit, whose values we call $z_y$ and $y$, does the same with the hidden outputs, and the loss compares:
#
# $$ z_y = b_2 + \sum_j a_j W_2[j], \qquad y = \sigma(z_y), \qquad L = (y - t)^2 $$

# %%
z0 = b0 + x0 * w00 + x1 * w10
z1 = b1 + x0 * w01 + x1 * w11
a0, a1 = sigmoid(z0), sigmoid(z1)
zy = c + a0 * v0 + a1 * v1
y = sigmoid(zy)
loss = (y - t) ** 2
print(f"z0 = {b0} + {x0} * {w00} + {x1} * {w10} = {z0:.6f}      a0 = sigmoid(z0) = {a0:.6f}")
print(f"z1 = {b1} + {x0} * {w01} + {x1} * {w11} = {z1:.6f}    a1 = sigmoid(z1) = {a1:.6f}")
print(f"zy = {c} + {a0:.6f} * {v0} + {a1:.6f} * {v1} = {zy:.6f}   y = sigmoid(zy) = {y:.6f}")
print(f"L  = ({y:.6f} - {t})^2 = {loss:.6f}")

# %% [markdown]
# ## Backward
#
# How does the loss change if we turn at a weight? The chain rule answers, from the end to the beginning. First the
# loss by the output, and by the output's pre-activation. The sigmoid has the handy derivative
# $\sigma' = \sigma (1 - \sigma)$:
#
# $$ \frac{\partial L}{\partial y} = 2 (y - t), \qquad
#    \delta_y = \frac{\partial L}{\partial z_y} = \frac{\partial L}{\partial y} \; y (1 - y) $$
#
# The derivative by a pre-activation is called **delta**, and it is all one needs to know about a unit: a weight enters
# $z$ multiplied by its input, so its gradient is *delta times the input*, and that of the bias is delta itself:
#
# $$ \frac{\partial L}{\partial W_2[j]} = \delta_y \, a_j, \qquad \frac{\partial L}{\partial b_2} = \delta_y $$
#
# The hidden outputs enter $z_y$ multiplied by their weights. So the gradient runs back along the same weights:
#
# $$ \frac{\partial L}{\partial a_j} = \delta_y \, W_2[j], \qquad
#    \delta_j = \frac{\partial L}{\partial a_j} \; a_j (1 - a_j) $$
#
# and from there all is as before, one layer further down:
#
# $$ \frac{\partial L}{\partial W_1[i, j]} = \delta_j \, x_i, \qquad \frac{\partial L}{\partial b_1[j]} = \delta_j,
#    \qquad \frac{\partial L}{\partial x_i} = \sum_j \delta_j \, W_1[i, j] $$
#
# An input feeds both hidden units, so its gradient is a *sum* over the ways to the loss. Nothing else happens in
# backpropagation, in a network of any size.

# %%
dy = 2 * (y - t)
delta_y = dy * y * (1 - y)
dv0, dv1, dc = delta_y * a0, delta_y * a1, delta_y
da0, da1 = delta_y * v0, delta_y * v1
delta0, delta1 = da0 * a0 * (1 - a0), da1 * a1 * (1 - a1)
dw00, dw01, dw10, dw11 = delta0 * x0, delta1 * x0, delta0 * x1, delta1 * x1
dx0, dx1 = delta0 * w00 + delta1 * w01, delta0 * w10 + delta1 * w11
print(f"dL/dy   = 2 * ({y:.6f} - {t}) = {dy:+.6f}")
print(f"delta_y = {dy:+.6f} * {y:.6f} * (1 - {y:.6f}) = {delta_y:+.6f}")
print(f"dW2     = ({delta_y:+.6f} * {a0:.6f}, {delta_y:+.6f} * {a1:.6f}) = ({dv0:+.6f}, {dv1:+.6f}),  db2 = {dc:+.6f}")
print(f"da      = ({delta_y:+.6f} * {v0}, {delta_y:+.6f} * {v1}) = ({da0:+.6f}, {da1:+.6f})")
print(f"delta_0 = {da0:+.6f} * {a0:.6f} * (1 - {a0:.6f}) = {delta0:+.6f}")
print(f"delta_1 = {da1:+.6f} * {a1:.6f} * (1 - {a1:.6f}) = {delta1:+.6f}")
print(f"dW1     = ({dw00:+.6f} {dw01:+.6f}; {dw10:+.6f} {dw11:+.6f}),  db1 = ({delta0:+.6f}, {delta1:+.6f})")
print(f"dx      = ({dx0:+.6f}, {dx1:+.6f})")

# %% [markdown]
# **What to see.** All gradients of $W_2$ are negative: both hidden outputs are positive and the answer is too small,
# so larger weights would make it better. The gradient is what to *subtract*. Look at hidden unit 1: its weight to the
# output is $-2$, so for it the sign turns round.
#
# ## The same in the library
#
# Now the same network as a model, on the `"reference"` device, which runs the textbook loops in float64. `trace` takes
# the step that `gradients` takes and keeps every array by its textbook name.

# %%
model = nn.Sequential(
    [
        nn.layers.Dense(2, activation="sigmoid", name="hidden"),
        nn.layers.Dense(1, activation="sigmoid", name="output"),
    ]
)
model.build((2,), device="reference", dtype="float64")
model.compile(nn.optimizers.SGD(0.5), "mse")
model.set_weights([np.array([[w00, w01], [w10, w11]]), np.array([b0, b1]), np.array([[v0], [v1]]), np.array([c])])
x, target = np.array([[x0, x1]]), np.array([[t]])
trace = model.trace(x, target)
print(trace)

# %% [markdown]
# Compare it with your paper, line by line. And so that we need not trust our eyes:

# %%
mine = {
    "hidden": {"z": [z0, z1], "a": [a0, a1], "da": [da0, da1], "delta": [delta0, delta1], "db": [delta0, delta1]},
    "output": {"z": [zy], "a": [y], "da": [dy], "delta": [delta_y], "dW": [dv0, dv1], "db": [dc]},
}
mine["hidden"] |= {"dW": [dw00, dw01, dw10, dw11], "dx": [dx0, dx1]}
largest = abs(trace.loss - loss)
for layer, arrays in mine.items():
    for name, by_hand in arrays.items():
        found = getattr(trace[layer], name).ravel()
        largest = max(largest, np.abs(found - by_hand).max())
        print(f"{layer:6} {name:5} by hand {np.round(by_hand, 6)}, in the network {np.round(found, 6)}")
print(f"largest difference: {largest:.1e}", "- the same numbers" if largest < 1e-15 else "- OTHER NUMBERS")

# %% [markdown]
# ## The loop that does it
#
# With more samples each gradient is a sum over them (the loss has the $1/N$). `explain` shows all loops of the hidden
# layer, forward and backward, as they run, and carries one element of each result through with our numbers. Find your
# own lines in it, such as `dw[0, 1]`:

# %%
print(nn.teach.explain(trace["hidden"], element="dw[0, 1]"))

# %% [markdown]
# ## Down the hill
#
# One step of gradient descent subtracts the gradient times the learning rate. The loss should go down by nearly
# $\eta$ times the squared length of the gradient:

# %%
_, gradients = model.gradients(x, target)
squared = sum(float((g**2).sum()) for g in gradients)
weights = model.get_weights()
print("learning rate   loss before   after one step   fell by   predicted")
for rate in (0.01, 0.1, 0.5, 2.0):
    model.set_weights([w - rate * g for w, g in zip(weights, gradients, strict=True)])
    after = model.loss_value(x, target)
    print(f"{rate:13} {loss:13.6f} {after:16.6f} {loss - after:9.6f} {rate * squared:11.6f}")
model.set_weights(weights)

# %% [markdown]
# For small steps the prediction is exact; for large ones the loss bends away from its tangent. More about this in
# lesson 05.
#
# ## How do you know that a gradient is right?
#
# A wrong gradient rarely stops a program: the network still learns, only worse. So one checks. The derivative is the
# slope of the loss, and a slope can be measured: turn a weight a little to both sides,
#
# $$ \frac{\partial L}{\partial w} \approx \frac{L(w + h) - L(w - h)}{2h} $$
#
# These are **central differences**; their error shrinks as $h^2$. If $h$ is too large the curve is not straight, if it
# is too small rounding spoils the difference. We try it for $W_1[0, 1]$:

# %%
steps, errors = 10.0 ** -np.arange(1, 13), []
print("h         central difference   error")
for h in steps:
    ends = []
    for sign in (1, -1):
        changed = [w.copy() for w in weights]
        changed[0][0, 1] += sign * h
        model.set_weights(changed)
        ends.append(model.loss_value(x, target))
    slope = (ends[0] - ends[1]) / (2 * h)
    errors.append(abs(slope - dw01))
    print(f"{h:.0e} {slope:+21.12f}   {errors[-1]:.1e}")
model.set_weights(weights)
print(f"backpropagation {dw01:+.12f}\n")
nn.check_gradients(model, x, target)

try:
    figure = new_figure(9.5, 3.4)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    axes = figure.add_subplot(1, 2, 1)
    axes.loglog(steps, errors, "o-")
    axes.set(title="central differences of dL/dW1[0, 1]", xlabel="h", ylabel="error")
    axes.grid(alpha=0.3)
    axes = figure.add_subplot(1, 2, 2)
    around = np.linspace(-4, 4, 81)
    curve = []
    for move in around:
        changed = [w.copy() for w in weights]
        changed[0][0, 1] += move
        model.set_weights(changed)
        curve.append(model.loss_value(x, target))
    model.set_weights(weights)
    axes.plot(w01 + around, curve, label="loss")
    axes.plot(w01 + around, loss + dw01 * around, "--", label="slope from backpropagation")
    axes.plot(w01, loss, "ko")
    axes.set(title="the loss along one weight", xlabel="W1[0, 1]", ylim=(min(curve) - 0.05, max(curve) + 0.05))
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![the error of central differences, and the loss along one weight](03_backpropagation_by_hand.png)
#
# **What to see.** From $h = 0.1$ on the error falls by 100 for each step, as $h^2$ says, until rounding takes over.
# `check_gradients` does this for every element of every array, with a better formula (Richardson's). Use it for any
# layer that you write.
#
# ## Questions
#
# 1. Do it all again with $\tanh$ in the hidden layer ($\tanh' = 1 - \tanh^2$). Change one word in the model and two
#    lines on paper. Do they agree?
# 2. With the binary cross-entropy $L = -t \log y - (1 - t) \log(1 - y)$ in place of the squared error, $\delta_y$
#    becomes $y - t$. Derive it. Why does a unit that is sure and wrong then learn faster?
# 3. Let both hidden units begin with the same weights. What do you notice about $\delta_0$ and $\delta_1$, and what
#    does it mean for all steps to come?
# 4. How many multiplications does the forward pass of a layer take, and how many the backward pass?
# 5. Write the three loops: `nn.teach.exercise("dense_backward")`, and the derivative of the sigmoid:
#    `nn.teach.exercise("sigmoid_backward")`. In the bug museum, `nn.teach.exhibit("derivative_at_the_wrong_point")`
#    and `nn.teach.exhibit("commented_out_sum")` hide mistakes that you now can find.
# 6. Step through the loops in a debugger: `with nn.pure_python(): model.gradients(x, target)` stops at a breakpoint in
#    `numbanet/kernels/dense/reference.py`.
