"""Operations of a warp: shuffles, votes, sums, matrices loaded from shared memory. PTX ISA 9.0, 9.7.9 and 9.7.13."""

import numpy as np

from .errors import Uninitialised, Unsupported
from .kinds import dtype_of
from .operands import address_reader, names, reader, writer

FULL = np.uint32(0xFFFFFFFF)


def everyone(block, lanes):
    return np.full(len(lanes), FULL)


def members(instruction, registers):
    """The mask of the threads that an operation needs: its last operand, or the whole warp."""
    if instruction.parts[0] in ("mma", "ldmatrix"):
        return everyone
    return reader(instruction.operands[-1], "b32", registers)


def missing(block, lanes, mask):
    """(lane, thread that its mask names and that is not there), or None."""
    here = np.zeros(-(-block.threads // 32) * 32, np.bool_)
    here[lanes] = True
    named = ((mask[:, None] >> np.arange(32, dtype=np.uint32)) & np.uint32(1)).astype(np.bool_)
    threads = (lanes // 32 * 32)[:, None] + np.arange(32)
    absent = named & ~here[threads] & (threads < block.threads)
    if not np.any(absent):
        return None
    i, j = np.argwhere(absent)[0]
    return int(lanes[i]), int(threads[i, j])


def shuffle(instruction, registers):
    """shfl.sync: each thread gets the value of another; p is whether that lies in its segment."""
    parts, operands = instruction.parts, instruction.operands
    mode = parts[2]
    results = names(operands[0])
    write = writer(results[0], "b32", registers)
    write_inside = writer(results[1], "pred", registers) if len(results) > 1 else None
    source, distance, limits = (reader(text, "u32", registers) for text in operands[1:4])

    def run(block, lanes):
        lane, b, c = lanes % 32, distance(block, lanes).astype(np.int64) & 31, limits(block, lanes).astype(np.int64)
        segment, clamp = (c >> 8) & 31, c & 31
        lowest = lane & segment
        highest = lowest | (clamp & ~segment & 31)
        wanted = {"up": lane - b, "down": lane + b, "bfly": lane ^ b, "idx": lowest | (b & ~segment & 31)}[mode]
        inside = wanted >= highest if mode == "up" else wanted <= highest
        wanted = lanes - lane + np.where(inside, wanted, lane)
        outside = ~np.isin(wanted, lanes)
        if np.any(outside):
            i = int(np.argmax(outside))
            raise Uninitialised(f"thread {wanted[i]} does not take part and has no value to give", int(lanes[i]))
        write(block, lanes, source(block, block.everyone)[wanted])
        if write_inside:
            write_inside(block, lanes, inside)

    return run


def vote(instruction, registers):
    """vote.sync.all, any, uni, ballot"""
    mode = instruction.parts[2]
    to, source, _ = instruction.operands
    holds = reader(source, "pred", registers)
    write = writer(to, "b32" if mode == "ballot" else "pred", registers)

    def run(block, lanes):
        p, warps = holds(block, lanes), lanes // 32
        bits = np.bincount(warps, np.where(p, 2.0 ** (lanes % 32), 0.0))[warps].astype(np.uint32)
        here = np.bincount(warps, 2.0 ** (lanes % 32))[warps].astype(np.uint32)
        answers = {"ballot": bits, "any": bits != 0, "all": bits == here, "uni": (bits == 0) | (bits == here)}
        write(block, lanes, answers[mode])

    return run


def active_mask(instruction, registers):
    write = writer(instruction.operands[0], "b32", registers)

    def run(block, lanes):
        warps = lanes // 32
        write(block, lanes, np.bincount(warps, 2.0 ** (lanes % 32))[warps].astype(np.uint32))

    return run


def reduce(instruction, registers):
    """redux.sync: an integer's sum, least, greatest... over a warp"""
    parts = instruction.parts
    kind = parts[-1]
    function = {
        "add": np.add, "min": np.minimum, "max": np.maximum,
        "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
    }[parts[2]]  # fmt: skip
    source, write = reader(instruction.operands[1], kind, registers), writer(instruction.operands[0], kind, registers)

    def run(block, lanes):
        values, warps = source(block, lanes), lanes // 32
        result = np.empty_like(values)
        for warp in np.unique(warps):
            result[warps == warp] = function.reduce(values[warps == warp], dtype=values.dtype)
        write(block, lanes, result)

    return run


def synchronise(instruction, registers):
    """bar.warp.sync orders the memory accesses of the warp's threads."""
    return lambda block, lanes: block.launch.clock.warp_barrier(np.unique(lanes // 32))


def load_matrices(instruction, registers):
    """ldmatrix: one, two or four 8x8 matrices of 16 bits; lane 8 i + r gives the address of row r of matrix i."""
    parts, operands = instruction.parts, instruction.operands
    if "m8n8" not in parts or parts[-1] != "b16":
        raise Unsupported(str(instruction))
    writers = [writer(name, "b32", registers) for name in names(operands[0])]
    address = address_reader(operands[1], registers)

    def run(block, lanes):
        chosen = lanes % 32 < 8 * len(writers)
        (access,) = block.touch("read", "shared", address(block, lanes)[chosen], lanes[chosen], 16)
        rows = np.stack([access.load(dtype_of("b16"), j) for j in range(8)], axis=1)
        matrices = rows.reshape(-1, len(writers), 8, 8)  # warp, matrix, row, column
        if "trans" in parts:
            matrices = matrices.transpose(0, 1, 3, 2)
        for i, write in enumerate(writers):
            write(block, lanes, np.ascontiguousarray(matrices[:, i]).view(np.uint32).reshape(-1))

    return run


RUNS = {
    "shfl": shuffle,
    "vote": vote,
    "redux": reduce,
    "ldmatrix": load_matrices,
    "activemask": active_mask,
}
