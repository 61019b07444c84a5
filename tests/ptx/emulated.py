"""A GPU made of NumPy arrays: launches are compiled to PTX, and the machine runs that; to train models on."""

from contextlib import contextmanager
from functools import cache

import numpy as np

from numbanet.devices.cuda import CudaDevice

from .machine import Launch
from .memory import address_of
from .program import Program


class EmulatedDriver:
    """What numbanet.devices.driver.Driver does, with memory of the host's that is full of NaN before it is written."""

    name = "PTX machine"
    stream_number = 1

    def __init__(self, capability=(9, 0), free_bytes=2**30):
        self.capability, self._free = capability, free_bytes
        self._memory, self._next, self._recorded = {}, 0, None
        self.launched = []  # names of the kernels

    def free_bytes(self):
        return self._free

    def allocate(self, size):
        address = address_of(self._next)
        self._next += 1
        self._memory[address] = np.full(max(size, 1), 0xFF, np.uint8)
        return address

    def free(self, address):
        self._memory.pop(address, None)

    def pinned(self, size):
        return np.zeros(size, np.uint8)

    def view(self, address, size):
        for start, memory in self._memory.items():
            if start <= address and address + size <= start + memory.size:
                return memory[address - start :][:size]
        raise IndexError(f"{size} bytes at {address:#x} are in no allocation")

    def clear(self, address, size):
        self.view(address, size)[...] = 0

    def copy_in(self, address, host):
        self.view(address, host.nbytes)[...] = host.reshape(-1).view(np.uint8)

    def copy_out(self, host, address):
        host.reshape(-1).view(np.uint8)[...] = self.view(address, host.nbytes)

    def copy_out_later(self, host, address):
        self._do(lambda: self.copy_out(host, address))

    def copy(self, target, source, size):
        self.view(target, size)[...] = self.view(source, size)

    def synchronize(self):
        pass

    def wait_for(self, stream):
        pass

    def expect_own(self, address):
        pass

    def load(self, launch):
        return program_of(launch.ptx(self.capability))

    def launch(self, function, launch):
        assert max(launch.grid[1:]) <= 65535, "CUDA's limit of blocks along y and z"
        words = [np.uint64(word & 0xFFFFFFFFFFFFFFFF) for word in launch.words.tolist()]
        self._do(lambda: self._launch(function, launch, words))

    def _launch(self, function, launch, words):
        self.launched.append(launch.kernel.name)
        buffers = [(f"buffer {i}", base, data) for i, (base, data) in enumerate(self._memory.items())]
        report = Launch(function, launch.grid, (launch.threads,), words, launch.shared, buffers=buffers).run()
        self.report = report

    def _do(self, action):
        if self._recorded is None:
            action()
        else:
            self._recorded.append(action)

    @contextmanager
    def recording(self):
        self._recorded = graph = []
        try:
            yield graph
        finally:
            self._recorded = None

    def replay(self, graph):
        for action in graph:
            action()


@cache
def program_of(ptx):
    return Program(ptx.text, ptx.entry)


def emulated(capability=(9, 0)):
    """A device whose GPU is the machine."""
    return CudaDevice(EmulatedDriver(capability))


def run(kernel, *arguments, device=None):
    """Call a kernel with NumPy arrays, which it changes in place as if they were on the GPU; returns the report."""
    device = device or emulated()
    taken = {id(a): device.take(a) for a in arguments if isinstance(a, np.ndarray)}  # one that is given twice is one
    given = [taken.get(id(a), a) for a in arguments]
    kernel(*given)
    for host, array in zip(arguments, given, strict=True):
        if isinstance(host, np.ndarray):
            host[...] = np.array(array)
    return device.driver.report
