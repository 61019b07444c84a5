"""The package cuda.bindings.driver without a GPU: memory is the host's, and streams run when somebody waits for them.

So what must not change while the GPU still reads it is found out. `fails` names calls and the codes that they return,
one after another: {"cuMemAlloc": [2]}.
"""

import ctypes
from enum import IntEnum
from types import SimpleNamespace

import numpy as np

FREE, TOTAL = 3 * 2**20, 4 * 2**20


class CUresult(IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_OUT_OF_MEMORY = 2
    CUDA_ERROR_NOT_INITIALIZED = 3
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_INVALID_PTX = 218
    CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222
    CUDA_ERROR_ILLEGAL_ADDRESS = 700
    CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901


def numbered(*names):
    return SimpleNamespace(**{name: k for k, name in enumerate(names)})


class Stream:
    """What was started on it and has not run; in a capture, what was recorded."""

    def __init__(self, number):
        self.number, self.queue, self.recorded = number, [], None

    def __int__(self):
        return self.number

    def push(self, action):
        (self.queue if self.recorded is None else self.recorded).append(action)

    def run(self):
        while self.queue:
            self.queue.pop(0)()


class Event:
    def __init__(self):
        self.stream = None

    def wait(self):
        if self.stream is not None:
            self.stream.run()


class FakeApi:
    """The functions of cuda.bindings.driver that numbanet uses."""

    CUdevice_attribute = numbered(
        "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR",
        "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR",
        "CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN",
    )
    CUfunction_attribute = numbered(
        "CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK", "CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES"
    )
    CUpointer_attribute = numbered("CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL")
    CUstreamCaptureMode = numbered("CU_STREAM_CAPTURE_MODE_RELAXED")
    CUstream = staticmethod(lambda number: Stream(number))

    def __init__(self, version=13000, capability=(9, 0), most_shared=232448, fails=None):
        self.version, self.properties = version, (*capability, most_shared)
        self.fails = {name: list(codes) for name, codes in (fails or {}).items()}
        self.memory, self.streams, self.launched, self.calls, self.graphs = {}, [], [], [], 0
        self.threads = 1024  # of a block, that the registers suffice for
        self.ordinal = 0  # of the GPU that all memory is on

    def __getattribute__(self, name):
        found = object.__getattribute__(self, name)
        return self._checked(name, found) if name.startswith("cu") else found

    def _checked(self, name, function):
        def call(*arguments):
            self.calls.append(name)
            codes = self.fails.get(name)
            if codes and (code := codes.pop(0)):
                return CUresult(code), None
            result = function(*arguments)
            values = () if result is None else result if isinstance(result, tuple) else (result,)
            return CUresult.CUDA_SUCCESS, *values

        return call

    # --- the machine

    def cuInit(self, flags):
        pass

    def cuDriverGetVersion(self):
        return self.version

    def cuDeviceGet(self, ordinal):
        return ordinal

    def cuDeviceGetAttribute(self, attribute, device):
        return self.properties[attribute]

    def cuDeviceGetName(self, length, device):
        return b"Fake GPU\0".ljust(length)

    def cuDevicePrimaryCtxRetain(self, device):
        return "context"

    def cuCtxSetCurrent(self, context):
        assert context == "context"

    def cuCtxSynchronize(self):
        for stream in self.streams:
            stream.run()

    # --- memory

    def cuMemGetInfo(self):
        return FREE, TOTAL

    def cuMemAlloc(self, size):
        return self._new(size)

    def cuMemAllocHost(self, size):
        return self._new(size)

    def _new(self, size):
        memory = np.full(size + 256, 0xFF, np.uint8)
        address = memory.ctypes.data + -memory.ctypes.data % 256
        self.memory[address] = memory
        return address

    def cuMemFree(self, address):
        del self.memory[address]

    def cuPointerGetAttribute(self, attribute, address):
        return self.ordinal

    def cuMemsetD8Async(self, address, value, size, stream):
        stream.push(lambda: ctypes.memset(address, value, size))

    def _copy(self, target, source, size, stream):
        stream.push(lambda: ctypes.memmove(target, source, size))

    cuMemcpyHtoDAsync = cuMemcpyDtoHAsync = cuMemcpyDtoDAsync = _copy

    # --- streams, events, graphs

    def cuStreamCreate(self, flags):
        self.streams.append(Stream(1000 + len(self.streams)))
        return self.streams[-1]

    def cuStreamSynchronize(self, stream):
        stream.run()

    def cuEventCreate(self, flags):
        return Event()

    def cuEventRecord(self, event, stream):
        event.stream = stream

    def cuEventSynchronize(self, event):
        event.wait()

    def cuStreamWaitEvent(self, stream, event, flags):
        stream.push(event.wait)

    def cuStreamBeginCapture(self, stream, mode):
        assert stream.recorded is None
        stream.recorded = []

    def cuStreamEndCapture(self, stream):
        recorded, stream.recorded = stream.recorded, None
        self.graphs += 1
        return [recorded]

    def cuGraphDestroy(self, graph):
        self.graphs -= 1

    def cuGraphInstantiate(self, graph, flags):
        self.graphs += 1
        return [*graph[0]]

    def cuGraphExecDestroy(self, graph):
        self.graphs -= 1

    def cuGraphLaunch(self, graph, stream):
        for action in graph:
            stream.push(action)

    # --- kernels

    def cuModuleLoadData(self, image):
        assert image.endswith(b"\0")
        return image

    def cuModuleGetFunction(self, module, name):
        return name.decode()

    def cuFuncSetAttribute(self, function, attribute, value):
        pass

    def cuFuncGetAttribute(self, attribute, function):
        return self.threads

    def cuLaunchKernel(self, function, *rest):
        grid, block, (shared, stream, parameters, _) = rest[:3], rest[3:6], rest[6:]
        pointers = ctypes.cast(parameters, ctypes.POINTER(ctypes.POINTER(ctypes.c_int64)))
        words = [pointers[k][0] for k in range(self.words)]
        stream.push(lambda: self.launched.append((function, grid, block, shared, words)))

    words = 3  # of the kernels that are launched
