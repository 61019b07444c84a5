# %% [markdown]
# # 02 XOR and the hidden layer
#
# **Time:** 30 minutes to read and try; the code runs in seconds. **Before it:** lesson 01 (the perceptron).
#
# You learn
#
# - how two units and a third one on top compute XOR, with weights chosen by hand,
# - that a hidden layer moves the points until one line is enough,
# - why layers without an activation between them are one layer,
# - how often a small network finds XOR by itself, and what helps.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.dense import reference

PICTURE = "02_xor_hidden_layer.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
XOR = np.array([[0], [1], [1], [0]])

# %% [markdown]
# ## Two lines and an AND
#
# One line cannot separate XOR, but two can: 01 and 10 lie between the line $x_1 + x_2 = 0.5$ and the line
# $x_1 + x_2 = 1.5$. In words: XOR is OR, but not AND. So we take two perceptrons that see the inputs, one for OR and
# one for AND, and a third that sees only those two:
#
# $$ h_1 = \text{step}(x_1 + x_2 - 0.5), \quad h_2 = \text{step}(x_1 + x_2 - 1.5), \quad
#    y = \text{step}(h_1 - h_2 - 0.5) $$
#
# The units between inputs and output are the **hidden layer**: nobody outside sees what they say. In numbanet each
# layer is a `Dense`, and its activation is the step function:

# %%
by_hand = nn.Sequential([nn.layers.Dense(2, activation="step"), nn.layers.Dense(1, activation="step")])
by_hand.build((2,))
by_hand.set_weights(
    [
        np.array([[1, 1], [1, 1]]),  # from x1 and x2 to h1 and h2
        np.array([-0.5, -1.5]),
        np.array([[1], [-1]]),  # from h1 and h2 to y
        np.array([-0.5]),
    ]
)
hidden = nn.teach.layer_output(by_hand, X, "dense")
print("x1 x2 | h1 (OR)  h2 (AND) | y  XOR")
for x, h, y, right in zip(X, hidden, by_hand.predict(X), XOR, strict=True):
    print(f"{x[0]:2.0f} {x[1]:2.0f} | {h[0]:7.0f} {h[1]:9.0f} | {y[0]:.0f} {right[0]:4}")

# %% [markdown]
# **What to see.** Look at the columns $h_1, h_2$ as coordinates. The inputs 01 and 10 have become the same point
# $(1, 0)$. The four corners of a square are now three points, and *these* one line can separate: that is all the
# output unit does. A hidden layer does not decide. It moves the points to where deciding is easy.
#
# ## What a layer computes
#
# A layer of $O$ units on $I$ inputs has a weight for every pair, $W$ of shape $(I, O)$, and a bias for every unit. For
# a batch of $N$ samples, row by row, with an activation $f$:
#
# $$ z_{no} = b_o + \sum_{i} x_{ni} W_{io}, \qquad a_{no} = f(z_{no}) $$
#
# The weighted sums $z$ are called the **pre-activation**. They are three nested loops, and the library has exactly
# these:

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## Without an activation, layers collapse
#
# Leave out $f$. Then two layers compute
#
# $$ (x W_1 + b_1) W_2 + b_2 = x (W_1 W_2) + (b_1 W_2 + b_2) $$
#
# which is *one* layer with the weights $W_1 W_2$. However many we stack, it stays a line. We see it in numbers:

# %%
linear = nn.Sequential([nn.layers.Dense(8), nn.layers.Dense(8), nn.layers.Dense(1)], seed=0)
linear.compile(nn.optimizers.SGD(0.2), nn.losses.BinaryCrossentropy(), ["accuracy"])
linear.fit(X, XOR, batch_size=4, epochs=500, verbose=0)
w1, b1, w2, b2, w3, b3 = linear.get_weights()
one_layer = X @ (w1 @ w2 @ w3) + ((b1 @ w2 + b2) @ w3 + b3)
print(f"three layers:          {np.round(linear.predict(X)[:, 0], 4)}")
print(f"one layer of W1 W2 W3: {np.round(one_layer[:, 0], 4)}")
print(f"XOR after 500 epochs: loss {linear.evaluate(X, XOR)['loss']:.4f}; guessing has log 2 = {np.log(2):.4f}")

# %% [markdown]
# The logits all become 0: a probability of 1/2 for every input. That is the best that a line can do for XOR, and it is
# no better than tossing a coin.
#
# ## Learning XOR
#
# The step function cannot be trained by its slope, for that is 0 everywhere. So we take a smooth one: $\tanh$, which
# goes from $-1$ to $1$. The output is one unit without activation, a **logit**; the loss (binary cross-entropy) turns
# it into a probability by the sigmoid. The weights are found by gradient descent and backpropagation, which lesson 03
# takes apart number by number.


# %%
def network(units, seed):
    model = nn.Sequential([nn.layers.Dense(units, activation="tanh"), nn.layers.Dense(1)], seed=seed)
    model.compile(nn.optimizers.SGD(0.5, momentum=0.9), nn.losses.BinaryCrossentropy(), ["accuracy"])
    return model


model = network(2, seed=0)
losses = model.fit(X, XOR, batch_size=4, epochs=200, verbose=0).history["loss"]
print("epoch    loss")
for epoch in (1, 5, 10, 20, 50, 100, 200):
    print(f"{epoch:5} {losses[epoch - 1]:7.4f}")
probabilities = 1 / (1 + np.exp(-model.predict(X)))
print("\nx1 x2 | hidden layer | probability of 1, right")
for x, h, p, right in zip(X, nn.teach.layer_output(model, X, "dense"), probabilities, XOR, strict=True):
    print(f"{x[0]:2.0f} {x[1]:2.0f} | {'  '.join(f'{value:+.2f}' for value in h):12} | {p[0]:.3f} {right[0]:13}")
solved = bool(((probabilities > 0.5) == XOR).all())
print("XOR is learned" if solved else "XOR is not learned")

# %% [markdown]
# **What to see.** Nobody told the hidden units to be OR and AND. They found something of that kind themselves, with
# other signs and directions.
#
# ## How often does it work?
#
# Two hidden units are enough in principle. Does training find them? The answer depends on the first weights, which are
# drawn at random. We train 20 networks of each width, which differ only by their seed:

# %%
SEEDS = 20
print(f"hidden units   learned by {SEEDS} networks   median loss")
for units in (1, 2, 3, 4, 8):
    right, ends = 0, []
    for seed in range(SEEDS):
        trial = network(units, seed)
        trial.fit(X, XOR, batch_size=4, epochs=200, verbose=0)
        found = trial.evaluate(X, XOR)
        right += found["accuracy"] == 1.0
        ends.append(found["loss"])
    print(f"{units:12} {right:24} {np.median(ends):13.4f}")

# %% [markdown]
# **What to see.** One hidden unit never learns XOR: the output can only rise or fall along one direction, so the
# boundary is still one straight line. With two, some networks get stuck, although a solution exists. With a few more
# than needed nearly every start succeeds: there are many ways to a solution, and training needs to find only one of
# them. Wider than necessary is easier to train; you will meet this again.
#
# The picture shows what our network of two units makes of the whole plane, and where its hidden layer puts the four
# inputs.

# %%
try:
    figure = new_figure(11, 3.6)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    grid = np.linspace(-0.6, 1.6, 121, dtype="float32")
    across, up = np.meshgrid(grid, grid)
    plane = model.predict(np.column_stack([across.ravel(), up.ravel()]))
    axes = figure.add_subplot(1, 3, 1)
    shown = axes.contourf(across, up, (1 / (1 + np.exp(-plane))).reshape(across.shape), 20, cmap="PuOr_r")
    figure.colorbar(shown, ax=axes, label="probability of 1")
    axes.contour(across, up, plane.reshape(across.shape), levels=[0], colors="k")
    axes.set(title="what the network says", xlabel="x1", ylabel="x2")
    for place, (title, points) in enumerate(
        (("hidden layer, by hand", hidden), ("hidden layer, learned", nn.teach.layer_output(model, X, "dense")))
    ):
        inner = figure.add_subplot(1, 3, place + 2)
        for label, colour, marker in ((0, "C0", "o"), (1, "C1", "s")):
            inner.scatter(*points[XOR[:, 0] == label].T, c=colour, marker=marker, s=70, edgecolors="k")
        offsets = {"00": (6, 6), "01": (6, -14), "10": (-20, 6), "11": (-20, -14)}
        for (name, offset), point in zip(offsets.items(), points, strict=True):
            inner.annotate(name, point, textcoords="offset points", xytext=offset)
        inner.set(title=title, xlabel="h1", ylabel="h2")
        inner.margins(0.2)
    for label, colour, marker in ((0, "C0", "o"), (1, "C1", "s")):
        axes.scatter(*X[XOR[:, 0] == label].T, c=colour, marker=marker, s=70, edgecolors="k", zorder=3)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![the plane as the network sees it, and the four inputs in its hidden layer](02_xor_hidden_layer.png)
#
# **What to see.** In the plane of the inputs the boundary is bent: a band, or two curves. In the hidden layer the same
# four points can be parted by a straight line.
#
# ## Questions
#
# 1. Write down weights for XOR with other hidden units, such as NAND and OR. How many different solutions do you find?
# 2. A network can always exchange two hidden units together with their weights, and with $\tanh$ turn the signs round.
#    How many networks of 8 units compute exactly the same? What does that mean for the search?
# 3. Train the three-input parity (1 where an odd number of inputs is 1). How many hidden units do you need?
# 4. Replace `"tanh"` by `"step"` in `network`. What does the loss do, and why? `nn.teach.update_ratios(model, X, XOR)`
#    shows it by layer.
# 5. Write the loop of a layer yourself: `nn.teach.exercise("dense_forward")`.
