"""One block of a launch: the registers and memories of its threads, and what is watched when they touch memory."""

import numpy as np

from .banks import turns
from .errors import Race, Uninitialised
from .kinds import container
from .memory import Locals, Region, accesses
from .operands import CARRY
from .transfers import Copies


class Block:
    def __init__(self, launch, number):
        self.launch, self.number = launch, number
        self.threads = n = launch.threads
        self.index = places(number, launch.grid)
        self.everyone = np.arange(n)
        self.first = number * n  # of its threads, in the launch
        program = launch.program
        self.registers = {name: np.zeros(n, container(kind)) for name, kind in program.registers.items()}
        self.unwritten = {name: np.ones(n, np.bool_) for name in program.registers if name != CARRY}
        self.special = special_registers(launch, self.index)
        self.parameters, self.addresses = launch.parameters, launch.addresses
        self.regions = {
            "global": launch.memory,
            "shared": Region("shared", "shared", np.zeros(launch.shared_bytes, np.uint8), program.granule),
            "local": Locals(program.local_bytes, n, program.granule),
        }
        self.copies = Copies(n)
        self.alive = np.ones(n, np.bool_)
        self.step = None
        launch.clock.start_block(self.first)

    def touch(self, kind, space, addresses, lanes, size, aligned=None):
        """The accesses of one instruction, checked: bounds, alignment, races, bytes that nobody has written."""
        found = accesses(space, addresses, lanes, size, self.regions, aligned)
        for access in found:
            self._watch(kind, access)
        return found

    def _watch(self, kind, access):
        region, lanes = access.region, access.lanes
        granules, k = region.granules(access.places, access.size)
        if region.space == "shared":
            self.launch.report.shared_access(self.step.text, *turns(lanes, access.offsets, access.size))
        if region.marks is not None:
            threads = self.first + (lanes if k == 1 else np.repeat(lanes, k))
            race = region.marks.touch(kind, self.launch.clock, threads, granules)
            if race:
                i, rival, did = race
                done = {"write": "wrote", "atomic": "changed atomically"}.get(did, "read")
                access.refuse(Race, f"race: {self.launch.who(rival)} {done} them too, unordered:", i // k)
        if region.written is not None:
            if kind != "write" and not np.all(region.written[granules]):
                i = int(np.argmin(region.written[granules])) // k
                access.refuse(Uninitialised, "nobody has written (or a cp.async has not brought) in", i)
            if kind in ("write", "atomic"):
                region.written[granules] = True

    def arrive(self, access, data, done):
        """Bytes of asynchronous copies are there: written now, by the threads that asked for them."""
        access.region.data[access.places[done][:, None] + np.arange(access.size)] = data[done]
        self._watch("write", access.of(done))

    def count_atomic(self, n):
        self.launch.report.atomics[self.step.text] += n

    def _unwritten_reads(self, step):
        return [name for name in step.reads if name in self.unwritten]

    def refuse_unwritten(self, step, lanes):
        for name in self._unwritten_reads(step):
            lost = self.unwritten[name][lanes]
            if np.any(lost):
                raise Uninitialised(f"{name} has no value", int(lanes[np.argmax(lost)]))

    def follow_unwritten(self, step, lanes):
        """Which results have no value because a source has none."""
        lost = np.zeros(len(lanes), np.bool_)
        for name in self._unwritten_reads(step):
            lost |= self.unwritten[name][lanes]
        for name in step.writes:
            if lanes is self.everyone and not np.any(lost):
                self.unwritten.pop(name, None)
            else:
                self.unwritten.setdefault(name, np.zeros(self.threads, np.bool_))[lanes] = lost


def places(number, shape):
    """The x, y, z of a number."""
    x, y, _ = shape
    return number % x, number // x % y, number // (x * y)


def special_registers(launch, index):
    n = launch.threads
    t = np.arange(n, dtype=np.uint32)
    found = {"%laneid": t % 32, "%warpid": t // 32, "%lanemask_lt": (1 << (t % 32)) - 1, "%lanemask_eq": 1 << (t % 32)}
    for i, axis in enumerate("xyz"):
        found[f"%tid.{axis}"] = places(t, launch.block)[i]
        found |= {f"%ntid.{axis}": launch.block[i], f"%nctaid.{axis}": launch.grid[i], f"%ctaid.{axis}": index[i]}
    found["%dynamic_smem_size"] = launch.dynamic_bytes
    return {name: np.broadcast_to(np.asarray(value, np.uint32), n) for name, value in found.items()}
