# %% [markdown]
# # 09 A CNN on real digits
#
# **Time:** 40 minutes to read and try; the code runs in seconds. **Before it:** lesson 08 (convolution, stride and
# padding).
#
# You learn
#
# - how convolutions, pooling and a dense layer make a convolutional neural network (CNN),
# - what max pooling computes, and where its gradient goes,
# - how a CNN and a dense network differ on digits that stand a little to the side,
# - and what the feature maps of a trained network look like.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.kernels.max_pool2d import reference
from numbanet.layers import Conv2D, Dense, Flatten, GlobalMaxPooling2D, MaxPooling2D

MAPS, MISTAKES = "09_feature_maps.png", "09_mistakes.png"
nn.set_num_threads(1)  # steps as short as these are too little work for two

# %% [markdown]
# ## The digits
#
# 1,797 digits that people wrote, scanned and scaled down to 8x8 pixels. We put a frame of two empty pixels around
# each, so that there is room to move it later. Every fifth digit is kept for testing: no network learns from it.

# %%
x, y = nn.datasets.load_digits()
images = np.pad(x.reshape(-1, 8, 8, 1), ((0, 0), (2, 2), (2, 2), (0, 0)))
tests = np.arange(len(x)) % 5 == 2
x, y, x_test, y_test = images[~tests], y[~tests], images[tests], y[tests]
print(f"{len(x)} digits to train, {len(x_test)} to test, each {x.shape[1:]}\n")
for row in x_test[0, :, :, 0]:
    print("   " + "".join(" .:*#"[round(4 * float(value))] * 2 for value in row))
print(f"   a {y_test[0]}")

# %% [markdown]
# ## Pooling
#
# After a convolution we know at every pixel how much it looks like a certain stroke. Where exactly the stroke is
# matters less: a 3 is a 3 one pixel to the right. **Max pooling** keeps of every window of 2x2 values the largest
# one:
#
# $$ y_{p,q} = \max_{0 \le i,j < 2} x_{2p+i,\;2q+j} $$
#
# Half the rows and half the columns remain, and a stroke that moves within a window changes nothing. The loop
# remembers in `argmax` which cell was the largest:

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# The backward pass needs just that. A small change of the largest cell changes the output as much, a small change of
# any other cell not at all. So the whole gradient goes to the largest cell:
#
# $$ \frac{\partial L}{\partial x_{2p+i,\;2q+j}} = \begin{cases}
#    \dfrac{\partial L}{\partial y_{p,q}} & (i, j) = \arg\max \\[1ex] 0 & (i, j) \ne \arg\max \end{cases} $$

# %%
a = np.array([[1.0, 3, 2, 0], [4, 2, 1, 5], [0, 0, 7, 6], [1, 2, 8, 3]]).reshape(1, 4, 4, 1)
pooled, argmax, gradient = np.zeros((1, 2, 2, 1)), np.zeros((1, 2, 2, 1), np.uint8), np.zeros((1, 4, 4, 1))
window = (2, 2), (2, 2), (0, 0)  # size, strides, padding
reference.forward(a, *window, argmax, pooled)
reference.backward(np.array([[10.0, 20], [30, 40]]).reshape(1, 2, 2, 1), argmax, *window, gradient)
for title, values in (("x", a), ("y", pooled), ("argmax", argmax), ("dL/dx for dL/dy = 10 20 / 30 40", gradient)):
    print(f"{title}:\n{values[0, :, :, 0]}")

# %% [markdown]
# ## The network
#
# Convolution, ReLU, pooling, and the same again with more channels: the maps become smaller, and there are more of
# them. The first layer finds strokes; a cell of the second one sees a larger piece of the image, through the first,
# and finds how strokes meet. At the end a dense layer counts what was found where. That is LeNet's plan (LeCun et
# al., 1998), only smaller.
#
# We compare it with a dense network of more than twice as many parameters. A third network replaces the last pooling
# by **global** max pooling: of each map only the largest value remains, whether a thing is there, and not where.


# %%
def trained(name, layers, epochs):
    model = nn.Sequential(layers, seed=0, name=name)
    model.compile(nn.optimizers.Adam(2e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model


cnn = trained(
    "CNN",
    [
        Conv2D(8, 3, padding="same", activation="relu", name="strokes"),
        MaxPooling2D(2, name="pooled"),
        Conv2D(24, 3, padding="same", activation="relu", name="parts"),
        MaxPooling2D(2, name="pooled_parts"),
        Flatten(),
        Dense(10),
    ],
    15,
)
dense = trained("dense network", [Flatten(), Dense(64, activation="relu"), Dense(10)], 15)
everywhere = trained(
    "global pooling",
    [
        Conv2D(16, 3, padding="same", activation="relu"),
        Conv2D(32, 3, padding="same", activation="relu"),
        GlobalMaxPooling2D(),
        Dense(10),
    ],
    30,
)
cnn.summary()

# %% [markdown]
# ## Digits that stand a little to the side
#
# No network has seen a digit that was moved. We move the test digits by one pixel, in each of the eight directions,
# and count again.


# %%
def accuracy(model, distance):
    """The mean share of right answers after moves by so many pixels in eight directions."""
    moves = [(i, j) for i in (-distance, 0, distance) for j in (-distance, 0, distance) if i or j] or [(0, 0)]
    return np.mean([model.evaluate(np.roll(x_test, move, (1, 2)), y_test)["accuracy"] for move in moves])


print("                 parameters | as they are | moved by 1 pixel | by 2 pixels")
for model in (dense, cnn, everywhere):
    shares = [accuracy(model, distance) for distance in (0, 1, 2)]
    print(f"{model.name:16} {model.count_params():10,} | {shares[0]:11.1%} | {shares[1]:16.1%} | {shares[2]:11.1%}")

# %% [markdown]
# **What to see.** On digits as they are, all three are good; the CNN is no worse with less than half of the
# parameters. One pixel to the side, and the dense network is mostly wrong: it has learned pixels, not strokes. The
# CNN holds out better, thanks to its pooling, but its last dense layer still asks where a thing is. With global
# pooling a move changes nothing but what leaves the frame. (This network needs more arithmetic: its second
# convolution works at full size.)
#
# One can also show the network moved digits in training: that is **data augmentation**, and it helps a dense network,
# too.
#
# ## What it sees
#
# `nn.teach.layer_output` gives the output of any layer. Every channel of `strokes` is a map of where its 3x3 kernel
# found what it looks for:

# %%
image, kernel = x_test[0], cnn.get_weights()[0]
strokes = nn.teach.layer_output(cnn, image[None], "strokes")[0]
print(f"the kernels {kernel.shape}, the maps {strokes.shape}; the first four channels:\n")
for line in range(len(image)):
    grids = [strokes[line, :, channel] / max(float(strokes[:, :, channel].max()), 1e-6) for channel in range(4)]
    print("   ".join("".join(" .:*#"[round(4 * float(value))] * 2 for value in row) for row in grids))

# %%
answers = cnn.predict(x_test)
mistaken = np.flatnonzero(answers.argmax(axis=1) != y_test)
shown = [(f"a {y_test[k]}, taken for {answers[k].argmax()}", x_test[k, :, :, 0]) for k in mistaken[:8]]
try:
    print(f"pictures: {nn.plot.feature_maps(cnn, image, MAPS)} and {nn.plot.pictures(shown, MISTAKES)}")
except MissingDependency as error:
    print(f"no pictures: {error}")
print(f"{len(mistaken)} of {len(x_test)} digits are mistaken: {'; '.join(title for title, _ in shown)}")

# %% [markdown]
# ![the feature maps of one digit, layer by layer](09_feature_maps.png)
#
# Each row is a layer, each picture a channel. Some kernels answer to the left side of a stroke, some to the right,
# some to level ones; the maps of `parts` are coarse, and few of their cells are bright: they say that a certain thing
# is there.
#
# ![digits that the CNN mistakes](09_mistakes.png)
#
# Would you have known these?
#
# ## Questions
#
# 1. Work out the number of parameters of each layer of the CNN by hand, and compare with `summary()`.
# 2. How large a piece of the image does one cell of `pooled_parts` see? (Go backwards: 2, then 4, ...)
# 3. Train the dense network on moved digits, too: `np.concatenate` the digits and their eight moves. How far does it
#    get at one pixel, and what about two?
# 4. Replace max pooling by `AveragePooling2D`, or by strides of 2 in the convolutions. What changes?
# 5. Write the backward pass of pooling yourself: `nn.teach.exercise("max_pool2d_backward")`. What must happen where
#    windows overlap?
