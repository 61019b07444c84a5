# %% [markdown]
# # 01 The perceptron and the boundary it draws
#
# **Time:** 30 minutes to read and try; the code runs in seconds. **Before it:** nothing but vectors and Python.
#
# You learn
#
# - what a perceptron computes, and that it draws a straight line,
# - the rule by which it learns from its mistakes, step by step on paper,
# - why it always ends for AND and OR, and how soon,
# - why no perceptron can ever compute XOR.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.perceptron import reference

PICTURE = "01_perceptron.png"

# %% [markdown]
# ## One unit
#
# In 1958 Frank Rosenblatt described a machine with one artificial neuron. It weighs its inputs, adds them up, and says
# 1 where the sum reaches a threshold, else 0:
#
# $$ s = \sum_{i} w_i x_i + b, \qquad y = \begin{cases} 1 & s \ge 0 \\ 0 & s < 0 \end{cases} $$
#
# The $w_i$ are the **weights**, $b$ is the **bias**, $s$ the score, and the jump from 0 to 1 is the **step function**,
# its activation. With two inputs, all points whose score is exactly 0 lie on the line
#
# $$ w_1 x_1 + w_2 x_2 + b = 0 $$
#
# and the weights $(w_1, w_2)$ are an arrow that stands upright on it and points to the side of the ones. So the
# perceptron knows one thing only: on which side of a line a point lies. That line is its **decision boundary**.
#
# Let us choose weights by hand. Which $w_1, w_2, b$ compute AND?

# %%
INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}


def output(x, w, b):
    return 1 if np.dot(w, x) + b >= 0 else 0


for name, w, b in (("AND", (1, 1), -1.5), ("OR", (1, 1), -0.5)):
    answers = [output(x, w, b) for x in INPUTS]
    print(f"{name} with w = {w}, b = {b}: inputs 00 01 10 11 give {answers}, right is {GATES[name]}")

# %% [markdown]
# ## The learning rule
#
# How does a machine find such weights itself? Rosenblatt's rule goes through the samples one by one. Where the answer
# $y$ is right, nothing happens. Where it is wrong, the weights move towards what would have been right. With the
# target $t$ and a learning rate $\eta$:
#
# $$ e = t - y, \qquad w_i \leftarrow w_i + \eta\, e\, x_i, \qquad b \leftarrow b + \eta\, e $$
#
# The error $e$ is $-1$, $0$ or $1$. Why does this help? Compute the score of the same sample again, after the step:
#
# $$ s' = \sum_i (w_i + \eta e x_i) x_i + b + \eta e = s + \eta\, e \left(1 + \sum_i x_i^2\right) $$
#
# The bracket is positive, so the score moves in the direction of $e$: up where the answer should have been 1, down
# where it should have been 0. It may take several visits until the sample is on its side.
#
# This is the loop of the library that does it, as it runs:

# %%
print(inspect.getsource(reference.epoch.function))

# %% [markdown]
# ## By hand: OR, sample by sample
#
# We do what the loop does, write down every line, and stop after a pass without a mistake. Check a few lines with
# pencil and paper before you go on.

# %%
w, b, rate = np.zeros(2), 0.0, 1.0
print("pass | x1 x2 | score  y  t  error | w1    w2    b")
for epoch in range(1, 10):
    mistakes = 0
    for x, t in zip(INPUTS, GATES["OR"], strict=True):
        score = np.dot(w, x) + b
        y = 1 if score >= 0 else 0
        error = t - y
        w, b = w + rate * error * x, b + rate * error
        mistakes += error != 0
        print(f"{epoch:4} | {x[0]:2} {x[1]:2} | {score:5.1f} {y:2} {t:2} {error:6} | {w[0]:4.1f} {w[1]:5.1f} {b:5.1f}")
    if mistakes == 0:
        break

unit = nn.Perceptron(learning_rate=1.0).fit(INPUTS, GATES["OR"])
print(f"\nby hand:       w = {w}, b = {b}, after {epoch} passes")
print(f"nn.Perceptron: w = {unit.weights}, b = {unit.bias[0]}, after {len(unit.mistakes)} passes")
print("the same numbers" if (unit.weights == w).all() and unit.bias[0] == b else "OTHER NUMBERS")

# %% [markdown]
# **What to see.** The weights move only in lines whose error is not 0. The first input, $(0, 0)$, can change the bias
# alone: its $x_i$ are 0. And our own numbers are those of `nn.Perceptron`, which runs the same loop, compiled.
#
# ## Three gates

# %%
units = {}
for name, targets in GATES.items():
    units[name] = unit = nn.Perceptron(learning_rate=1.0).fit(INPUTS, targets, epochs=30)
    shown = " ".join(map(str, unit.mistakes[:14])) + (" ..." if len(unit.mistakes) > 14 else "")
    print(f"{name:3}: mistakes in each pass: {shown}")
    w, b = unit.weights, unit.bias[0]
    if unit.converged:
        print(f"     learned: 1 where {w[0]:+g} x1 {w[1]:+g} x2 {b:+g} >= 0")
    else:
        print(f"     no end after {len(unit.mistakes)} passes: it answers {unit.predict(INPUTS)}, right is {targets}")

# %% [markdown]
# AND and OR end after a few passes. XOR never does: each pass has mistakes, and the weights run in a circle.
#
# ## Why XOR cannot be done
#
# It is not the rule that fails. Suppose that some $w_1, w_2, b$ did compute XOR. Then
#
# $$ b < 0, \qquad w_2 + b \ge 0, \qquad w_1 + b \ge 0, \qquad w_1 + w_2 + b < 0 $$
#
# for the inputs 00, 01, 10 and 11. Add the two in the middle: $w_1 + w_2 + 2b \ge 0$. Add the first and the last:
# $w_1 + w_2 + 2b < 0$. Both cannot hold. So there are no such weights: no straight line has 01 and 10 on one side and
# 00 and 11 on the other. Minsky and Papert wrote a whole book on what follows from this (1969).
#
# A picture says the same. The boundary that each unit has found, and of XOR the one where we stopped:


# %%
def draw(axes, unit, x, targets, title):
    """The points, the side on which the unit says 1, and its boundary."""
    low, high = x.min(axis=0) - 0.6, x.max(axis=0) + 0.6
    across, up = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 300))
    scores = unit.weights[0] * across + unit.weights[1] * up + unit.bias[0]
    axes.contourf(across, up, scores >= 0, levels=[-0.5, 0.5, 1.5], colors=["#dbe7f5", "#f9dfc8"])
    if np.ptp(scores) > 0:
        axes.contour(across, up, scores, levels=[0], colors="0.2")
    targets = np.asarray(targets)
    for label, colour, marker in ((0, "C0", "o"), (1, "C1", "s")):
        axes.scatter(*x[targets == label].T, c=colour, marker=marker, edgecolors="k", label=f"target {label}", zorder=3)
    axes.set(title=title, xlabel="x1", ylabel="x2", xlim=(low[0], high[0]), ylim=(low[1], high[1]))


random = np.random.default_rng(3)
clouds = np.concatenate([random.normal((-1.2, 0.0), 0.6, (40, 2)), random.normal((1.6, 1.4), 0.6, (40, 2))])
sides = np.repeat([0, 1], 40)
separator = nn.Perceptron().fit(clouds, sides, epochs=1000)
try:
    figure = new_figure(12, 3.4)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    for place, (name, targets) in enumerate(GATES.items()):
        title = name if units[name].converged else f"{name}: not learned"
        draw(figure.add_subplot(1, 4, place + 1), units[name], INPUTS, targets, title)
    draw(figure.add_subplot(1, 4, 4), separator, clouds, sides, f"80 points, {sum(separator.mistakes)} mistakes")
    figure.axes[0].legend(loc="lower right", fontsize=7)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![the boundaries of AND, OR, XOR and of two clouds of points](01_perceptron.png)
#
# **What to see.** The boundary of AND passes between 11 and the others, that of OR between 00 and the others. It need
# not lie in the middle, and may even touch a square, for a score of exactly 0 counts as 1: the rule stops as soon as
# nobody is on the wrong side. Of XOR some corner is always wrong. The
# two clouds on the right can be separated, and are.
#
# ## How many mistakes can there be?
#
# If some line separates the classes, the rule is bound to find one (Novikoff, 1962). Let every point be at least
# $\gamma$ away from a separating boundary (the **margin**), measured in the space that has a third axis of 1 for the
# bias, and let $R^2$ be the largest $1 + \sum_i x_i^2$. Then all passes together make at most
#
# $$ \left( \frac{R}{\gamma} \right)^2 $$
#
# mistakes, whatever the order of the samples. Close classes are hard, distant ones easy. The bound says nothing about
# the number of points. We measure it with two clouds and a
# gap between them that we close:


# %%
def margin(x, targets):
    """The best margin that ten thousand directions of a boundary offer."""
    directions = np.random.default_rng(0).standard_normal((10_000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    signed = np.where(targets == 1, 1, -1)[:, None] * (np.column_stack([x, np.ones(len(x))]) @ directions.T)
    return signed.min(axis=0).max()


print("gap   margin  mistakes  bound   (means of 20 sets of 200 points)")
for gap in (2.0, 1.0, 0.5, 0.25, 0.1):
    found = []
    for _ in range(20):
        labels = np.arange(200) % 2
        points = random.uniform(-1, 1, (200, 2))
        points[:, 0] = np.where(labels == 1, 1, -1) * (np.abs(points[:, 0]) + gap / 2)
        unit = nn.Perceptron().fit(points, labels, epochs=10_000)
        gamma, largest = margin(points, labels), 1 + (points**2).sum(axis=1).max()
        found.append((gamma, sum(unit.mistakes), largest / gamma**2))
    print("{:4.2f} {:7.3f} {:9.1f} {:6.0f}".format(gap, *np.mean(found, axis=0)))

# %% [markdown]
# **What to see.** The closer the clouds, the more mistakes. The bound holds, and is far from tight.
#
# One unit draws one line. The next lesson puts several of them side by side, and a further one on top: then XOR is
# easy.
#
# ## Questions
#
# 1. From zero weights, the learning rate $\eta$ makes no difference to the answers of a perceptron: with another
#    $\eta$ all weights are scaled, and the sign of the score is the same. Try `learning_rate=0.01`. When would it
#    matter?
# 2. Find weights by hand for NAND and NOR. Every logical function can be built from NAND gates. What does that promise
#    for networks of several units?
# 3. Turn one target of the 80 points around. What does `unit.mistakes` do now, and how would you find the best line
#    nevertheless?
# 4. Write the rule yourself: `nn.teach.exercise("perceptron_rule")` makes a file in which it is left out, and
#    `nn.teach.grade(file)` corrects yours.
