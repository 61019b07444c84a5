"""numbanet.kernels.copy in chunks."""

from .._chunks import CHUNK, chunk, chunks
from .._kernel import kernel
from .._streaming import stream_copy


@kernel(tasks=chunks)
def forward(task, x, y):
    for i in chunk(task, y.size):
        # F1
        y[i] = x[i]


@kernel(tasks=chunks)
def stream(task, x, y):
    # F1
    stream_copy(task * CHUNK, min(y.size, (task + 1) * CHUNK), x, y)
