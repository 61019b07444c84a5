"""Runs a kernel's PTX on NumPy vectors: block after block, all threads of a block at once.

Where threads part, each group goes on by itself, the one that is earliest in the text first, and groups that come to
the same instruction go on as one. That shows what any order would, as long as threads do not wait for each other but
at barriers; a thread that waits for another's store would spin until the limit of instructions.

Stricter than a GPU: a barrier has to be reached by all threads of its block, those that have returned too, and by the
same instruction; so has a warp's operation by all that its mask names.
"""

from collections import Counter

import numpy as np

from .block import Block, places
from .errors import DivergentBarrier, KernelError, Uninitialised
from .memory import Global
from .program import Program
from .races import Clock
from .warps import missing


class Report:
    """What a launch did."""

    def __init__(self):
        self.executed = Counter()  # instructions: times
        self.atomics = Counter()  # instructions: threads
        self.shared = {}  # instructions: [accesses of a group of threads, turns that the banks needed]

    def shared_access(self, text, groups, needed):
        counts = self.shared.setdefault(text, [0, 0])
        counts[0] += groups
        counts[1] += needed

    @property
    def bank_conflicts(self):
        """Turns beyond one an access, by instruction."""
        return {text: needed - groups for text, (groups, needed) in self.shared.items() if needed > groups}


class Launch:
    """One launch. Arrays among the arguments are what the kernel reads and writes, in place; others are numbers."""

    def __init__(self, program, grid, block, arguments, dynamic_bytes=0, limit=10_000_000, buffers=()):
        self.program, self.dynamic_bytes, self.limit = program, dynamic_bytes, limit
        self.grid, self.block = (tuple(shape) + (1,) * (3 - len(shape)) for shape in (grid, block))
        self.threads = int(np.prod(self.block))
        if len(arguments) != len(program.parameters):
            raise TypeError(f"{program.name} takes {len(program.parameters)} arguments, not {len(arguments)}")
        self.memory = Global(program.granule, buffers)
        self.parameters = {}
        for i, (parameter, value) in enumerate(zip(program.parameters, arguments, strict=True)):
            if isinstance(value, np.ndarray):
                if not value.flags.c_contiguous:
                    raise TypeError(f"argument {i} is not C-contiguous")
                value = np.uint64(self.memory.place(f"argument {i}", value))
            self.parameters[parameter.name] = value
        self.addresses = dict(program.addresses)
        self.addresses |= {v.name: self.memory.variable(v) for v in program.globals}
        self.shared_bytes = program.shared_bytes + dynamic_bytes
        self.clock = Clock(-(-self.threads // 32))
        self.report = Report()

    def who(self, thread):
        """A thread by its number in the launch."""
        inside = places(thread % self.threads, self.block)
        return f"thread {inside} of block {places(thread // self.threads, self.grid)}"

    def run(self):
        with np.errstate(all="ignore"):
            for number in range(int(np.prod(self.grid))):
                _Walk(self, Block(self, number)).run()
        return self.report


def launch(program, grid, block, *arguments, dynamic_bytes=0):
    """Run PTX, or a Program; returns the Report. `arguments`: one a parameter."""
    if isinstance(program, str):
        program = Program(program)
    return Launch(program, grid, block, arguments, dynamic_bytes).run()


class _Walk:
    """The groups of threads of one block: at which instruction each is."""

    def __init__(self, launch, block):
        self.launch, self.block = launch, block
        self.steps, self.leaders = launch.program.steps, launch.program.leaders
        self.ready = {0: block.everyone}
        self.waiting = {}  # at barriers, and at a warp's operations that lack threads
        self.left = launch.limit

    def run(self):
        while self.ready or self.waiting:
            if not self.ready:
                self._meet()
            at = min(self.ready)
            self._follow(at, self.ready.pop(at))

    def _join(self, groups, at, lanes):
        if at in groups:
            lanes = np.union1d(groups[at], lanes)
        groups[at] = self.block.everyone if len(lanes) == self.block.threads else lanes

    def _follow(self, at, lanes):
        """One group until it waits, ends, parts, or comes to where another is."""
        while at < len(self.steps):
            if at in self.leaders and self.ready and at >= min(self.ready):
                return self._join(self.ready, at, lanes)
            step = self.steps[at]
            self._count()
            chosen = lanes
            if step.guard is not None:
                chosen = self._guarded(step, lanes)
            if step.role in ("run", "barrier", "warp"):
                if len(chosen) and self._waits(step, chosen):
                    self._join(self.waiting, at, chosen)
                    return self._go_on(at + 1, lanes, chosen)
                if len(chosen):
                    self._perform(step, chosen)
                at += 1
                continue
            target = step.target if step.role == "branch" else len(self.steps)
            if len(chosen) == len(lanes):
                at = target
            elif len(chosen) == 0:
                at += 1
            else:
                self._join(self.ready, target, chosen)
                return self._go_on(at + 1, lanes, chosen)
        self.block.alive[lanes] = False
        return None

    def _go_on(self, at, lanes, without):
        """The rest of a group that has parted."""
        if len(without) < len(lanes):
            self._join(self.ready, at, np.setdiff1d(lanes, without, assume_unique=True))

    def _waits(self, step, lanes):
        return step.role == "barrier" or (step.role == "warp" and self._lacking(step, lanes))

    def _guarded(self, step, lanes):
        """Those of the lanes whose predicate lets them take part."""
        unwritten = self.block.unwritten.get(step.guard_name)
        if unwritten is not None and np.any(unwritten[lanes]):
            lane = int(lanes[np.argmax(unwritten[lanes])])
            self._fail(Uninitialised(f"{step.guard_name} has no value", lane), step)
        holds = step.guard(self.block, lanes)
        return lanes if np.all(holds) else lanes[holds]

    def _count(self):
        self.left -= 1
        if self.left < 0:
            raise KernelError(f"{self.launch.program.name}: more than {self.launch.limit} instructions in one block")

    def _perform(self, step, lanes):
        block = self.block
        block.step = step
        self.launch.report.executed[step.text] += 1
        try:
            unwritten = any(name in block.unwritten for name in step.names)
            if unwritten and step.strict:
                block.refuse_unwritten(step, lanes)
            step.run(block, lanes)
            if unwritten:
                block.follow_unwritten(step, lanes)
        except KernelError as error:
            self._fail(error, step)

    def _fail(self, error, step):
        """The error again, with the place where it happened."""
        what, lane, *address = error.args
        where = f"at address {address[0]:#x}, " if address else ""
        who = self.launch.who(self.block.first + lane)
        raise type(error)(f"{self.launch.program.name}: {what}, {where}by {who}, in: {step.text}") from None

    def _lacking(self, step, lanes):
        return missing(self.block, lanes, step.members(self.block, lanes))

    def _meet(self):
        """All groups wait: threads of a warp come together, then the whole block at one barrier; or never."""
        for at, lanes in self.waiting.items():
            step = self.steps[at]
            if step.role == "warp" and not self._lacking(step, lanes):
                self._join(self.ready, at, self.waiting.pop(at))
                return
        at, lanes = next(iter(self.waiting.items()))
        step = self.steps[at]
        if step.role == "warp":
            lane, absent = self._lacking(step, lanes)
            self._fail(DivergentBarrier(f"{self._state(absent)}, which its mask names", lane), step)
        if len(lanes) < self.block.threads:
            absent = int(np.setdiff1d(self.block.everyone, lanes)[0])
            reached = f"{len(lanes)} of {self.block.threads} threads reach this barrier, {self._state(absent)}"
            self._fail(DivergentBarrier(reached, int(lanes[0])), step)
        self.launch.clock.barrier()
        self.launch.report.executed[step.text] += 1
        del self.waiting[at]
        self.ready[at + 1] = lanes

    def _state(self, thread):
        who = self.launch.who(self.block.first + thread)
        if not self.block.alive[thread]:
            return f"but {who} has ended"
        at = next(at for at, lanes in self.waiting.items() if thread in lanes)
        return f"but {who} is at: {self.steps[at].text} (instruction {at})"
