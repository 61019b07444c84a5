# %% [markdown]
# # 12 From a loop to a fast kernel
#
# **Time:** 40 minutes to read and try; the code runs in about ten seconds. **Before it:** a look at any reference
# loop, such as in lesson 03.
#
# You learn
#
# - how far apart the textbook's loop and a fast kernel of the same equation are,
# - the steps between them: compile, reorder, tile, share out,
# - and how to tell how fast a loop could be at all: the roofline.

# %%
import inspect

import numpy as np

import numbanet as nn
from numbanet.bench import clock, ladders, roofs
from numbanet.devices import get_device
from numbanet.errors import MissingDependency
from numbanet.figures import new_figure
from numbanet.kernels import dense
from numbanet.kernels.dense import reference

PICTURE = "12_from_loop_to_fast_kernel.png"
CPU, THREADS = get_device("cpu"), nn.get_num_threads()
print(f"{THREADS} threads")

# %% [markdown]
# ## The work
#
# The forward pass of a dense layer:
#
# $$ y_{n,o} = b_o + \sum_{i=0}^{I-1} x_{n,i}\, w_{i,o} $$
#
# For every one of $N \cdot O$ outputs there are $I$ multiplications and $I$ additions: $2 N I O$ floating-point
# operations, **FLOPs**. No way of writing the loops changes that number. What changes is how many of them a processor
# does in a second (FLOP/s).

# %%
print(inspect.getsource(reference.forward.function))

# %% [markdown]
# ## Plain Python
#
# A loop of the library is an ordinary Python function before it is compiled. As such, on 8 samples of 64 inputs and
# 32 outputs:

# %%
N, I, O = 8, 64, 32
random = np.random.default_rng(0)
x, w, b = random.standard_normal((N, I)), random.standard_normal((I, O)), random.standard_normal(O)
y = np.zeros((N, O))
flops = 2 * N * I * O
plain = min(clock.seconds(lambda: reference.forward.function(x, w, b, y), 1) for _ in range(5))
print(f"{flops:,} FLOPs in {plain * 1e3:.1f} ms: {1e9 * plain / (flops / 2):.0f} nanoseconds for a multiply-add")
print(f"the same as numpy: {np.allclose(y, x @ w + b)}")

# %% [markdown]
# In so many nanoseconds the processor goes through hundreds of cycles. The arithmetic takes less than one of them.
# The rest goes into finding out, for every number anew, what type it is, which function multiplies it, and where the
# result can be put.
#
# ## The ladder
#
# The library keeps the steps from this loop to the kernel that it uses, and measures them on your machine (`numbanet
# bench ladder` in a terminal does the same). Each rung is first held against the reference, and then timed; what
# disturbs a machine makes it slower and never faster, so we take the best time.

# %%
ladder = ladders.ladder("dense", CPU, THREADS, "float32", "N=128,I=256,O=256", rounds=5)
speeds = {rung.name: rung.flops / rung.time.best / 1e3 for rung in ladder.rungs}
first = before = speeds["plain Python"]
print("rung             GFLOP/s    times the one before     times the first")
for name, speed in speeds.items():
    print(f"{name:14} {speed:9.3f} {speed / before:18.1f} {speed / first:22,.0f}")
    before = speed
print()
for rung in ladder.rungs:
    print(f"{rung.name}: {rung.why}\n")

# %% [markdown]
# **What to see.** The largest step is the first one, and it is the compiler's. The next ones together are as large
# again, and the compiler does not find them by itself: they compute the same equation in another order.
#
# ### Why the order matters
#
# Memory comes in **cache lines** of 64 bytes, 16 numbers of float32 side by side. The textbook's innermost loop runs
# over `i` and reads `w[i, o]`: down a column. Of every line that it fetches it uses one number. Exchange the loops so
# that the innermost one runs over `o`, and it reads `w` and writes `y` along rows. Then one **vector instruction**
# can also take 8 or 16 outputs at once.
#
# numpy shows the effect of the order alone: a copy of a matrix along its rows, and one that reads down its columns.

# %%
matrix, target = np.ones((4096, 4096), np.float32), np.empty((4096, 4096), np.float32)
along = min(clock.seconds(lambda: np.copyto(target, matrix), 1) for _ in range(5))
down = min(clock.seconds(lambda: np.copyto(target, matrix.T), 1) for _ in range(5))
print(f"64 MiB along rows {along * 1e3:.0f} ms, down columns {down * 1e3:.0f} ms: {down / along:.1f} times as long")
print()
print(ladder.rungs[2].code)

# %% [markdown]
# ### Why tiles
#
# The reordered loop loads and stores `y[n, o]` for each multiply-add. Registers are faster than any cache, but there
# are few of them. So a **tile** of $y$, 4 rows by some dozens of columns, is kept in registers until all $I$ products
# are added. Every number of $w$ that is loaded is used by 4 rows, every number of $x$ by all columns of the tile. The
# heart of it:

# %%
print(ladder.rungs[3].code.split("@apart")[1])

# %% [markdown]
# ## How fast could it be? The roofline
#
# A processor has two limits: how many multiply-adds it does in a second, $F$, and how many bytes its memory brings in
# a second, $B$. A kernel that does $A$ FLOPs for each byte, its **arithmetic intensity**, cannot be faster than
#
# $$ \min(F,\; A \cdot B) $$
#
# Drawn over $A$, that is a roof: a slope where memory is the limit, and a flat part where arithmetic is (Williams,
# Waterman and Patterson, 2009). `numbanet.bench.roofs` measures both with loops that do nothing else.

# %%
few = roofs.Sizes((2**14, 2**17, 2**20, 2**23, 2**26), 2000, 2**14)  # bytes of the arrays; launches and turns
roof = roofs.measure(CPU, 1, "float32", rounds=3, sizes=few)
print(f"one thread: {roof.gflops:.0f} GFLOP/s; of caches and memory, by the size of the arrays:")
for level in roof.levels:
    print(f"  {level.bytes / 2**20:9.3f} MiB: {level.gbs:5.0f} GB/s")
print(f"the flat part begins at {roof.gflops / roof.gbs:.1f} FLOPs a byte of memory")

# %% [markdown]
# The intensity of a dense layer depends on the batch. All of $w$ must be read, for one sample as for a thousand; the
# more samples share it, the more FLOPs a byte. With 4 bytes for a number of float32:
#
# $$ A = \frac{2 N I O}{4\,(N I + I O + O + N O)} $$
#
# We time the library's kernel on one thread, with 1024 inputs and outputs, so that $w$ has 4 MiB, for batches from 1
# to 512.

# %%
I = O = 1024
w, b = random.standard_normal((I, O)).astype(np.float32), np.zeros(O, np.float32)
runs, work = {}, {}
for N in (1, 2, 4, 8, 32, 128, 512):
    x, y = random.standard_normal((N, I)).astype(np.float32), np.zeros((N, O), np.float32)
    runs[N] = CPU.executor([CPU.kernels(dense).forward.bind(x, w, b, y)], None).run
    work[N] = 2 * N * I * O, 4 * (N * I + I * O + O + N * O)
nn.set_num_threads(1)
times = clock.alternate(runs, 5)
nn.set_num_threads(THREADS)

points = {}
print("batch   microseconds   FLOPs a byte    GFLOP/s    the roof there   bound by")
for N, (flops, moved) in work.items():
    bound, least = roof.limit(flops, moved, moved)  # microseconds at least
    time, points[N] = times[N].best, (flops / moved, flops / times[N].best / 1e3)
    print(f"{N:5} {time:14.0f} {points[N][0]:14.1f} {points[N][1]:10.1f} {flops / least / 1e3:17.1f}   {bound}")

# %%
try:
    figure = new_figure(11, 4)
except MissingDependency as error:
    print(f"no picture: {error}")
else:
    steps, line = figure.subplots(1, 2)
    steps.barh(list(speeds), list(speeds.values()))
    steps.invert_yaxis()
    steps.axvline(roof.gflops, color="k", linestyle=":", label="multiply-adds, one thread")
    steps.set(title="the ladder of a dense layer", xlabel="GFLOP/s", xscale="log")
    intensity = np.geomspace(0.1, 1000, 200)
    for level in (roof.levels[0], roof.levels[-1]):
        name = f"roof, {level.gbs:.0f} GB/s ({level.bytes / 2**20:.3g} MiB)"
        line.plot(intensity, np.minimum(roof.gflops, intensity * level.gbs), label=name)
    line.plot(*zip(*points.values(), strict=True), "ko", label="dense layer, by batch")
    for N, point in points.items():
        line.annotate(f" {N}", point, va="top")
    line.set(title="the roofline, one thread", xlabel="FLOPs a byte", ylabel="GFLOP/s", xscale="log", yscale="log")
    for axes in (steps, line):
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=100)
    print(f"picture: {PICTURE}")

# %% [markdown]
# ![the ladder, and the roofline with a dense layer at several batches](12_from_loop_to_fast_kernel.png)
#
# **What to see.** With one sample the roof itself is low: all of $w$ has to come from memory or a cache for two FLOPs
# a number, and arithmetic is not the limit. Eight samples take hardly longer than one, for they share the same $w$:
# the points climb along the slope. With large batches they come to the flat part, where tiles, vectors and registers
# count. That is one reason why networks learn in batches (lesson 04 has the other one). A point below the roof is
# time that could still be won, by a better order or by moving fewer bytes; no point comes to lie far above it, unless
# something else used the machine while the roof was measured.
#
# The same goes for a whole network: where a layer has a low intensity (an activation, a sum, dropout), no trick of
# arithmetic helps, and one moves fewer bytes or does two things in one pass. First find the roof, then work on the
# loop.
#
# ## Questions
#
# 1. What is the intensity of ReLU on $n$ numbers, and how many GFLOP/s does the roof allow it, from memory?
# 2. `ladders.ladder("conv2d", ...)` and `"lstm"` have ladders, too. Which of their steps is the largest after
#    compiling?
# 3. From how many threads on does the last rung get no faster on your machine? (`nn.set_num_threads`.) And why do
#    small layers run on one thread anyway?
# 4. The loop that you write in `nn.teach.exercise("dense_backward")` is a textbook's. Which order of the three loops
#    would you choose for dL/dw, and for dL/dx, if it had to be fast?
# 5. Read `numbanet/kernels/dense/cpu.py` beside `reference.py`: find each rung of the ladder in it.
