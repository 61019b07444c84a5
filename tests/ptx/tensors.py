"""mma.sync: a warp's product of small matrices, D = A B + C, in float32. Layouts: PTX ISA 9.0, 9.7.14.5.

Lane 4 g + q holds, of each 8x4 piece of a matrix, row g and column q (of 16-bit numbers two columns, 2 q and 2 q + 1).
The products are summed in float64 and rounded once: a tensor core's order and rounding are not documented.
"""

import re

import numpy as np

from .errors import Unsupported
from .operands import names, reader, writer
from .rounding import bf16_to_f32


def _tf32(bits):
    return (bits & np.uint32(0xFFFFE000)).view(np.float32)[:, None]


def _halves(bits):
    return np.ascontiguousarray(bits)[:, None].view(np.float16)


def _bf16(bits):
    return bf16_to_f32(np.ascontiguousarray(bits)[:, None].view(np.uint16))


_NUMBERS = {
    "tf32": (4, _tf32),
    "f16": (8, _halves),
    "bf16": (8, _bf16),
}  # columns of a piece, and what a register holds


def multiply(instruction, registers):
    """m16n8kK with row-major A, column-major B, and float32 C and D"""
    shape = re.search(r"\.m16n8k(\d+)\.row\.col\.f32\.(\w+)\.(\w+)\.f32", instruction.opcode)
    if not shape or shape[2] != shape[3] or shape[2] not in _NUMBERS:
        raise Unsupported(str(instruction))
    depth = int(shape[1])
    columns, numbers = _NUMBERS[shape[2]]
    d, a, b, c = (names(text) for text in instruction.operands)
    if len(a) != 2 * len(b) or len(b) * columns != depth:
        raise Unsupported(str(instruction))
    read_a, read_b = ([reader(name, "b32", registers) for name in part] for part in (a, b))
    read_c = [reader(name, "f32", registers) for name in c]
    writers = [writer(name, "f32", registers) for name in d]

    def piece(read, block, lanes):
        return numbers(read(block, lanes)).reshape(-1, 8, columns).astype(np.float64)

    def run(block, lanes):
        # A: pieces of 8 rows, two one under the other, then the next columns; B, transposed: one row of pieces
        pieces = [piece(read, block, lanes) for read in read_a]
        left = np.concatenate([np.concatenate(pieces[i : i + 2], axis=1) for i in range(0, len(pieces), 2)], axis=2)
        right = np.concatenate([piece(read, block, lanes) for read in read_b], axis=2)
        product = left @ right.transpose(0, 2, 1)  # (warps, 16, 8)
        own = product.reshape(-1, 2, 8, 4, 2)  # half, row, q, column of two
        for i, (read, write) in enumerate(zip(read_c, writers, strict=True)):
            values = own[:, i // 2, :, :, i % 2].reshape(-1) + read(block, lanes)
            write(block, lanes, values.astype(np.float32))

    return run
