"""Loads, stores, atomics and asynchronous copies, as runs for the machine."""

import numpy as np

from .errors import Unsupported
from .kinds import dtype_of
from .operands import address_reader, names, reader, split_address, writer

SPACES = ("global", "shared", "local", "const", "param")


def space_of(parts):
    plain = [p.split("::")[0] for p in parts]
    return next((s for s in SPACES if s in plain), "generic")


def transfer(instruction, registers):
    """ld and st, of one number or of a vector of two or four."""
    parts, (first, second) = instruction.parts, instruction.operands
    space, kind = space_of(parts), parts[-1]
    loads = parts[0] != "st"
    where, what = (second, first) if loads else (first, second)
    if space == "param":
        return _load_parameter(where, what, kind, registers)
    address = address_reader(where, registers)
    dtype = dtype_of(kind)
    ends = [(writer if loads else reader)(name, kind, registers) for name in names(what)]
    size = dtype.itemsize * len(ends)

    reading = "volatile read" if "volatile" in parts else "read"

    def load(block, lanes):
        for access in block.touch(reading, space, address(block, lanes), lanes, size):
            for j, write in enumerate(ends):
                write(block, lanes if len(access.lanes) == len(lanes) else access.lanes, access.load(dtype, j))

    def store(block, lanes):
        values = [read(block, lanes) for read in ends]
        for access in block.touch("write", space, address(block, lanes), lanes, size):
            for j, value in enumerate(values):
                access.store(dtype, j, value[access.pick])

    return load if loads else store


def _load_parameter(where, what, kind, registers):
    name, offset = split_address(where)
    if offset:
        raise Unsupported(f"a parameter in parts: {where}")
    write = writer(what, kind, registers)
    dtype = dtype_of(kind)
    return lambda block, lanes: write(block, lanes, np.full(len(lanes), block.parameters[name]).astype(dtype))


_ATOMICS = {
    "add": lambda old, b: old + b,
    "min": min,
    "max": max,
    "and": lambda old, b: old & b,
    "or": lambda old, b: old | b,
    "xor": lambda old, b: old ^ b,
    "exch": lambda old, b: b,
    "inc": lambda old, b: old * 0 if old >= b else old + old.dtype.type(1),
    "dec": lambda old, b: b if old == 0 or old > b else old - old.dtype.type(1),
    "cas": lambda old, b, c: c if old == b else old,
}


def atomic(instruction, registers):
    """atom and red, thread after thread; each is counted, since a sum of floats by them differs from run to run."""
    parts, operands = instruction.parts, list(instruction.operands)
    kind = parts[-1]
    change = next((_ATOMICS[p] for p in parts[1:] if p in _ATOMICS), None)
    if change is None or kind in ("bf16", "f16x2", "bf16x2"):
        raise Unsupported(str(instruction))
    write = writer(operands.pop(0), kind, registers) if parts[0] == "atom" else None
    address = address_reader(operands.pop(0), registers)
    readers = [reader(text, kind, registers) for text in operands]
    dtype, space = dtype_of(kind), space_of(parts)

    def run(block, lanes):
        values = [read(block, lanes) for read in readers]
        block.count_atomic(len(lanes))
        for access in block.touch("atomic", space, address(block, lanes), lanes, dtype.itemsize):
            view, places = access.region.view(dtype), access.places // dtype.itemsize
            chosen = [v[access.pick] for v in values]
            old = np.empty(len(places), dtype)
            for i, place in enumerate(places):
                old[i] = view[place]
                view[place] = change(old[i], *(v[i] for v in chosen))
            if write:
                write(block, access.lanes, old)

    return run


def copy(instruction, registers):
    """cp.async: 4, 8 or 16 bytes from global to shared memory, which arrive at the wait for their group."""
    parts, operands = instruction.parts, instruction.operands
    if parts[2] == "commit_group":
        return lambda block, lanes: block.copies.commit(lanes)
    if parts[2] in ("wait_group", "wait_all"):
        allowed = int(operands[0]) if parts[2] == "wait_group" else -1
        return lambda block, lanes: block.copies.wait(block, lanes, allowed)
    if parts[2] not in ("ca", "cg"):
        raise Unsupported(str(instruction))
    to, source = (address_reader(text, registers) for text in operands[:2])
    size = int(operands[2])
    length = reader(operands[3], "u32", registers) if len(operands) > 3 else None

    def run(block, lanes):
        wanted = length(block, lanes) if length else np.full(len(lanes), size)
        data = np.zeros((len(lanes), size), np.uint8)  # what is not copied is zero
        for part in np.unique(wanted[wanted > 0]):
            pick = wanted == part
            where = source(block, lanes)[pick]
            for access in block.touch("read", "global", where, lanes[pick], int(part), aligned=size):
                rows = np.flatnonzero(pick)[access.pick]
                data[rows, :part] = access.region.data[access.places[:, None] + np.arange(part)]
        (target,) = block.touch("write", "shared", to(block, lanes), lanes, size)
        block.copies.start(target, data)

    return run


class Copies:
    """The asynchronous copies of a block that are on their way: bytes that nobody may read yet."""

    def __init__(self, threads):
        self.group = np.zeros(threads, np.int64)  # the one that each thread is filling
        self.pending = []

    def start(self, access, data):
        granules, _ = access.region.granules(access.places, access.size)
        access.region.written[granules] = False
        self.pending.append((access, data, self.group[access.lanes]))

    def commit(self, lanes):
        self.group[lanes] += 1

    def wait(self, block, lanes, allowed):
        """Until all but the `allowed` newest groups of these threads have arrived; -1: all, committed or not."""
        waiting = np.zeros(len(self.group), np.bool_)
        waiting[lanes] = True
        left = []
        for access, data, group in self.pending:
            done = waiting[access.lanes] & (group < self.group[access.lanes] - allowed)
            if np.any(done):
                block.arrive(access, data, done)
            if not np.all(done):
                stay = ~done
                left.append((access.of(stay), data[stay], group[stay]))
        self.pending = left
