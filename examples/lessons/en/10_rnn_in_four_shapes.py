# %% [markdown]
# # 10 Recurrent networks in their four shapes
#
# **Time:** 40 minutes to read and try; the code runs in seconds. **Before it:** lesson 03 (backpropagation by hand).
#
# You learn
#
# - what a simple recurrent layer computes at each step, by hand and in the library's loop,
# - how its gradient runs backwards through time,
# - and the four shapes of tasks: one-to-one, one-to-many, many-to-one, many-to-many.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.simple_rnn import reference
from numbanet.layers import Dense, RepeatVector, SimpleRNN, TimeDistributed

PICTURE = "10_rnn_in_four_shapes.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## A network with a memory
#
# A dense layer forgets each sample as soon as it is done with it. In a text, a melody or the weather, what comes next
# depends on what came before. A **recurrent** layer (RNN) goes through a sequence step by step and keeps a **hidden
# state** $h$, which it changes at every step by what it reads and by what it was:
#
# $$ h_t = \tanh(b + x_t W + h_{t-1} U), \qquad h_0 = 0 $$
#
# $W$ (inputs x units) and $b$ are those of a dense layer. New is $U$ (units x units), which carries the state on. All
# steps share the same $W$, $U$ and $b$, as all windows of a convolution share a kernel: a sequence may have any
# length.
#
# In numpy it is one line in a loop. Against the layer:

# %%
model = nn.Sequential([SimpleRNN(3, return_sequences=True)], seed=0)
model.build((5, 2), dtype="float64")
W, U, b = model.get_weights()
sequence = np.random.default_rng(0).standard_normal((5, 2))
print(f"W {W.shape}, U {U.shape}, b {b.shape}: {model.count_params()} parameters, whatever the length\n")

h = np.zeros(3)
states = []
for t in range(5):
    h = np.tanh(b + sequence[t] @ W + h @ U)
    states.append(h)
    print(f"step {t}: x = {np.round(sequence[t], 2)}, h = {np.round(h, 3)}")
by_layer = model.predict(sequence[None])[0]
print(f"\nlargest difference from the layer: {np.abs(by_layer - states).max():.1e}")

# %% [markdown]
# The reference loop of the library. `mask` leaves steps out (F2), `back` goes through time backwards, `keep` is
# dropout on the state; without these, F1 is the equation above. `h` has one more entry than there are steps: the
# first is $h_0$.

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## Backpropagation through time
#
# Unroll the loop, and it is a deep network with a layer for each step, all with the same weights. So the gradient
# runs back from step to step. Let $a_t$ be the gradient of the loss by $h_t$. It has two parts: $e_t$, what the loss
# asks of $h_t$ directly, and what comes back through the next step:
#
# $$ a_t = e_t + \delta_{t+1} U^T, \qquad \delta_t = a_t \odot (1 - h_t^2), $$
#
# $$ \frac{\partial L}{\partial U} = \sum_t h_{t-1}^T\, \delta_t, \qquad
#    \frac{\partial L}{\partial W} = \sum_t x_t^T\, \delta_t $$
#
# $1 - h_t^2$ is the derivative of tanh. The weights are the same at every step, so their gradients are **sums over
# time**. By hand, against the library, with $L = \frac{1}{5 \cdot 3} \sum_{t,j} (h_{t,j} - 1)^2$:

# %%
model.compile("sgd", "mse")
_, (dW, dU, db) = model.gradients(sequence[None], np.ones((1, 5, 3)))

direct = 2 * (np.array(states) - 1) / 15
before = [np.zeros(3), *states[:-1]]
own_dW, own_dU, a = np.zeros_like(W), np.zeros_like(U), np.zeros(3)
for t in reversed(range(5)):
    a = a + direct[t]
    delta = a * (1 - states[t] ** 2)
    own_dW += np.outer(sequence[t], delta)
    own_dU += np.outer(before[t], delta)
    a = delta @ U.T
print(f"dL/dW, largest difference: {np.abs(own_dW - dW).max():.1e}; dL/dU: {np.abs(own_dU - dU).max():.1e}")

# %% [markdown]
# ## The four shapes
#
# With a state, the input and the output may each be one thing or a sequence:
#
# | shape | input | output | for example |
# | --- | --- | --- | --- |
# | one-to-one | $(N, I)$ | $(N, O)$ | an image to its digit: no time at all |
# | one-to-many | $(N, I)$ | $(N, T, O)$ | an image to a caption |
# | many-to-one | $(N, T, I)$ | $(N, O)$ | a sentence to its mood |
# | many-to-many | $(N, T, I)$ | $(N, T, O)$ | every day's weather to the next day's |
#
# We learn one of each, on real data, and measure on data that was held out. The first three use the digits, of which
# every fifth is kept for testing.


# %%
def trained(layers, x, y, epochs, rate=3e-3):
    """A classifier of whole samples or of each step."""
    model = nn.Sequential(layers, seed=0)
    # one exploding gradient could undo what was learned: its norm is cut off at 1
    optimizer = nn.optimizers.Adam(rate, global_clipnorm=1.0)
    model.compile(optimizer, nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    return model


def shapes(model, x):
    return f"{x.shape[1:]} -> {model.predict(x[:1]).shape[1:]}"


x, y = nn.datasets.load_digits()
tests = np.arange(len(x)) % 5 == 0
x, y, x_test, y_test = x[~tests], y[~tests], x[tests], y[tests]
print(f"who always says {np.bincount(y).argmax()} is right in {np.mean(y_test == np.bincount(y).argmax()):.1%}")

# %% [markdown]
# ### One-to-one
#
# An image to its digit. There is no time, and so no recurrent layer: the network of the first lessons.

# %%
one_to_one = trained([Dense(32, activation="relu"), Dense(10)], x, y, 20)
right = one_to_one.evaluate(x_test, y_test)["accuracy"]
print(f"one-to-one, {shapes(one_to_one, x)}: {right:.1%} right")

# %% [markdown]
# ### One-to-many
#
# An image to the letters of the digit's name: t, w, o. `RepeatVector` gives the recurrent layer the same vector at
# each of five steps; only its state can tell it which letter is next. `TimeDistributed(Dense(...))` is the same dense
# layer at every step. A name counts as right only if all its letters are.

# %%
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS = np.array(sorted(set(" ".join(NAMES))))  # a space fills up the short names
spelled = np.array([np.searchsorted(LETTERS, list(name.ljust(5))) for name in NAMES])
one_to_many = trained(
    [
        Dense(32, activation="relu"),
        RepeatVector(5),
        SimpleRNN(32, return_sequences=True),
        TimeDistributed(Dense(len(LETTERS))),
    ],
    x,
    spelled[y],
    30,
)
written = one_to_many.predict(x_test).argmax(axis=2)
right = (written == spelled[y_test]).all(axis=1).mean()
print(f"one-to-many, {shapes(one_to_many, x)}: {right:.1%} of the names without a mistake")
print("  it writes", ", ".join("".join(LETTERS[word]).strip() for word in written[:6]))
print("  they are ", ", ".join(NAMES[label] for label in y_test[:6]))

# %% [markdown]
# ### Many-to-one
#
# The same image as a sequence: its eight rows, one after another. Only the last state goes on
# (`return_sequences=False`), so it has to carry all that the rows said. How much does that matter? Beside it stands a
# network that sees only the last row. And we look into the state after each row, in two ways: what the network's own
# output layer makes of it, and what a **probe** makes of it, a linear classifier that is fitted to the states of that
# step by least squares.

# %%
rows, rows_test = x.reshape(-1, 8, 8), x_test.reshape(-1, 8, 8)
many_to_one = trained([SimpleRNN(48, name="reader"), Dense(10)], rows, y, 30)
right = many_to_one.evaluate(rows_test, y_test)["accuracy"]
last_row = trained([Dense(32, activation="relu"), Dense(10)], rows[:, -1].copy(), y, 30)
alone = last_row.evaluate(rows_test[:, -1].copy(), y_test)["accuracy"]
print(f"many-to-one, {shapes(many_to_one, rows)}: {right:.1%} right; from the last row alone {alone:.1%}")

states, states_test = (nn.teach.gates(many_to_one, each, "reader")["h"] for each in (rows, rows_test))
W_out, b_out = many_to_one.get_weights()[-2:]
own, probed = [], []
for t in range(8):
    probe = np.linalg.lstsq(states[:, t], np.eye(10)[y])[0]
    own.append(np.mean((states_test[:, t] @ W_out + b_out).argmax(axis=1) == y_test))
    probed.append(np.mean((states_test[:, t] @ probe).argmax(axis=1) == y_test))
print("  after row        ", "    ".join(f"{t + 1}" for t in range(8)))
print("  own output layer", " ".join(f"{share:4.0%}" for share in own))
print("  probe           ", " ".join(f"{share:4.0%}" for share in probed))

# %% [markdown]
# ### Many-to-many
#
# The sun has more spots in some years than in others, in a cycle of about eleven years. From every year's number the
# network predicts the next year's. It learns from the sequences of 20 years that end before 1921 and is tested on the
# last answer of the later ones. To say "the same as this year" is the least that one can do; better is a linear
# function of the last two years, fitted by least squares.

# %%
YEARS, TESTED = 20, 1921
years, numbers = nn.datasets.load_sunspots()
windows = np.lib.stride_tricks.sliding_window_view(numbers / 100, YEARS + 1)[..., None]
sequences, targets, last = windows[:, :-1].copy(), windows[:, 1:].copy(), years[YEARS:]
learn, test = last < TESTED, last >= TESTED
many_to_many = nn.Sequential([SimpleRNN(16, return_sequences=True), TimeDistributed(Dense(1))], seed=0)
many_to_many.compile(nn.optimizers.Adam(3e-3, global_clipnorm=1.0), "mse")
many_to_many.fit(sequences[learn], targets[learn], batch_size=16, epochs=150, verbose=0)
answers = 100 * many_to_many.predict(sequences[test])[:, -1, 0]
truth = numbers[years >= TESTED]

past = np.column_stack([numbers[1:-1], numbers[:-2], np.ones(len(numbers) - 2)])
known = years[2:] < TESTED
line = past @ np.linalg.lstsq(past[known], numbers[2:][known])[0]


def error(guess):
    return np.sqrt(np.mean((guess - truth) ** 2))


print(f"many-to-many, {shapes(many_to_many, sequences)}: wrong by {error(answers):.1f} sunspots (root mean square)")
print(f"  the same as this year: {error(numbers[:-1][years[1:] >= TESTED]):.1f}")
print(f"  linear in the last two years: {error(line[~known]):.1f}")

# %%
try:
    figure = new_figure(10, 3.4)
except MissingDependency as missing:
    print(f"no picture: {missing}")
else:
    read, spots = figure.subplots(1, 2, width_ratios=(1, 2))
    read.plot(range(1, 9), probed, "o-", label="probe")
    read.plot(range(1, 9), own, "o-", label="own output layer")
    read.axhline(alone, color="0.6", linestyle="--", label="from the last row alone")
    read.set(title="many-to-one", xlabel="rows that were read", ylabel="digits right", ylim=(0, 1))
    read.legend(fontsize=8)
    spots.plot(years[years >= TESTED], truth, "0.6", linewidth=3, label="sunspots")
    spots.plot(years[years >= TESTED], answers, "C3", label="predicted a year before")
    spots.set(title="many-to-many", xlabel="year")
    spots.legend(fontsize=8)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![digits right after each row; sunspots and the network's prediction](10_rnn_in_four_shapes.png)
#
# **What to see.** One-to-many writes whole names, though each step gets the same input: the state counts the letters.
# Many-to-one knows little from the last row alone; its state collects, and the probe finds more in it after every
# row. The network's own output layer understands only the states at the end, for which it was trained: a hidden state
# is written in a language of its own, which changes on the way. Many-to-many has found the rhythm of the sun and is
# better than the linear function; "the same as this year" is far behind.
#
# ## Questions
#
# 1. Why does a recurrent layer have the same number of parameters for 5 steps and for 500? How many has
#    `SimpleRNN(48)` on rows of 8?
# 2. In backpropagation through time the gradient is multiplied by $U^T$ and by $1 - h^2 \le 1$ at every step. What
#    happens over 100 steps where $U$ is small? And where it is large? (Lesson 11 goes on here.)
# 3. Read the rows from the bottom upwards (`go_backwards=True`), or in both directions (`Bidirectional`). Does it
#    help?
# 4. Write it yourself: `nn.teach.exercise("simple_rnn_backward")`. The favourite mistake is to forget the sum over
#    time; see what `nn.teach.grade(file)` says about it.
