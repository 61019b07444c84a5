# %% [markdown]
# # 11 The gates of an LSTM and long memory
#
# **Time:** 45 minutes to read and try; the code runs in seconds. **Before it:** lesson 10 (recurrent networks).
#
# You learn
#
# - why a simple recurrent network forgets,
# - what the three gates of an LSTM do to its cell, by hand and in the library's loop,
# - how the gradient survives sixty steps,
# - and what the gates do in a network that has learned to remember.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.lstm import reference

PICTURE = "11_lstm_gates_and_long_memory.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## Why a simple RNN forgets
#
# Lesson 10: from one step to the step before, the gradient is multiplied by the same matrix and by a slope that is at
# most 1,
#
# $$ a_{t-1} = \left( a_t \odot (1 - h_t^2) \right) U^T. $$
#
# Over $T$ steps that is a product of $T$ factors. Where they shrink a vector, on the whole, it **vanishes**
# exponentially, and where they stretch it, it **explodes**. Take a random $U$ of 32 units, scaled so that its largest
# eigenvalue has the size $r$, and send a gradient of length 1 back, with a slope of 1 (no tanh at all) and with one
# of 0.8:

# %%
random = np.random.default_rng(0)
U = random.standard_normal((32, 32))
U /= np.abs(np.linalg.eigvals(U)).max()
print("length of the gradient after 10, 30, 100 steps")
for r, slope in ((0.9, 1.0), (1.0, 1.0), (1.1, 1.0), (1.1, 0.8)):
    a = random.standard_normal(32)
    a /= np.linalg.norm(a)
    lengths = []
    for _ in range(100):
        a = slope * a @ (r * U).T
        lengths.append(np.linalg.norm(a))
    print(f"eigenvalue {r}, slope {slope}: {lengths[9]:8.1e} {lengths[29]:8.1e} {lengths[99]:8.1e}")

# %% [markdown]
# Only at exactly 1 would it last, and training does not keep to that. A gradient of $10^{-10}$ says nothing any more:
# what stood a hundred steps ago cannot be learned.
#
# ## The cell and its gates
#
# The **long short-term memory** (LSTM; Hochreiter and Schmidhuber, 1997) gives each unit a **cell** $c$ beside its
# state $h$. The cell is not multiplied by a matrix and not squashed at every step. It is kept, and **gates**, numbers
# between 0 and 1, say how much:
#
# $$ \begin{aligned}
#    i_t &= \sigma(b_i + x_t W_i + h_{t-1} U_i) & f_t &= \sigma(b_f + x_t W_f + h_{t-1} U_f) \\
#    g_t &= \tanh(b_g + x_t W_g + h_{t-1} U_g) & o_t &= \sigma(b_o + x_t W_o + h_{t-1} U_o) \\
#    c_t &= f_t \odot c_{t-1} + i_t \odot g_t & h_t &= o_t \odot \tanh(c_t)
#    \end{aligned} $$
#
# - the **input gate** $i$: how much of the new candidate $g$ is written into the cell,
# - the **forget gate** $f$: how much of the old cell stays,
# - the **output gate** $o$: how much of the cell is shown.
#
# Write: $i = 1$. Keep: $f = 1, i = 0$. Erase: $f = 0$. A unit is a memory cell with a controller that is learned.
#
# In numpy, against the layer. Its arrays hold the four parts side by side, in the order $i, f, g, o$:


# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


model = nn.Sequential([nn.layers.LSTM(2, return_sequences=True)], seed=0)
model.build((4, 1), dtype="float64")
W, U, b = model.get_weights()
print(f"W {W.shape}, U {U.shape}, b {b.shape}; b = {b}\n")
sequence = np.array([[1.0], [-2.0], [0.5], [3.0]])
h, c, states = np.zeros(2), np.zeros(2), []
for t in range(4):
    i, f, g, o = np.split(b + sequence[t] @ W + h @ U, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c + i * g
    h = o * np.tanh(c)
    states.append(h)
    parts = {"i": i, "f": f, "g": g, "o": o, "c": c}
    print(f"step {t}:", "  ".join(f"{name} {np.round(values, 2)}" for name, values in parts.items()))
print(f"largest difference from the layer: {np.abs(model.predict(sequence[None])[0] - states).max():.1e}")

# %% [markdown]
# The bias of the forget gate begins at 1, all others at 0: a new cell keeps $\sigma(1) = 73\,\%$ at each step.
#
# The reference loop of the library:

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## Why the gradient lasts
#
# The way back through the cell has no matrix in it:
#
# $$ \frac{\partial c_t}{\partial c_{t-1}} = f_t \qquad\Rightarrow\qquad
#    \frac{\partial c_T}{\partial c_0} = f_T \odot f_{T-1} \odot \dots \odot f_1 $$
#
# (along this way alone; others lead through $h$). It is still a product of factors of at most 1. But the factor is a
# *gate*: where the network learns to hold it at 1, the gradient comes back as long as it was, and where it learns to
# close it, it forgets on purpose. After 60 steps:

# %%
for f in (0.73, 0.95, 0.99, 0.999):
    print(f"forget gate {f}: {f**60:.1e} of the gradient is left")

# %% [markdown]
# In the loop of the backward pass (`print(nn.explain("lstm"))` shows it beside its equations) this is the line
# `dc0[n, j] = e * f`. The gradients of the gates stand above it (B3): each is the gradient of what the gate has
# multiplied, times its other factor, times the slope of the sigmoid or tanh.

# %%
print(inspect.getsource(reference.backward.function))

# %% [markdown]
# `model.trace` runs one forward and one backward pass and keeps every array under its textbook name. Here are the
# gradients of gates and cell for the sequence above, if all states should be 1:

# %%
model.compile("sgd", "mse")
layer = model.trace(sequence[None], np.ones((1, 4, 2)))["lstm"]
print("first unit   dL/di    dL/df    dL/dg    dL/do    dL/dc")
for t in range(4):
    slopes = [layer.values[name][0, t, 0] for name in ("di", "df", "dg", "do", "dc")]
    print(f"step {t}:   " + "".join(f"{value + 0:9.4f}" for value in slopes))  # + 0: no minus before a zero

# %% [markdown]
# ## A task that needs memory
#
# Hochreiter and Schmidhuber's adding problem: at each of 60 steps stands a number between 0 and 1 and a mark. Two of
# the marks are 1, one in each half. The answer is the sum of the two marked numbers. Always answering 1, the mean,
# gives a mean squared error of 1/6.
#
# The first mark is up to 60 steps away from the end: a network has to see it, keep the number, ignore all the others,
# add the second one, and say the sum.

# %%
STEPS, UNITS = 60, 32


def sequences(random, count):
    x = np.zeros((count, STEPS, 2), np.float32)
    x[:, :, 0] = random.random((count, STEPS))
    for first, last in ((0, STEPS // 2), (STEPS // 2, STEPS)):
        x[np.arange(count), random.integers(first, last, count), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def reach(model, x, y):
    """The length of dL/dx at each step, the mean over samples."""
    return np.linalg.norm(model.input_gradient(x, y), axis=2).mean(axis=0)


x_test, y_test = sequences(np.random.default_rng(1), 500)
curves, reaches, models = {}, {}, {}
for name, layer in (("SimpleRNN", nn.layers.SimpleRNN), ("LSTM", nn.layers.LSTM)):
    models[name] = model = nn.Sequential([layer(UNITS, name="memory"), nn.layers.Dense(1)], seed=0)
    model.build((STEPS, 2))
    model.compile(nn.optimizers.Adam(5e-3, global_clipnorm=1.0), "mse")
    random, curves[name] = np.random.default_rng(0), []
    for step in range(1200):
        model.train_on_batch(*sequences(random, 64))
        if (step + 1) % 100 == 0:
            curves[name].append(model.evaluate(x_test, y_test)["loss"])
    reaches[name] = lengths = reach(model, x_test, y_test)
    right = np.mean(np.abs(model.predict(x_test) - y_test) < 0.1)
    ratio = lengths[:6].mean() / lengths[-6:].mean()
    print(
        f"{name:9} mean squared error {curves[name][-1]:.4f} (1/6 = {1 / 6:.4f}), within 0.1 of the sum: {right:.1%};"
        f" gradient at the first steps {ratio:.0e} of that at the last"
    )

# %% [markdown]
# **What to see.** The simple RNN does no better than always answering 1: it has learned the mean and nothing of the
# marks. The gradient at its first steps is nothing compared with that at the last. The LSTM is right almost always,
# and depends on the first steps as much as on the last ones.
#
# ## What the gates do
#
# `nn.teach.gates` gives every gate and state at every step. How do the gates differ at marked steps? And which unit's
# cell follows the task best: whose cell, after the last step, has the closest correlation with the sum, over the 500
# test sequences?

# %%
gates = nn.teach.gates(models["LSTM"], x_test, "memory")
marked = x_test[:, :, 1] == 1
kept = gates["c"][:, -1]
correlation = np.array([np.corrcoef(kept[:, each], y_test[:, 0])[0, 1] for each in range(UNITS)])
unit = int(np.abs(correlation).argmax())
print(f"unit {unit}: the correlation of its last cell with the sum is {correlation[unit]:.3f}\n")
print(f"         mean over all units      | unit {unit}")
for name, letter in (("input", "i"), ("forget", "f"), ("output", "o")):
    at_marks, elsewhere = gates[letter][marked], gates[letter][~marked]
    print(
        f"{name:6}   marked {at_marks.mean():.2f}, not {elsewhere.mean():.2f}   |"
        f" marked {at_marks[:, unit].mean():.2f}, not {elsewhere[:, unit].mean():.2f}"
    )

# %% [markdown]
# Two sequences, followed through that unit: the one with the smallest sum and the one with the largest. At the marked
# steps, and a few others:

# %%
for sample in (int(y_test.argmin()), int(y_test.argmax())):
    for t in range(STEPS):
        i, f, c = (gates[letter][sample, t, unit] for letter in "ifc")
        mark = f"<  the number {x_test[sample, t, 0]:.2f}" if marked[sample, t] else ""
        if mark or t % 10 == 9:
            print(f"step {t:2}: i {i:.2f}  f {f:.2f}  c {c:+.2f}  {mark}")
    answer = models["LSTM"].predict(x_test[sample : sample + 1])[0, 0]
    print(f"the sum is {y_test[sample, 0]:.2f}, the LSTM says {answer:.2f}\n")

# %%
try:
    figure = new_figure(11, 6)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    (errors, sizes), (writes, cells) = figure.subplots(2, 2)
    for name in curves:
        errors.plot(range(100, 1300, 100), curves[name], label=name)
        sizes.plot(reaches[name], label=name)
    errors.axhline(1 / 6, color="0.6", linestyle="--", label="always 1")
    errors.set(title="mean squared error", xlabel="training step", yscale="log")
    sizes.set(title="length of dL/dx after training", xlabel="step of the sequence", yscale="log")
    opens = gates["i"][marked].mean(axis=0) - gates["i"][~marked].mean(axis=0)
    order = np.argsort(-opens)
    for axes, title, letter in ((writes, "input gate", "i"), (cells, "cell", "c")):
        shown = axes.imshow(gates[letter][sample].T[order], aspect="auto", cmap="PuOr")
        figure.colorbar(shown, ax=axes)
        axes.set(title=f"{title} of one sequence, every unit", xlabel="step (marks: dotted)", ylabel="unit")
        for t in np.flatnonzero(marked[sample]):
            axes.axvline(t, color="k", linestyle=":")
    for axes in (errors, sizes):
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![training, the reach of the gradient, input gates and cells](11_lstm_gates_and_long_memory.png)
#
# **What to see.** The input gate of this unit opens at the marks and is shut elsewhere: no other number gets in. Its
# forget gate stays close to 1, so the cell holds what it has, step after step. A small number moves the cell down, a
# large one up, and what is left at the end is the sum, on a scale of its own. Nobody told the network to work like
# this; the gates were there, and the gradient found the use of them. The other units help in many ways, as the
# picture shows, in which units are ordered by how much a mark opens their input gate.
#
# ## Questions
#
# 1. Count the parameters of `LSTM(32)` on two inputs by hand. How many times those of `SimpleRNN(32)` are they?
# 2. Train with `unit_forget_bias=False`. How many more steps does it take until the error falls, and why?
# 3. Find the distance at which this LSTM fails (`STEPS` of 100, 150, ...), and the one at which the simple RNN still
#    works.
# 4. `GRU(32)` has no cell of its own and two gates. Does it solve the task? See its gates, too.
# 5. In the trace the gradient of the forget gate is 0 at the first step. Why? `model.trace(x,
#    y).to_html("trace.html")` makes a page of a trace, with a slider over the steps.
# 6. The masterpiece: `nn.teach.exercise("lstm_backward")`, and `nn.teach.grade(file)`.
