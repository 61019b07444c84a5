# %% [markdown]
# # 04 Batch, stochastic and mini-batch gradient descent
#
# **Time:** 30 minutes to read and try; the code runs in seconds. **Before it:** lesson 03 (backpropagation by hand).
#
# You learn
#
# - that the gradient of a few samples is an honest but noisy estimate of the gradient of all,
# - how the noise depends on the batch size,
# - what that means for the way down, and for the time it takes,
# - why mini-batches are what everybody uses.

# %%
import inspect
import time

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.sgd import reference

PICTURE = "04_batch_stochastic_minibatch.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## One loss, many samples
#
# The loss of a training set is the mean of the losses of its $N$ samples, and so its gradient is the mean of their
# gradients:
#
# $$ L(w) = \frac{1}{N} \sum_{n=1}^{N} L_n(w), \qquad
#    \nabla L(w) = \frac{1}{N} \sum_{n=1}^{N} \nabla L_n(w) $$
#
# Gradient descent takes steps against the gradient, $w \leftarrow w - \eta \nabla L(w)$. But how many samples should
# one ask before each step? Take a batch $B$ of them, drawn at random:
#
# $$ g_B = \frac{1}{|B|} \sum_{n \in B} \nabla L_n(w), \qquad w \leftarrow w - \eta\, g_B $$
#
# | | batch size | steps in an epoch |
# | --- | --- | --- |
# | **batch** gradient descent | all $N$ samples | 1 |
# | **mini-batch** | some, such as 32 | $N / 32$ |
# | **stochastic** | 1 | $N$ |
#
# An **epoch** is one pass over all samples. Each of the three looks at every sample once in an epoch, so they all do
# the same arithmetic. They only differ in how often they stop to take a step. The step itself is this loop:

# %%
print(inspect.getsource(reference.update.function))

# %% [markdown]
# ## How good is the estimate?
#
# If a batch is drawn at random, the mean of $g_B$ over all possible batches is the full gradient: the estimate is
# **unbiased**. And as for every mean of independent draws, its spread falls with the square root of their number:
#
# $$ E[g_B] = \nabla L, \qquad
#    \sqrt{E \lVert g_B - \nabla L \rVert^2} = \frac{\sigma}{\sqrt{|B|}} $$
#
# We measure it on handwritten digits, at one and the same point $w$: 300 batches of each size, and their gradients.
# The angle says how far a step of the batch points away from the true way down.

# %%
x, y = nn.datasets.load_digits()
x, y, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]


def network():
    model = nn.Sequential([nn.layers.Dense(32, activation="relu"), nn.layers.Dense(10)], seed=0)
    model.build((64,))
    model.compile(nn.optimizers.SGD(0.05), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


def gradient(model, rows):
    """All gradients in one vector."""
    return np.concatenate([g.ravel() for g in model.gradients(x[rows], y[rows])[1]])


model = network()
random = np.random.default_rng(0)
whole = gradient(model, np.arange(len(x)))
length = np.linalg.norm(whole)
sizes, spreads = (1, 4, 16, 64, 256), []
print("batch size   spread / |gradient|   times root of size   mean of all, off by   median angle")
for size in sizes:
    found = np.array([gradient(model, random.integers(0, len(x), size)) for _ in range(300)])
    spreads.append(np.sqrt(((found - whole) ** 2).sum(axis=1).mean()) / length)
    off = np.linalg.norm(found.mean(axis=0) - whole) / length
    angle = np.degrees(np.arccos(found @ whole / np.linalg.norm(found, axis=1) / length))
    scaled = spreads[-1] * np.sqrt(size)
    print(f"{size:10} {spreads[-1]:21.3f} {scaled:20.2f} {off:20.1%} {np.median(angle):14.0f}°")

# %% [markdown]
# **What to see.** The spread times $\sqrt{|B|}$ is the same number in every line: the law holds. A single digit
# points almost anywhere; still, on average, down. To halve the noise one needs *four* times the samples, so a good
# estimate is expensive, and a rough one is cheap. That is the whole case for small batches: many rough steps instead
# of one exact.
#
# ## The way down
#
# With only two weights we can watch. A straight line $y = w x + b$ through 100 points, the squared error, and the same
# learning rate and number of *epochs* for all three:

# %%
points = random.uniform(-1, 1.5, (100, 1)).astype("float32")
heights = (1.5 * points - 0.5 + random.normal(0, 0.6, (100, 1))).astype("float32")
EPOCHS = 6


def descend(size):
    """The weights after every step, from the same beginning."""
    line = nn.Sequential([nn.layers.Dense(1)], seed=0)
    line.build((1,))
    line.compile(nn.optimizers.SGD(0.06), "mse")
    line.set_weights([np.array([[-1.0]]), np.array([1.5])])
    way, shuffled = [(-1.0, 1.5)], np.random.default_rng(1)
    for _ in range(EPOCHS):
        order = shuffled.permutation(len(points))  # another order in each epoch
        for first in range(0, len(points), size):
            rows = order[first : first + size]
            line.train_on_batch(points[rows], heights[rows])
            way.append(tuple(float(w.ravel()[0]) for w in line.get_weights()))
    return np.array(way), line.evaluate(points, heights)["loss"]


best_w, best_b = np.polyfit(points[:, 0], heights[:, 0], 1)
least = float(((best_w * points + best_b - heights) ** 2).mean())
ways = {}
print(f"the best line has w = {best_w:.3f}, b = {best_b:.3f}, loss {least:.4f}")
for name, size in (("batch (100)", 100), ("mini-batch (10)", 10), ("stochastic (1)", 1)):
    ways[name], loss = descend(size)
    w, b = ways[name][-1]
    late = ways[name][len(ways[name]) // 2 :]
    print(f"{name:16} {len(ways[name]) - 1:4} steps: w = {w:+.3f}, b = {b:+.3f}, loss {loss:.4f};", end=" ")
    print(f"in the second half w goes from {late[:, 0].min():+.2f} to {late[:, 0].max():+.2f}")

# %% [markdown]
# **What to see.** Batch descent walks straight, and after six steps is still far away. Stochastic descent is there
# soon, and then does not settle: each sample pulls in its own direction, and a constant learning rate never lets it
# rest. The mini-batch is nearly as fast and much calmer. To come to rest, stochastic descent needs a learning rate
# that falls (Robbins and Monro, 1951): lesson 05.
#
# ## On the digits
#
# In `fit` the three are a single argument. The loop inside is the one that we have just written: shuffle, cut into
# batches, one step each.

# %%
results = {}
print(f"{'20 epochs':18}{'steps':>7}{'loss':>9}{'test accuracy':>15}{'seconds':>9}{'us a step':>11}")
for name, size in (("batch (1400)", 1400), ("mini-batch (128)", 128), ("mini-batch (16)", 16), ("stochastic (1)", 1)):
    model = network()
    model.fit(x[:size], y[:size], batch_size=size, epochs=1, verbose=0)  # compiles what is new
    model = network()
    start = time.perf_counter()
    results[name] = model.fit(x, y, batch_size=size, epochs=20, verbose=0).history["loss"]
    seconds, steps = time.perf_counter() - start, model.steps_trained
    accuracy = model.evaluate(x_test, y_test)["accuracy"]
    loss = results[name][-1]
    print(f"{name:18}{steps:7}{loss:9.4f}{accuracy:15.1%}{seconds:9.3f}{seconds / steps * 1e6:11.1f}")

try:
    figure = new_figure(12, 3.6)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    axes = figure.add_subplot(1, 3, 1)
    axes.loglog(sizes, spreads, "o-", label="measured")
    axes.loglog(sizes, spreads[0] / np.sqrt(sizes), ":", color="0.3", label="one over the root")
    axes.set(title="noise of the gradient", xlabel="batch size", ylabel="spread / |gradient|")
    axes.legend()
    axes = figure.add_subplot(1, 3, 2)
    across, up = np.meshgrid(np.linspace(-1.3, 2.3, 80), np.linspace(-1.3, 1.8, 80))
    surface = ((across[..., None] * points[:, 0] + up[..., None] - heights[:, 0]) ** 2).mean(axis=-1)
    axes.contour(across, up, surface, levels=np.geomspace(1.01 * least, surface.max(), 14), colors="0.8")
    for (name, way), colour in zip(reversed(ways.items()), ("C2", "C1", "C0"), strict=True):
        axes.plot(*way.T, ".-", color=colour, lw=0.8, markersize=3 if len(way) > 10 else 8, label=name)
    axes.plot(best_w, best_b, "k*", markersize=12)
    axes.set(title=f"the way down in {EPOCHS} epochs", xlabel="w", ylabel="b")
    axes.legend(fontsize=7)
    axes = figure.add_subplot(1, 3, 3)
    for name, losses in results.items():
        axes.semilogy(range(1, 21), losses, label=name)
    axes.set(title="digits: training loss", xlabel="epoch")
    axes.legend(fontsize=7)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![the noise by batch size, three ways down, and the loss on digits](04_batch_stochastic_minibatch.png)
#
# **What to see.** After the same number of epochs, the smaller the batch, the lower the training loss, for more steps
# were taken. But the last columns tell the other half: a step on 16 samples takes far less than 16 times as long as
# one on a single sample, because the loops work on many numbers at once and starting a step costs something, too. So
# batches of 16 to a few hundred get most of the steps for little of the time. On a GPU, which wants thousands of
# numbers at a time, the best batch is larger.
#
# ## Questions
#
# 1. Give the batch descent as many *steps* as the mini-batch (`epochs=1760`). Is it better then? At what price?
# 2. With a batch 10 times as large the gradient is less noisy. By how much may the learning rate grow? Try it on the
#    digits, and find where it stops working.
# 3. Replace `random.integers(0, len(x), size)` by the first `size` rows of the data sorted by label. Is the estimate
#    still unbiased? What does this say about shuffling (`shuffle=False` in `fit`)?
# 4. Is the noise only bad? Think of a loss with several valleys, and of lesson 07.
# 5. The update with momentum averages the noise away: `nn.teach.exercise("momentum")`, and the loss itself is
#    `nn.teach.exercise("mse")`.
