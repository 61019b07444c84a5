# %% [markdown]
# # 07 Dropout and early stopping
#
# **Time:** 30 minutes to read and try; the code runs in seconds. **Before it:** lesson 03 (backpropagation by hand).
#
# You learn
#
# - how to see that a network learns its data by heart, and why that is bad,
# - how early stopping ends the training in time,
# - what dropout computes in training and in use, and why its outputs are scaled,
# - and what both do to the loss and to the mistakes.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.dropout import reference

PICTURE = "07_dropout_and_early_stopping.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## Data with mistakes in them
#
# We train on 400 handwritten digits. People who label data make mistakes, and here there are many: 30 % of the
# training labels are replaced by random ones. Of the other digits, 400 **validate**: we look at them while we train,
# and decide by them. The last 997 **test**: nothing is decided by them, so they say how good the network is on digits
# that it has never met in any way. The labels of both are right.

# %%
random = np.random.default_rng(1)
x, y = nn.datasets.load_digits()
order = random.permutation(len(x))
(x, x_validation, x_test), (y, y_validation, y_test) = (np.split(a[order], [400, 800]) for a in (x, y))
wrong = random.random(400) < 0.3
y = np.where(wrong, random.integers(0, 10, 400), y)
print(f"{len(x)} digits to train, {len(x_validation)} to validate, {len(x_test)} to test; {wrong.sum()} new labels")

# %% [markdown]
# ## Learning by heart
#
# A network with two hidden layers of 256 units has 85,000 parameters for 400 digits: enough to remember every digit,
# wrong label and all. After every epoch we measure the loss on the training digits and on the validation digits.


# %%
def network(rate):
    layers = []
    for _ in range(2):
        layers += [nn.layers.Dense(256, activation="relu"), nn.layers.Dropout(rate)]
    model = nn.Sequential([*layers, nn.layers.Dense(10)], seed=0)
    model.compile(nn.optimizers.Adam(3e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    return model


class Losses(nn.callbacks.Callback):
    """Both losses after every epoch, with all units on."""

    def on_train_begin(self, logs=None):
        self.training, self.validation = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.training.append(self.model.evaluate(x, y)["loss"])
        self.validation.append(logs["val_loss"])


def train(rate, *callbacks, epochs=100):
    model = network(rate)
    data = x_validation, y_validation
    model.fit(x, y, batch_size=32, epochs=epochs, validation_data=data, callbacks=list(callbacks), verbose=0)
    return model


losses = Losses()
model = train(0.0, losses)
print(f"{model.count_params():,} parameters\n")
print("epoch   training loss   validation loss")
for epoch in (1, 5, 10, 20, 40, 70, 100):
    print(f"{epoch:5} {losses.training[epoch - 1]:15.3f} {losses.validation[epoch - 1]:17.3f}")
by_heart = (model.predict(x).argmax(axis=1) == y)[wrong].mean()
test = model.evaluate(x_test, y_test)
print(f"\nof the replaced labels it has learned {by_heart:.0%} by heart")
print(f"test loss {test['loss']:.3f}, test accuracy {test['accuracy']:.1%}")

# %% [markdown]
# **What to see.** Both losses fall at first: what the network learns holds for other digits as well. Then the
# training loss goes on towards 0, and the validation loss turns and rises. From there on the network learns what
# holds for these 400 digits alone. This is **overfitting**; the distance between the two losses, the **generalisation
# gap**, shows it.
#
# ## Early stopping
#
# The simplest cure is to keep the weights of the epoch whose validation loss is the lowest,
#
# $$ t^* = \arg\min_t L_{val}(t), $$
#
# and stop when there was no better one for some epochs, the **patience**. One epoch's loss goes up and down by
# chance, so a patience of 1 may stop much too early.

# %%
for patience in (1, 5, 15):
    stop = nn.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    found = train(0.0, stop).evaluate(x_test, y_test)
    print(
        f"patience {patience:2}: ends after epoch {stop.stopped_epoch + 1:3}, keeps epoch {stop.best_epoch + 1:3};"
        f" test loss {found['loss']:.3f}, accuracy {found['accuracy']:.1%}"
    )
print(f"without it: {test['loss']:.3f}, {test['accuracy']:.1%}")

# %% [markdown]
# It costs nothing, and even saves epochs. But it uses the validation digits to decide, so their loss is no longer an
# honest measure: that is why we test with others.
#
# ## Dropout
#
# The other cure changes the network. In every training step each hidden unit is switched off with probability $p$,
# the **rate**. No unit can rely on a certain other one being there, so each must learn something that is of use by
# itself (Srivastava et al., 2014). With $u_i$ uniform in $[0, 1)$:
#
# $$ m_i = \begin{cases} \dfrac{1}{1 - p} & u_i \ge p \\ 0 & u_i < p \end{cases}
#    \qquad y_i = x_i\, m_i \qquad \frac{\partial L}{\partial x_i} = \frac{\partial L}{\partial y_i}\, m_i $$
#
# Why the scale? A unit is kept with probability $1 - p$, so the mean of the mask is
#
# $$ E[m_i] = (1 - p) \cdot \frac{1}{1 - p} + p \cdot 0 = 1. $$
#
# So the next layer gets, on average, the same sum as when all units are on. That is how the network is used after
# training: nothing is dropped, and nothing needs to be scaled. The loops of the library say the same:

# %%
print(inspect.getsource(reference.forward.function))
print(inspect.getsource(reference.backward.function))

# %% [markdown]
# `block` is the random number generator: the same seed, layer and training step give the same mask on every device.
# Twelve units that are all 1, at rate 0.5, in three steps; then the mean of many:


# %%
def dropped(values, rate, step):
    mask, out = np.zeros_like(values), np.zeros_like(values)
    reference.forward(values, rate, 0, 0, np.array([step]), mask, out)  # seed 0, stream 0
    return out


ones = np.ones(12)
for step in range(3):
    print(f"step {step}: {' '.join(f'{value:.0f}' for value in dropped(ones, 0.5, step))}")
for rate in (0.25, 0.5, 0.75):
    many = np.array([dropped(ones, rate, step) for step in range(5000)])
    print(f"rate {rate}: kept {np.mean(many > 0):.3f} of the units, each as {many.max():.2f}; mean {many.mean():.3f}")

# %% [markdown]
# In a model, `Dropout` works in training only. `predict` and `evaluate` leave every unit on, and give the same answer
# each time.
#
# ## The experiment
#
# The same network with four rates, each trained for 100 epochs, then once more with early stopping.

# %%
curves = {}
print("rate | training loss  validation: lowest, at the end   gap |  test loss  accuracy | with early stopping")
for rate in (0.0, 0.25, 0.5, 0.75):
    curves[rate] = losses = Losses()
    test = train(rate, losses).evaluate(x_test, y_test)
    stopped = train(rate, nn.callbacks.EarlyStopping(patience=15, restore_best_weights=True)).evaluate(x_test, y_test)
    training, least, last = losses.training[-1], min(losses.validation), np.mean(losses.validation[-5:])
    print(
        f"{rate:4} | {training:13.3f} {least:19.3f} {last:11.3f} {last - training:5.2f} | {test['loss']:10.3f}"
        f" {test['accuracy']:9.1%} | {stopped['loss']:.3f}, {stopped['accuracy']:.1%}"
    )

# %%
try:
    figure = new_figure(10, 3.6)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    for place, (rate, losses) in enumerate(curves.items()):
        axes = figure.add_subplot(1, 4, place + 1)
        axes.plot(losses.training, "0.6", label="training")
        axes.plot(losses.validation, "C0", label="validation")
        best = int(np.argmin(losses.validation))
        axes.plot(best, losses.validation[best], "C3o", label="lowest")
        axes.set(title=f"rate {rate}", xlabel="epoch", ylim=(0, 2))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("cross-entropy")
    figure.axes[0].legend()
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![the losses by epoch, for four rates](07_dropout_and_early_stopping.png)
#
# **What to see.**
#
# - Without dropout the validation loss is soon at its lowest, and then rises to twice of that. The higher the rate,
#   the later it turns and the less it rises.
# - The training loss gets *worse* with dropout. That is the point: the network can no longer remember every label. At
#   rate 0.75 the training loss is even above the validation loss, since only the training labels hold mistakes.
# - Many more of the test digits are right, although nobody told the network which labels to doubt.
# - More is not always better. The lowest validation loss belongs to a rate of 0.5; at 0.75 too little of the network
#   is left to be sure of anything.
# - Both cures work together: with early stopping every rate is better than without, and a moderate rate with early
#   stopping is better than early stopping alone.
#
# ## Questions
#
# 1. Which figure of the table would you choose the rate by? Why not by the test loss?
# 2. Without the scale $1/(1-p)$ in training, what would have to be done in `predict`? (The first paper on dropout did
#    that.)
# 3. Train on all 800 digits of training and validation together, or replace no labels. How much does dropout help
#    then?
# 4. Write dropout yourself, forward and backward: `nn.teach.exercise("dropout")`, and `nn.teach.grade(file)` marks
#    it.
# 5. In the bug museum a network drops units when it should not: `nn.teach.exhibit("dropout_at_test_time")`. How would
#    you notice from its results alone?
