# %% [markdown]
# # 08 Convolution, stride and padding
#
# **Time:** 40 minutes to read and try; the code runs in seconds. **Before it:** lesson 03 (backpropagation by hand).
#
# You learn
#
# - what a convolution layer computes, number by number,
# - how stride and padding set the size of its output,
# - why a few shared weights do the work of many,
# - and that its gradient is a convolution, too.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels.conv2d import reference

PICTURE = "08_convolution_stride_padding.png"

# %% [markdown]
# ## A window that slides
#
# A dense layer gives every pixel of an image a weight of its own. If it learns what a stroke looks like at the top
# left, it still knows nothing of the same stroke at the bottom right. A **convolution** looks at a small window of
# the image, multiplies what it sees by a small table of weights, the **kernel**, and adds up. Then the window moves
# on, and the weights stay the same: what is learned at one place holds everywhere.
#
# Here is a picture of an X, 9 by 9 pixels, and a kernel that likes strokes that fall from left to right: 1 on its
# diagonal, -1 elsewhere.

# %%
CROSS = np.zeros((9, 9))
for k in range(1, 8):
    CROSS[k, k] = CROSS[k, 8 - k] = 1
FALLING = np.array([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1]])


def show(title, array):
    print(f"\n{title}")
    for row in array:
        print("".join(f"{value:4.0f}" for value in row))


show("the picture", CROSS)
show("the kernel", FALLING)

# %% [markdown]
# Put the window on rows 1 to 3 and columns 1 to 3. Nine products, one sum:

# %%
window = CROSS[1:4, 1:4]
products = window * FALLING
terms = " ".join(f"{a:.0f}*({w:.0f})" for a, w in zip(window.ravel(), FALLING.ravel(), strict=True))
print(f"{terms}: the sum is {products.sum():.0f}")

# %% [markdown]
# ## The equation
#
# With the window's corner at row $p$ and column $q$, a kernel $w$ of size $K \times K$ and a bias $b$:
#
# $$ y_{p,q} = b + \sum_{i=0}^{K-1} \sum_{j=0}^{K-1} x_{p+i,\,q+j}\; w_{i,j} $$
#
# In signal processing this is called a cross-correlation; a convolution there turns the kernel around first. A
# network learns its kernel, so it makes no difference to it, and everyone says convolution. As a loop:


# %%
def by_hand(image, kernel):
    size = len(kernel)
    count = len(image) - size + 1
    y = np.zeros((count, count))
    for p in range(count):
        for q in range(count):
            for i in range(size):
                for j in range(size):
                    y[p, q] += image[p + i, q + j] * kernel[i, j]
    return y


show("by hand: 9x9 pixels and a 3x3 window leave 7x7 sums", by_hand(CROSS, FALLING))

# %% [markdown]
# The largest sums lie where the stroke falls from left to right. Along the other stroke they are small or negative.
# The output is a map of where the kernel finds what it looks for: a **feature map**.
#
# ## Padding and stride
#
# Two things are up to us.
#
# - **Padding** puts $P$ rows and columns of zeros around the image. Without it every layer loses a border of pixels,
#   and the pixels of the edge take part in fewer windows than the others.
# - **Stride** $S$ is how far the window moves. With a stride of 2 the output has half as many rows and columns.
#
# The window begins in row $0, S, 2S, \dots$ of the padded image of $H + 2P$ rows, and the last one still has to fit.
# So with a stride and padding the equation, and the number $H'$ of the output's rows, are
#
# $$ y_{p,q} = b + \sum_{i,j} x_{pS+i-P,\;qS+j-P}\; w_{i,j} \qquad
#    H' = \left\lfloor \frac{H + 2P - K}{S} \right\rfloor + 1 $$
#
# where $x$ is 0 outside of the image. The loop need not be written again: pad the image, and keep every $S$-th sum in
# both directions. (A layer computes only those that it keeps.)


# %%
def output_size(height, size, stride, padding):
    return (height + 2 * padding - size) // stride + 1


def convolved(image, kernel, stride=1, padding=0):
    return by_hand(np.pad(image, padding), kernel)[::stride, ::stride]


# %% [markdown]
# ## By hand against the layer
#
# `Conv2D` has images $(N, H, W, C)$: $N$ images, $C$ channels, three for colours. Its kernel is $(K, K, C, O)$: every
# one of the $O$ output channels has a window of its own, which looks at all $C$ channels. We give it one image of one
# channel and set its weights. `padding="valid"` is $P = 0$, `"same"` is as much as makes the output as large as the
# input where $S = 1$.


# %%
def by_layer(image, kernel, stride=1, padding="valid"):
    model = nn.Sequential([nn.layers.Conv2D(1, len(kernel), stride, padding)])
    model.build((*image.shape, 1), dtype="float64")
    model.set_weights([kernel[:, :, None, None], np.zeros(1)])
    return model.predict(image[None, :, :, None])[0, :, :, 0]


print("stride  padding  (9 + 2P - 3) / S + 1   by hand and by the layer")
for stride, padding in ((1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (4, 1)):
    hand, layer = convolved(CROSS, FALLING, stride, padding), by_layer(CROSS, FALLING, stride, padding)
    verdict = "the same numbers" if np.array_equal(hand, layer) else "OTHER NUMBERS"
    print(f"{stride:6} {padding:8} {output_size(9, 3, stride, padding):14} rows      {verdict}, {layer.shape}")
same = by_layer(CROSS, FALLING, padding="same")
equal = np.array_equal(same, convolved(CROSS, FALLING, 1, 1))
print(f'padding="same" leaves {same.shape}, and is P = (K - 1) / 2 = 1: {equal}')

# %% [markdown]
# ## The loop in the library
#
# This is the reference loop of `Conv2D`, as it runs on `device="reference"`: the equation above with three more
# loops, over images `n`, output channels `o` and input channels `i`. Instead of storing zeros around the image it
# asks whether a cell lies inside. Its letters: `P` and `Q` are the rows and columns of the output, `(SH, SW)` the
# strides, `(T, L)` the padding at the top and on the left. (`dilation` would spread the cells of a window, `group`
# split the channels.) `print(nn.explain("conv2d"))` shows all loops of a convolution with their equations.

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## Few weights, used everywhere
#
# The same 8x8 image through a dense layer and through a convolution, each with an output of 8x8x4 numbers:

# %%
digits, labels = nn.datasets.load_digits()
image = digits[0].reshape(8, 8)
dense = nn.Sequential([nn.layers.Dense(8 * 8 * 4)], seed=0)
dense.build((64,))
conv = nn.Sequential([nn.layers.Conv2D(4, 3, padding="same")], seed=0)
conv.build((8, 8, 1))
print(f"dense: {dense.count_params():6,} parameters = 64 * 256 + 256")
print(f"conv:  {conv.count_params():6,} parameters = 3 * 3 * 1 * 4 + 4")

# %% [markdown]
# And it knows what a shift is. Move the image by one pixel, and its feature maps move by one pixel and are otherwise
# the same (away from the edge): the layer is **equivariant** to shifts. For the dense layer the moved image is an
# altogether new one.

# %%
scene = np.zeros((12, 12), np.float32)
scene[2:10, 1:9] = image
moved = np.roll(scene, 1, axis=1)
for name, layer in (("conv", nn.layers.Conv2D(4, 3, padding="same")), ("dense", nn.layers.Dense(12 * 12 * 4))):
    flat = [nn.layers.Flatten()] if name == "dense" else []
    model = nn.Sequential([*flat, layer, nn.layers.Reshape((12, 12, 4))], seed=0)
    model.build((12, 12, 1))
    before, after = (model.predict(a[None, :, :, None])[0] for a in (scene, moved))
    difference = np.abs(np.roll(before, 1, axis=1) - after)[1:-1, 1:-1].max()
    print(f"{name:5}: output of the moved image against the moved output: largest difference {difference:.6f}")

# %% [markdown]
# ## The gradient
#
# Let $\delta_{p,q} = \partial L / \partial y_{p,q}$ have come back from the layer above. A weight $w_{i,j}$ takes
# part in *every* output, so by the chain rule its gradient is a sum over all of them:
#
# $$ \frac{\partial L}{\partial w_{i,j}} = \sum_{p,q} \delta_{p,q}\; \frac{\partial y_{p,q}}{\partial w_{i,j}}
#    = \sum_{p,q} \delta_{p,q}\; x_{p+i,\,q+j} $$
#
# Look again: that is the convolution of $x$ with $\delta$ as the kernel. And a pixel takes part in all windows that
# show it:
#
# $$ \frac{\partial L}{\partial x_{r,s}} = \sum_{i,j} \delta_{r-i,\,s-j}\; w_{i,j} $$
#
# with $\delta = 0$ outside of its rows and columns. This slides the kernel, turned around, over $\delta$. Both by
# hand, against the library's loops:

# %%
delta = np.random.default_rng(0).standard_normal((7, 7))
dw = by_hand(CROSS, delta)  # the window is delta: 9 - 7 + 1 = 3 rows
dx = by_hand(np.pad(delta, 2), FALLING[::-1, ::-1])
found_dw, found_dx = np.zeros((3, 3, 1, 1)), np.zeros((1, 9, 9, 1))
plain = (1, 1), (0, 0), (1, 1)  # strides, padding, dilation
reference.backward_kernel(delta[None, :, :, None], CROSS[None, :, :, None], *plain, found_dw)
reference.backward_input(delta[None, :, :, None], FALLING[:, :, None, None], *plain, found_dx)
print(f"dL/dw, largest difference: {np.abs(dw - found_dw[:, :, 0, 0]).max():.1e}")
print(f"dL/dx, largest difference: {np.abs(dx - found_dx[0, :, :, 0]).max():.1e}")

# %% [markdown]
# ## Kernels from the book
#
# Before networks learned their kernels, people designed them. A blur is the mean of a window; Sobel's kernels are the
# slope of the brightness to the right and downwards; together they find edges.

# %%
KERNELS = {
    "blur": np.ones((3, 3)) / 9,
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "Sobel, to the right": np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "Sobel, downwards": np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
}
maps = {"a digit": image.astype(float)}
maps |= {name: by_layer(image.astype(float), kernel, padding="same") for name, kernel in KERNELS.items()}
maps["edges: length of both slopes"] = np.hypot(maps["Sobel, to the right"], maps["Sobel, downwards"])
for name, values in maps.items():
    rough = (np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean()) / 2
    print(f"{name:30} from {values.min():6.2f} to {values.max():5.2f}, mean step to the next pixel {rough:.2f}")

# %%
try:
    figure = new_figure(10, 5.5)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    shown = {"an X": CROSS, "where it falls": by_hand(CROSS, FALLING)} | maps
    for place, (name, values) in enumerate(shown.items()):
        axes = figure.add_subplot(2, 4, place + 1)
        axes.imshow(values, cmap="gray")
        axes.set_title(name, fontsize=9)
        axes.set(xticks=[], yticks=[])
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![an X, a digit, and what the kernels make of them](08_convolution_stride_padding.png)
#
# **What to see.** The kernel for falling strokes lights up along one stroke of the X and leaves the other one dark.
# The blur makes neighbours more alike (a smaller mean step), sharpening makes them less alike. One Sobel map finds
# the upright edges of the digit, the other the level ones.
#
# ## Questions
#
# 1. An image has 28x28 pixels, the window 5x5 cells. Which padding keeps 28 rows with stride 1? How many rows are
#    left with stride 2 and no padding? Check yourself with `output_size`.
# 2. How many parameters has `Conv2D(16, 5)` on an image of 32x32x3? And of 64x64x3? Why is it the same?
# 3. Two 3x3 convolutions follow each other, stride 1. How large a piece of the image does one output see? And three
#    of them?
# 4. Write both loops yourself: `nn.teach.exercise("conv2d_forward")`, then `nn.teach.exercise("conv2d_backward")`;
#    `nn.teach.grade(file)` tells you what is wrong.
# 5. The bug museum has a window that runs past the edge of the image: `nn.teach.exhibit("window_past_the_edge")`.
#    Find it.
