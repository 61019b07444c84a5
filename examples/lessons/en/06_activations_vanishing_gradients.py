# %% [markdown]
# # 06 Activations and vanishing gradients
#
# **Time:** 30 minutes to read and try; the code runs in seconds. **Before it:** lesson 03 (backpropagation by hand).
#
# You learn
#
# - sigmoid, tanh and ReLU with their derivatives, and what a derivative does to a gradient that passes,
# - why a deep network of sigmoids does not learn, and how to see it layer by layer,
# - why the first weights must fit the activation,
# - how a ReLU dies, and how to find the dead ones.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.activations import reference

PICTURE = "06_activations_vanishing_gradients.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## Three activations
#
# An activation bends what would otherwise stay a line (lesson 02). Three have made history:
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}}, \qquad \tanh z, \qquad \text{ReLU}(z) = \max(z, 0) $$
#
# On the way back, each multiplies the gradient by its derivative:
#
# $$ \sigma' = \sigma (1 - \sigma) \le \tfrac{1}{4}, \qquad \tanh' = 1 - \tanh^2 \le 1, \qquad
#    \text{ReLU}' = \begin{cases} 1 & z > 0 \\ 0 & z \le 0 \end{cases} $$
#
# The first two need only the *output*, which the forward pass has left in memory. The loops:

# %%
for loop in (reference.sigmoid_backward, reference.tanh_backward, reference.relu_backward):
    print(inspect.getsource(loop.function))

z = np.linspace(-6, 6, 241)
functions, slopes = {}, {}
print("z:               " + "".join(f"{value:8.1f}" for value in z[::40]))
for name in ("sigmoid", "tanh", "relu"):
    a, slope = np.empty_like(z), np.empty_like(z)
    getattr(reference, name)(z, a)
    getattr(reference, f"{name}_backward")(np.ones_like(z), z, a, slope)
    functions[name], slopes[name] = a, slope
    print(f"slope of {name:8}" + "".join(f"{value:8.4f}" for value in slope[::40]) + f"   largest {slope.max():.2f}")

# %% [markdown]
# **What to see.** At $z = \pm 4$ the sigmoid and tanh are **saturated**: flat, and their slope is nearly 0. The
# largest slope of the sigmoid is 1/4, and only at one point. ReLU passes all or nothing.
#
# ## A product of many factors
#
# In a network of $K$ layers the gradient on its way down is multiplied in every layer by the slopes and the weights:
#
# $$ \delta^{(k)} = \left( \delta^{(k+1)} W^{(k+1)\top} \right) \odot f'(z^{(k)}) $$
#
# So the first layer's $\delta$ is a product of $K$ such factors. If they are all about $q$, it is like $q^K$: with
# $q = 1/4$ and ten layers, a millionth. That is the **vanishing gradient** (Hochreiter, 1991); with $q > 1$ it
# **explodes**. Let us look at a network of ten hidden layers before it is trained, with `trace`:

# %%
x, y = nn.datasets.load_digits()
DEPTH, WIDTH = 10, 64


def network(activation, initializer, rate=0.03):
    hidden = [
        nn.layers.Dense(WIDTH, activation=activation, kernel_initializer=initializer, name=f"hidden_{k}")
        for k in range(1, DEPTH + 1)
    ]
    model = nn.Sequential([*hidden, nn.layers.Dense(10, name="output")], seed=0)
    model.build((64,))
    model.compile(nn.optimizers.SGD(rate), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


CASES = {
    "sigmoid, Glorot": ("sigmoid", "glorot_uniform"),
    "tanh, Glorot": ("tanh", "glorot_uniform"),
    "ReLU, Glorot": ("relu", "glorot_uniform"),
    "ReLU, He": ("relu", "he_uniform"),
}
deltas, spreads = {}, {}
for name, case in CASES.items():
    trace = network(*case).trace(x[:256], y[:256])
    layers = [trace[f"hidden_{k}"] for k in range(1, DEPTH + 1)]
    deltas[name] = [float(np.linalg.norm(layer.delta)) for layer in layers]
    spreads[name] = [float(layer.a.std()) for layer in layers]
print("norm of delta, before training")
print("layer" + "".join(f"{name:>17}" for name in CASES))
for k in reversed(range(DEPTH)):
    print(f"{k + 1:5}" + "".join(f"{deltas[name][k]:17.1e}" for name in CASES))
print("1/10 " + "".join(f"{deltas[name][0] / deltas[name][-1]:17.1e}" for name in CASES))

# %% [markdown]
# **What to see.** Read from the top, as the gradient runs. With the sigmoid every layer takes away most of it; the
# first layer gets a few millionths of the last. It does not learn anything, and what stands above it works on noise.
# With tanh most of the gradient arrives.
#
# ReLU shows that the activation is only half of it. Its slopes are 0 or 1, so about half of the gradient gets lost in
# each layer, if the weights do not make up for it. Glorot's first weights (2010) have the variance $2 / (I + O)$, made
# for slopes near 1. He's (2015) have
#
# $$ \text{Var}(W) = \frac{2}{I}, $$
#
# twice as much: for that half. Forwards it is the same story: with the wrong variance the signal itself fades.

# %%
print("standard deviation of the outputs, before training")
print("layer" + "".join(f"{name:>17}" for name in CASES))
for k in range(0, DEPTH, 3):
    print(f"{k + 1:5}" + "".join(f"{spreads[name][k]:17.3f}" for name in CASES))

print("\naccuracy on the training digits after epoch 5, 10, 20, 30")
curves = {}
for name, case in CASES.items():
    model = network(*case)
    history = model.fit(x, y, batch_size=32, epochs=30, verbose=0).history
    curves[name] = history["loss"]
    print(f"{name:17}" + "".join(f"{history['accuracy'][k - 1]:9.1%}" for k in (5, 10, 20, 30)))

# %% [markdown]
# The deep sigmoid network is no better than guessing (10 %), however long it is trained. ReLU with Glorot's weights
# learns in the end, but late; with He's, and tanh, at once. One call sees the trouble before the training does:

# %%
for name, case in CASES.items():
    print(f"{name}: {nn.teach.update_ratios(network(*case), x, y).verdict}\n")

# %% [markdown]
# ## The dying ReLU
#
# ReLU has a danger of its own. If a unit's $z$ is negative for *all* samples, its output is 0 for all, its slope is 0
# for all, and its weights get no gradient any more. It is **dead**, and nothing in its own weights can bring it back.
# A step that is too large does it: it throws the bias or the weights so far that no sample reaches the unit again. We
# train a small network with larger and larger learning rates, and count:

# %%
print("activation   rate   dead units of 64   zeros among the outputs   accuracy")
dead = {}
for activation in ("relu", nn.layers.LeakyReLU(0.1)):
    for rate in (0.05, 0.1, 0.2, 0.4):
        model = nn.Sequential([nn.layers.Dense(64, activation=activation), nn.layers.Dense(10)], seed=0)
        model.compile(nn.optimizers.SGD(rate, momentum=0.9), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
        model.fit(x, y, batch_size=32, epochs=5, verbose=0)
        outputs = nn.teach.layer_output(model, x, "dense")
        name = "ReLU" if activation == "relu" else "LeakyReLU"
        count = (
            nn.teach.dead_units(model, x).layers[0].dead if name == "ReLU" else int((outputs == 0).all(axis=0).sum())
        )
        dead[name, rate] = count
        accuracy = model.evaluate(x, y)["accuracy"]
        print(f"{name:10} {rate:6} {count:18} {(outputs == 0).mean():25.1%} {accuracy:10.1%}")

try:
    figure = new_figure(12, 7)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    axes = figure.add_subplot(2, 2, 1)
    for k, name in enumerate(functions):
        axes.plot(z, functions[name], color=f"C{k}", label=name)
        axes.plot(z, slopes[name], ":", color=f"C{k}", label="its slope")
    axes.set(title="activations", xlabel="z", ylim=(-1.2, 2.2))
    axes.legend(fontsize=7)
    axes = figure.add_subplot(2, 2, 2)
    for name, values in deltas.items():
        axes.semilogy(range(1, DEPTH + 1), values, "o-", label=name)
    axes.set(title="norm of delta before training", xlabel="layer")
    axes.legend(fontsize=7)
    axes = figure.add_subplot(2, 2, 3)
    for name, curve in curves.items():
        axes.semilogy(range(1, 31), curve, label=name)
    axes.set(title=f"{DEPTH} hidden layers: training loss", xlabel="epoch")
    axes.legend(fontsize=7)
    axes = figure.add_subplot(2, 2, 4)
    for name in ("ReLU", "LeakyReLU"):
        rates = [rate for other, rate in dead if other == name]
        axes.plot(rates, [dead[name, rate] for rate in rates], "o-", label=name)
    axes.set(title="dead units of 64 after 5 epochs", xlabel="learning rate")
    axes.legend(fontsize=7)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![the activations, delta by layer, the loss, and dead units](06_activations_vanishing_gradients.png)
#
# **What to see.** The larger the steps, the more units die, and the few that are left must do the work of all.
# LeakyReLU keeps a small slope below 0 (here 0.1), so no unit is ever cut off for good, and it still learns with
# steps that are too large for ReLU, up to a point.
#
# Many later inventions are answers to this lesson: normalisation keeps $z$ where the slopes are large, residual
# connections give the gradient a way round the layers, and the LSTM of lesson 11 does so through time.
#
# ## Questions
#
# 1. How small is the largest possible factor of a chain of 20 sigmoids, without the weights? Which weights would make
#    up for it, and what would they do to $z$?
# 2. Put `nn.layers.BatchNormalization()` between the layers of the sigmoid network. What happens to delta by layer?
# 3. Give the sigmoid network weights that are 4 times larger (`nn.initializers.RandomUniform`), and look at
#    `nn.teach.dead_units(model, x)`. Which trouble have you exchanged for which?
# 4. `nn.teach.check_gradients` calls some elements of a ReLU network kinks. What is the derivative of ReLU at exactly
#    0?
# 5. Write the derivatives: `nn.teach.exercise("tanh_backward")` and `nn.teach.exercise("relu_backward")`. One of the
#    exhibits of the bug museum takes a derivative at the wrong place:
#    `nn.teach.exhibit("derivative_at_the_wrong_point")`.
