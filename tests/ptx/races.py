"""Who touched which bytes since the last barrier: finds two threads, one of which writes, that nothing orders.

Threads of one block are ordered by its barriers, threads of one warp by bar.warp.sync as well, threads of two blocks by
nothing: so a block that waits for another by an atomic counter and reads its results is reported too. Atomics do not
race with each other, nor with volatile loads.
"""

import numpy as np

RIVALS = {
    "read": ("write", "atomic"),
    "volatile read": ("write",),
    "write": ("read", "volatile read", "write", "atomic"),
    "atomic": ("read", "write"),
}


class Clock:
    """The time of accesses: one tick a barrier. `first` is the number of the block's first thread in the launch."""

    def __init__(self, warps):
        self.now = 0
        self.first = 0
        self.block = 0  # when the block last met at a barrier
        self.warps = np.zeros(warps, np.int64)  # and each of its warps

    def start_block(self, first):
        self.first = first
        self.barrier()

    def barrier(self):
        self.now += 1
        self.block = self.now

    def warp_barrier(self, warps):
        self.now += 1
        self.warps[warps] = self.now


class Marks:
    """For each granule of a memory and each kind of access: two of the threads that made one, and when."""

    def __init__(self, granules):
        shape = (2, granules)
        self.threads = {kind: np.full(shape, -1, np.int64) for kind in RIVALS}
        self.times = {kind: np.zeros(shape, np.int64) for kind in RIVALS}

    def touch(self, kind, clock, threads, granules):
        """Record accesses (n,), after those of other threads; returns (index, rival thread, its kind), or None."""
        race = self._find(kind, clock, threads, granules)
        if race is None:
            self._record(kind, clock, threads, granules)
            if kind == "write":  # two threads in one instruction
                last = self.threads["write"][0, granules]
                if np.any(last != threads):
                    i = int(np.argmax(last != threads))
                    return i, int(last[i]), "write"
        return race

    def _find(self, kind, clock, threads, granules):
        for rival in RIVALS[kind]:
            for slot in (0, 1):
                others = self.threads[rival][slot, granules]
                if np.all(others < 0):
                    break
                times = self.times[rival][slot, granules]
                unordered = (others >= 0) & (others != threads) & ((others < clock.first) | (times >= clock.block))
                if np.any(unordered):
                    unordered &= ~self._ordered_in_warp(clock, threads, others, times)
                    if np.any(unordered):
                        i = int(np.argmax(unordered))
                        return i, int(others[i]), rival
        return None

    @staticmethod
    def _ordered_in_warp(clock, threads, others, times):
        warps = (threads - clock.first) // 32
        return ((others - clock.first) // 32 == warps) & (times < clock.warps[warps])

    def _record(self, kind, clock, threads, granules):
        who, when = self.threads[kind], self.times[kind]
        first = who[0, granules]
        free = (first < 0) | (first == threads) | ((first >= clock.first) & (when[0, granules] < clock.block))
        who[0, granules[free]] = threads[free]
        when[0, granules[free]] = clock.now
        second = who[0, granules] != threads
        if np.any(second):
            who[1, granules[second]] = threads[second]
            when[1, granules[second]] = clock.now
