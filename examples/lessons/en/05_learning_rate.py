# %% [markdown]
# # 05 The learning rate
#
# **Time:** 30 minutes to read and try; the code runs in seconds. **Before it:** lesson 04 (mini-batches).
#
# You learn
#
# - why a learning rate can be too small or too large, and where the limit lies,
# - why one direction sets the limit and another one the time,
# - how to find a good rate with one call: the range test,
# - what schedules are for.

# %%
import inspect
import math

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency, NonFiniteError
from numbanet.figures import new_figure
from numbanet.kernels.sgd import reference

PICTURE = "05_learning_rate.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## A single weight
#
# Take the simplest loss there is, a parabola with the curvature $\lambda$, and gradient descent on it:
#
# $$ L(w) = \frac{\lambda}{2} w^2, \qquad w \leftarrow w - \eta \lambda w = (1 - \eta \lambda)\, w $$
#
# Each step multiplies $w$ by the same factor $1 - \eta\lambda$. So everything can be read off that factor:
#
# | learning rate | factor | what happens |
# | --- | --- | --- |
# | $\eta < 1/\lambda$ | between 0 and 1 | $w$ creeps to 0 from one side |
# | $\eta = 1/\lambda$ | 0 | there in one step |
# | $1/\lambda < \eta < 2/\lambda$ | between $-1$ and 0 | it jumps to and fro, and comes closer |
# | $\eta > 2/\lambda$ | below $-1$ | each jump is longer than the last: it **diverges** |
#
# The loop of the library takes exactly such steps; we run it on one weight with $\lambda = 1$.

# %%
print(inspect.getsource(reference.update.function))


def walk(rate, curvatures, start, steps):
    """The weights after every step on the parabola with these curvatures."""
    w, g, way = np.array(start, float), np.empty(len(curvatures)), [np.array(start, float)]
    for _ in range(steps):
        g[...] = curvatures * w
        reference.update(g, np.array([rate]), w)
        way.append(w.copy())
    return np.array(way)


for rate in (0.1, 0.5, 1.0, 1.9, 2.0, 2.1):
    way = walk(rate, np.array([1.0]), [1.0], 8)[:, 0]
    print(f"rate {rate}: {' '.join(f'{w:+.3f}' for w in way)}")

# %% [markdown]
# ## Two weights: the ravine
#
# A network has many directions, each with a curvature of its own. Two are enough to see the trouble: $\lambda_1 = 1$
# along the valley, $\lambda_2 = 20$ across it. All directions share one learning rate. It must stay below the limit
# of the steepest, and with it the flattest shrinks only a little in each step:
#
# $$ \eta < \frac{2}{\lambda_{\max}}, \qquad w_{\text{flat}} \leftarrow (1 - \eta \lambda_{\min})\, w_{\text{flat}} $$
#
# The steepest direction sets the limit, and the flattest one the time. The ratio
# $\lambda_{\max} / \lambda_{\min}$ is the **condition number** of the problem.

# %%
RAVINE = np.array([1.0, 20.0])
ways = {rate: walk(rate, RAVINE, [-1.5, 0.5], 25) for rate in (0.01, 0.05, 0.095, 0.102)}
print(f"the limit is 2 / 20 = {2 / RAVINE.max()}")
print("rate    after 25 steps: along the valley   across      loss")
for rate, way in ways.items():
    loss = 0.5 * (RAVINE * way[-1] ** 2).sum()
    print(f"{rate:5} {way[-1, 0]:34.4f} {way[-1, 1]:+9.4f} {loss:9.4f}")

# %% [markdown]
# **What to see.** With 0.01 nothing jumps, but along the valley hardly anything happens. With 0.095 the path zigzags
# across, and moves along ten times as fast. Slightly beyond 0.1 it diverges. The best rates lie close below the limit.
#
# ## A real network
#
# Nobody knows the curvatures of a network, and they change on the way. So we try: six learning rates, ten epochs on
# handwritten digits.

# %%
x, y = nn.datasets.load_digits()
x, y, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]


def network(rate):
    model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=0)
    model.build((64,))
    model.compile(nn.optimizers.SGD(rate), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


def train(rate, epochs):
    """The model, and the loss before training and after each epoch, as far as it is a number."""
    model = network(rate)
    losses = [model.evaluate(x, y)["loss"]]
    try:
        model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    except NonFiniteError as error:
        print(f"rate {rate:g} ends at step {error.step}: {error.array} of {error.layer!r} is {error.value}")
    return model, losses + model.history.history.get("loss", [])


curves = {}
print("learning rate   loss before, after 1, 5, 10 epochs   test accuracy   dead units")
for rate in (0.0003, 0.003, 0.03, 0.3, 3.0, 30.0):
    model, losses = train(rate, 10)
    curves[rate] = losses
    shown = " ".join(f"{losses[k]:8.3f}" if k < len(losses) else "       -" for k in (0, 1, 5, 10))
    dead = nn.teach.dead_units(model, x).layers[0]
    accuracy = model.evaluate(x_test, y_test)["accuracy"]
    print(f"{rate:13} {shown} {accuracy:12.1%} {dead.dead:14} of {dead.units}")

# %% [markdown]
# **What to see.** The loss before training is near $\log 10 = 2.303$, the loss of guessing. From there, the two
# smallest rates hardly move in ten epochs, two learn well, and 30 diverges: the loss is higher than before. With 3 it
# does not explode, but the first steps were so long that all hidden units are dead (lesson 06), and what is left
# guesses. Between a rate that is good and one that destroys everything there is only a factor of ten. It always pays
# to look for the learning rate first.
#
# ## The range test
#
# Trying rates one by one costs a training each. Leslie Smith's **range test** (2017) needs one short run: begin with
# a tiny rate, multiply it by a constant factor after every batch, and watch the loss. It falls as soon as the rate is
# large enough, and rises where the rate is too large.
#
# $$ \eta_k = \eta_{\text{low}} \left( \frac{\eta_{\text{high}}}{\eta_{\text{low}}} \right)^{k / (K - 1)} $$
#
# It works on a copy; the model stays as it was.

# %%
model = network(0.01)
found = nn.teach.learning_rate_range(model, x, y, low=1e-4, high=100.0)
print(found)
suggested, _ = train(found.suggestion, 10)
print(f"ten epochs at {found.suggestion:g}: test accuracy {suggested.evaluate(x_test, y_test)['accuracy']:.1%}")
for rate in (0.0003, 0.3, 30.0):
    print(f"\nupdates at rate {rate:g}: {nn.teach.update_ratios(network(rate), x, y).verdict}")

# %% [markdown]
# The second tool compares each update with the size of the weights that it changes. About one in a thousand is usual.
#
# ## Schedules
#
# In the beginning large steps are good: the way is long. In the end small ones: the noise of the mini-batches keeps a
# constant rate from coming to rest (lesson 04). A **schedule** lowers the rate on the way, such as half a cosine,
#
# $$ \eta_k = \frac{\eta_0}{2} \left( 1 + \cos \frac{\pi k}{K} \right) $$
#
# and often begins with a **warm-up**, while the weights are still random and the gradients large. We compare four at a
# batch size of 4, where the noise is strong:

# %%
EPOCHS, RATE = 12, 0.5
STEPS = EPOCHS * math.ceil(len(x) / 4)
schedules = {
    "constant": nn.schedules.Constant(RATE),
    "steps of 1/3": nn.schedules.StepDecay(RATE, STEPS // 4, 1 / 3),
    "exponential": nn.schedules.ExponentialDecay(RATE, STEPS, 0.01),
    "warm-up + cosine": nn.schedules.CosineDecay(0.0, STEPS - STEPS // 10, 0.0, RATE, STEPS // 10),
}
losses = {}
print("schedule           first rate   last rate   mean loss of 5 seeds, last epoch   test accuracy")
for name, schedule in schedules.items():
    runs, accuracies = [], []
    for seed in range(5):
        model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=seed)
        model.compile(nn.optimizers.SGD(schedule), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
        runs.append(model.fit(x, y, batch_size=4, epochs=EPOCHS, verbose=0).history["loss"])
        accuracies.append(model.evaluate(x_test, y_test)["accuracy"])
    losses[name] = np.mean(runs, axis=0)
    rates = f"{schedule(0):12.4f} {schedule(STEPS - 1):11.4f}"
    print(f"{name:17} {rates} {losses[name][-1]:34.4f} {np.mean(accuracies):15.2%}")

try:
    figure = new_figure(12, 7)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    axes = figure.add_subplot(2, 2, 1)
    across, up = np.meshgrid(np.linspace(-1.7, 0.6, 80), np.linspace(-0.7, 0.7, 80))
    axes.contour(across, up, 0.5 * (RAVINE[0] * across**2 + RAVINE[1] * up**2), 12, colors="0.85")
    for rate, way in ways.items():
        axes.plot(*np.clip(way, -0.7 - (np.arange(2) == 0), 0.7).T, ".-", lw=0.8, markersize=4, label=f"rate {rate}")
    axes.set(title="a ravine, 25 steps", xlabel="along", ylabel="across")
    axes.legend(fontsize=7)
    axes = figure.add_subplot(2, 2, 2)
    for rate, curve in curves.items():
        axes.semilogy(curve, label=f"rate {rate:g}")
    axes.set(title="digits", xlabel="epoch", ylabel="training loss", ylim=(5e-3, 20))
    axes.legend(fontsize=7)
    found.draw(figure.add_subplot(2, 2, 3))
    axes = figure.add_subplot(2, 2, 4)
    for name, curve in losses.items():
        axes.semilogy(range(1, EPOCHS + 1), curve, label=name)
    axes.set(title="schedules", xlabel="epoch", ylabel="training loss")
    axes.legend(fontsize=7)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![the ravine, six learning rates, the range test, and four schedules](05_learning_rate.png)
#
# **What to see.** With the constant rate the loss falls slowly: the steps that brought it down so fast in the
# beginning now jump over the valley. The others come to rest in it, and more of the test digits are right. That is
# what a schedule is for: long steps while the way is long, short ones to arrive.
#
# ## Questions
#
# 1. Compute by hand for which learning rates $L(w) = 3 w^2$ converges, and which one is there in a single step.
# 2. What do inputs that are 100 times larger do to the curvature, and so to the limit of the learning rate? What does
#    this say about scaling data? `nn.teach.loss_at_chance(model, 100 * x, y)` notices.
# 3. Momentum rolls through the ravine: replace `reference.update` by `reference.update_momentum` in `walk`. Then write
#    it yourself: `nn.teach.exercise("momentum")`.
# 4. Adam gives every weight a step of its own size: `nn.teach.exercise("adam")`. Run the range test with
#    `nn.optimizers.Adam()`. Why is its range another one? In the bug museum, `nn.teach.exhibit("adam_from_zero")`.
