"""Results as a machine with a GPU might have them, made up and the same at every call: nothing is measured."""

from __future__ import annotations

import random

from numbanet.bench.results import KernelRow, Ladder, Level, Results, Roof, Rung, StepRow, Timing

# operation, function, size, FLOPs, bytes
KERNELS = [
    ("dense", "forward", "N=128 I=784 O=512", 2 * 128 * 784 * 512, 4 * (128 * 784 + 784 * 512 + 128 * 512)),
    ("dense", "backward_kernel", "N=128 I=784 O=512", 2 * 128 * 784 * 512, 4 * (128 * 784 + 784 * 512 + 128 * 512)),
    ("dense", "forward", "N=1 I=784 O=10", 2 * 784 * 10, 4 * (784 + 7840 + 10)),
    ("conv2d", "forward", "N=64 H=28 W=28 C=32 O=64 K=3", 2 * 64 * 26 * 26 * 9 * 32 * 64, 4 * 64 * 28 * 28 * 96),
    ("conv2d", "backward_input", "N=64 H=28 W=28 C=32 O=64 K=3", 2 * 64 * 26 * 26 * 9 * 2048, 4 * 64 * 28 * 28 * 96),
    ("conv2d", "backward_kernel", "N=64 H=28 W=28 C=32 O=64 K=3", 2 * 64 * 26 * 26 * 9 * 2048, 4 * 64 * 28 * 28 * 96),
    ("depthwise_conv2d", "forward", "N=64 H=28 W=28 C=32 K=3", 2 * 64 * 28 * 28 * 9 * 32, 8 * 64 * 28 * 28 * 32),
    ("lstm", "forward", "N=64 T=50 I=32 H=128", 2 * 64 * 50 * 160 * 512, 4 * 64 * 50 * 800),
    ("lstm", "backward", "N=64 T=50 I=32 H=128", 4 * 64 * 50 * 160 * 512, 4 * 64 * 50 * 1600),
    ("gru", "forward", "N=64 T=50 I=32 H=128", 2 * 64 * 50 * 160 * 384, 4 * 64 * 50 * 700),
    ("activations", "relu", "1,048,576 numbers", 1 << 20, 8 << 20),
    ("activations", "gelu", "1,048,576 numbers", 12 << 20, 8 << 20),
    ("softmax", "forward", "N=4,096 C=10", 4 * 40960, 8 * 40960),
    ("layer_norm", "forward", "N=512 F=256", 8 * 512 * 256, 8 * 512 * 256),
    ("max_pool2d", "forward", "N=64 H=26 W=26 C=64", 64 * 26 * 26 * 64, 5 * 64 * 26 * 26 * 64),
    ("adam", "update", "1,048,576 weights", 12 << 20, 28 << 20),
    ("copy", "forward", "16,777,216 numbers", 0, 128 << 20),
    ("fill", "constant", "1,048,576 numbers", 0, 4 << 20),
    ("gather", "rows", "N=4,096 F=256", 0, 8 * 4096 * 256),
    ("embedding", "forward", "N=64 T=100 F=128", 0, 8 * 6400 * 128),
    ("zero_padding2d", "forward", "N=64 H=28 W=28 C=32", 0, 8 * 64 * 28 * 28 * 32),
]
DEVICES = [("cpu", 1), ("cpu", 2), ("cuda", 0)]
ROOFS = [
    Roof("cpu", 1, "float32", 233.4, tuple(map(Level, (16e3, 1e6, 16e6, 128e6), (310.0, 96.0, 34.0, 14.4))), 0.31),
    Roof("cpu", 2, "float32", 448.4, tuple(map(Level, (32e3, 2e6, 16e6, 128e6), (590.0, 181.0, 62.0, 27.2))), 1.9),
    Roof("cuda", 0, "float32", 58_900.0, tuple(map(Level, (8e6, 32e6, 1e9), (7100.0, 6900.0, 3900.0))), 2.4),
]
RUNGS = {
    "plain Python": ("The textbook's loop, as the equation is read.\nThe interpreter looks at every number.", 0.0031),
    "compiled": ("The same loop, compiled by Numba.\nNo interpreter, but the innermost loop jumps.", 1.42),
    "reordered": ("The loops swapped, so that neighbours are read.\nThe compiler can use vectors.", 14.8),
    "tiled": ("A tile of the output stays in registers.\nA number that is read is used many times.", 176.0),
    "parallel": ("Rows are shared out among the threads.\nThis is the library's kernel.", 331.0),
}


def timing(median, spread=0.04):
    return Timing(median, median * (1 - spread / 2), median * (1 + spread / 2), median * (1 - spread))


def kernel_rows():
    noise, rows = random.Random(7), []
    for device, threads in DEVICES:
        roof = next(r for r in ROOFS if (r.device, r.threads) == (device, threads))
        for operation, function, size, flops, moved in KERNELS:
            bound, limit = roof.limit(flops, moved, moved)
            share = noise.uniform(0.35, 0.97)
            compiled = noise.random() < 0.4
            rows.append(
                KernelRow(
                    *(operation, function, size, device, threads, "float32", float(flops), float(moved)),
                    error=noise.uniform(0.5, 4) * 1e-7,
                    time=timing(limit / share, noise.uniform(0.005, 0.15)),
                    launch_us=noise.choice([None, noise.uniform(1, 9)])
                    if device == "cuda"
                    else noise.uniform(0.1, 0.6),
                    compile_s=noise.uniform(0.2, 6) if compiled else 0.01,
                    loaded=not compiled,
                    copy_us=moved / 20e3 if device == "cuda" else 0.0,
                    bound=bound,
                    share=share,
                )
            )
    return rows


def refused_row(operation="conv2d", reason="dx differs from the reference by 0.31, at most 1e-05 is allowed"):
    which = operation, "backward_input", "N=2 H=9 W=9 C=3 O=5 K=3", "cuda", 0, "float32"
    return KernelRow(*which, 1e5, 1e4, error=0.31, refused=reason)


def ladder(operation, flops):
    small = flops / 4096
    rungs = []
    for place, (name, (why, rate)) in enumerate(RUNGS.items()):
        size, work = ("N=8 I=49 O=32", small) if place == 0 else ("N=128 I=784 O=512", flops)
        function = f"numbanet.bench.variants.{operation}.{name.split()[-1].lower()}"
        code = f"def {name.split()[-1].lower()}(x, w, y):\n    for n in range(x.shape[0]):\n        y[n] = x[n] @ w\n"
        threads = 2 if name == "parallel" else 1
        rungs.append(Rung(name, function, why, code, size, threads, work, timing(work / rate / 1e3), 1e-7 * place))
    return Ladder(operation, "cpu", "float32", tuple(rungs))


def step_rows():
    rows = []
    for model, flops, cpu, cuda in [("mlp", 1.2e6, 42.0, 190.0), ("lenet5", 3.1e6, 120.0, 260.0)]:
        for batch in (1, 8, 64, 512, 4096):
            for device, threads, start, rate in [
                ("cpu", 1, cpu / 2, 100e3),
                ("cpu", 2, cpu, 190e3),
                ("cuda", 0, cuda, 9e6),
            ]:
                moved, time = 5e6 + 4e4 * batch, start + flops * batch / rate
                bound = "launch" if batch < 64 and device == "cuda" else "multiply-adds"
                losses = (2.302585, 2.29, 2.27)
                which = model, batch, device, threads, "float32", flops * batch, moved
                rows.append(StepRow(*which, 23, timing(time), losses, bound, 0.2 + 0.09 * len(str(batch))))
    return rows


def results():
    """63 timed kernels over two devices, three ladders, and the training of two models."""
    return Results(
        date="2026-11-23",
        commands=[
            "numbanet bench kernels --device cpu cuda --threads 1 2 --json kernels.json",
            "numbanet bench train --model mlp lenet5 --device cpu cuda --batch 1 8 64 512 4096 --json training.json",
        ],
        machine={
            "processor": "2 cores of Intel(R) Xeon(R) Processor, avx512f",
            "system": "Linux",
            "gpu": "NVIDIA H200, compute capability 9.0",
        },
        versions={"Python": "3.11.7", "numba": "0.68.1", "numba-cuda": "0.30.2", "numpy": "2.4.6"},
        roofs=list(ROOFS),
        kernels=kernel_rows(),
        ladders=[ladder("dense", 1.03e8), ladder("conv2d", 1.6e9), ladder("lstm", 5.2e8)],
        training=step_rows(),
        notes=[
            "lenet5, cuda: launch-bound at batch 1 to 8 (29 to 47 % of that limit)",
            "lenet5: cuda is faster than cpu on 2 threads from batch about 9 on (to 4096)",
            "mlp: cuda is faster than cpu on 2 threads from batch about 24 on (to 4096)",
        ],
    )
