"""NVIDIA's driver, by the package cuda-bindings: memory, copies, launches and graphs on one GPU and one stream."""

from __future__ import annotations

import ctypes
import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import DeviceError, MissingDependency
from .ring import Ring
from .staging import LEAST, Staging

REMEDY = "pip install 'numbanet[cuda]'"
OLDEST = (7, 0)  # compute capability
NEEDED_DRIVER = (12, 0)  # CUDA version: the oldest that cuda-bindings 12.9, which numba-cuda needs, goes with
STATIC_SHARED = 48 * 1024  # bytes that a block gets without asking
PAGE, SLOT = 4096, 64  # bytes: pinned memory comes in pages, of which small pieces get slots
APART = 1  # CU_STREAM_NON_BLOCKING: the stream does not wait for the default one, which others use
AHEAD = 16  # graphs that the host starts before it waits: so Ctrl-C, and an error that a flag tells, are heard soon
UNTIMED = 2  # CU_EVENT_DISABLE_TIMING


class Graph(list[Any]):
    """What was recorded, ready to start; it is given back when nothing refers to it."""


class Driver:
    """The first GPU that CUDA_VISIBLE_DEVICES leaves. Raises MissingDependency, or DeviceError that says what is wrong.

    Threads may use it at once: their work takes turns on one stream. A recording has a stream of its own.
    """

    def __init__(self) -> None:
        self.api = _bindings()
        try:
            started = self.api.cuInit(0)
        except RuntimeError as error:  # its library cannot be loaded
            raise DeviceError(
                f"cuda: NVIDIA's driver is not installed ({str(error).rstrip('.')}). Install it, or use device='cpu'."
            ) from error
        self._call("start NVIDIA's driver", started)
        version = self._call("ask the driver for its version", self.api.cuDriverGetVersion())
        self.version = version // 1000, version % 1000 // 10
        if self.version < NEEDED_DRIVER:
            raise DeviceError(
                f"cuda: expected a driver for CUDA {dotted(NEEDED_DRIVER)} or newer, found one for "
                f"{dotted(self.version)}. Update NVIDIA's driver, or use device='cpu'."
            )
        self._device = self._call("find a GPU", self.api.cuDeviceGet(0))
        names = self.api.CUdevice_attribute
        self.capability = (
            self._attribute(names.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            self._attribute(names.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        )
        found = self._call("ask for the GPU's name", self.api.cuDeviceGetName(128, self._device))
        self.name = found.split(b"\0")[0].decode(errors="replace")
        if self.capability < OLDEST:
            raise DeviceError(
                f"cuda: expected a GPU of compute capability {dotted(OLDEST)} or newer, found {self.name} "
                f"with {dotted(self.capability)}. Use device='cpu'."
            )
        self.most_shared = self._attribute(names.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)
        self._context = self._call("open the GPU", self.api.cuDevicePrimaryCtxRetain(self._device))
        self._enter()
        self.total_bytes = int(self._call("ask for memory", self.api.cuMemGetInfo())[1])
        self._stream, self._recorder = self.make_stream(), self.make_stream()
        self.stream_number = int(self._stream)
        self._threads = threading.local()
        self._recording, self._pinning, self._copying = (threading.Lock() for _ in range(3))
        self._started: list[Any] = []  # events behind the last graphs
        self._page: Any = np.empty(0, np.uint8)
        self._ring: Ring | None = None
        self._staging: Staging | None = None
        self._functions: dict[Any, Any] = {}
        self._modules: list[Any] = []

    def _attribute(self, name: Any) -> int:
        return int(self._call("ask the GPU for its properties", self.api.cuDeviceGetAttribute(name, self._device)))

    def _enter(self) -> None:
        """Make the GPU the current one of this thread. Other libraries may have chosen another since the last call."""
        self._call("open the GPU", self.api.cuCtxSetCurrent(self._context))

    def _call(self, what: str, result: Any) -> Any:
        """The values of a driver call. Raises DeviceError for its error."""
        if int(result[0]):
            raise DeviceError(f"cuda: could not {what}: {_explain(result[0])}")
        return result[1] if len(result) == 2 else result[1:]

    # --- memory

    def free_bytes(self) -> int:
        """The memory of the GPU that nobody uses."""
        self._enter()
        return int(self._call("ask for memory", self.api.cuMemGetInfo())[0])

    def allocate(self, size: int) -> int:
        """The address of new memory, a multiple of 256. Raises DeviceError where there is not enough."""
        self._enter()
        result = self.api.cuMemAlloc(max(size, 1))
        if int(result[0]) == OUT_OF_MEMORY:
            gc.collect()  # arrays in cycles of references, such as those of a model that was built anew
            result = self.api.cuMemAlloc(max(size, 1))
        if int(result[0]) == OUT_OF_MEMORY:
            raise DeviceError(
                f"cuda: expected {_mib(size)} of free memory, found {_mib(self.free_bytes())} of "
                f"{_mib(self.total_bytes)} on {self.name}. Take a smaller batch_size, or end what else uses the GPU."
            )
        return int(self._call("allocate memory", result))

    def free(self, address: int) -> None:
        """Give memory back, when all that was started is done. No errors: it runs when garbage is collected."""
        self.api.cuCtxSetCurrent(self._context)
        self.api.cuStreamSynchronize(self._stream)
        self.api.cuMemFree(address)

    def pinned(self, size: int) -> Any:
        """Zeroed bytes of the host's that the GPU copies to and from while the host goes on; they are never freed."""
        if size > PAGE:
            return self._pin(size)
        with self._pinning:
            taken = -(-size // SLOT) * SLOT
            if self._page.size < taken:
                self._page = self._pin(PAGE)
            memory, self._page = self._page[:size], self._page[taken:]
        return memory

    def _pin(self, size: int) -> Any:
        self._enter()
        result = self.api.cuMemAllocHost(size)
        if int(result[0]) == OUT_OF_MEMORY:
            raise DeviceError(f"cuda: expected {_mib(size)} of the host's memory that can be pinned, found less.")
        address = int(self._call("pin memory", result))
        memory = np.frombuffer(memoryview((ctypes.c_uint8 * size).from_address(address)), np.uint8)
        memory[...] = 0
        return memory

    def expect_own(self, address: int) -> None:
        """Raises DeviceError where the memory of another library is not this GPU's."""
        self._enter()
        asked = self.api.CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
        ordinal = self._call("ask for the memory's GPU", self.api.cuPointerGetAttribute(asked, address))
        if int(ordinal) != int(self._device):
            raise DeviceError(
                f"cuda: expected an array on GPU {int(self._device)}, {self.name}. Received: one on GPU {ordinal}. "
                "Copy it there, or choose the GPU with CUDA_VISIBLE_DEVICES."
            )

    # --- copies

    def clear(self, address: int, size: int) -> None:
        """Zeros."""
        if size:
            self._enter()
            self._call("clear memory", self.api.cuMemsetD8Async(address, 0, size, self._stream))

    def copy_in(self, address: int, host: Any) -> None:
        """From a contiguous array of the host's, which may change when this returns."""
        if not host.nbytes:
            return
        with self._copying:
            if host.nbytes < LEAST:
                self._ring = self._ring or Ring(self)
                self._ring.copy_in(address, host.reshape(-1).view(np.uint8))
            else:
                self._staging = self._staging or Staging(self)
                self._staging.copy_in(address, host)

    def copy_out(self, host: Any, address: int) -> None:
        """To a contiguous array of the host's, when all that was started is done."""
        self._enter()
        if host.nbytes:
            result = self.api.cuMemcpyDtoHAsync(host.ctypes.data, address, host.nbytes, self._stream)
            self._call("copy from the GPU", result)
        self.synchronize()

    def start_copy(self, address: int, pinned: Any, stream: Any = None) -> None:
        """From pinned memory, in its turn on a stream."""
        self._enter()
        chosen = self._stream if stream is None else stream
        result = self.api.cuMemcpyHtoDAsync(address, pinned.ctypes.data, pinned.nbytes, chosen)
        self._call("copy to the GPU", result)

    def copy_out_later(self, pinned: Any, address: int) -> None:
        """To pinned memory, in its turn; in a recording, in each of its runs."""
        self._enter()
        result = self.api.cuMemcpyDtoHAsync(pinned.ctypes.data, address, pinned.nbytes, self._here)
        self._call("copy from the GPU", result)

    def copy(self, target: int, source: int, size: int) -> None:
        """Within the GPU."""
        if size:
            self._enter()
            self._call("copy", self.api.cuMemcpyDtoDAsync(target, source, size, self._stream))

    # --- waiting

    def synchronize(self) -> None:
        """Wait for all that was started."""
        self._enter()
        self._call("run", self.api.cuStreamSynchronize(self._stream))

    def wait_for(self, stream: int | None) -> None:
        """Wait for the stream of another library's that __cuda_array_interface__ names; 0: for all of them."""
        if stream == 0:
            with self._recording:  # the driver forbids it while another thread records
                self._enter()
                self._call("wait", self.api.cuCtxSynchronize())
        elif stream is not None:
            self._enter()
            self._call("wait", self.api.cuStreamSynchronize(self.api.CUstream(stream)))

    def make_stream(self) -> Any:
        """A stream beside the one of all the work."""
        self._enter()
        return self._call("make a stream", self.api.cuStreamCreate(APART))

    def make_event(self) -> Any:
        """Something to mark a place in a stream with."""
        self._enter()
        return self._call("make an event", self.api.cuEventCreate(UNTIMED))

    def record_event(self, event: Any, stream: Any = None) -> None:
        """Mark what was started until now."""
        self._enter()
        self._call("record an event", self.api.cuEventRecord(event, self._stream if stream is None else stream))

    def wait_for_event(self, event: Any) -> None:
        """Wait for what was started before the event was recorded, if it was."""
        self._enter()
        self._call("run", self.api.cuEventSynchronize(event))

    def make_wait(self, event: Any) -> None:
        """What is started from now on waits for the event."""
        self._enter()
        self._call("wait", self.api.cuStreamWaitEvent(self._stream, event, 0))

    # --- kernels and graphs

    def load(self, launch: Any) -> Any:
        """The function of a launch's kernel, on the GPU. Raises DeviceError where the GPU is too small for it."""
        self._enter()
        ptx = launch.ptx(self.capability)
        function = self._functions.get(ptx)
        if function is None:
            module = self._load_module(ptx)
            function = self._call("find a kernel", self.api.cuModuleGetFunction(module, ptx.entry.encode()))
            self._modules.append(module)
            self._functions[ptx] = function
        name = launch.kernel.name
        if launch.shared > self.most_shared:
            raise DeviceError(
                f"cuda: {name} needs {launch.shared} bytes of shared memory, and {self.name} gives a block at most "
                f"{self.most_shared}. Use a newer GPU, or device='cpu'."
            )
        attributes = self.api.CUfunction_attribute
        if launch.shared > STATIC_SHARED:
            most = attributes.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            asked = self.api.cuFuncSetAttribute(function, most, launch.shared)
            self._call(f"reserve shared memory for {name}", asked)
        # this loads it, where the driver has not done so yet: nothing may be loaded while a graph is recorded
        most = attributes.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK
        threads = self._call(f"load {name}", self.api.cuFuncGetAttribute(most, function))
        if launch.threads > threads:
            raise DeviceError(
                f"cuda: {name} needs blocks of {launch.threads} threads, and {self.name} has registers for {threads}."
            )
        return function

    def _load_module(self, ptx: Any) -> Any:
        result = self.api.cuModuleLoadData(ptx.text.encode() + b"\0")
        if int(result[0]) == UNSUPPORTED_PTX:
            found = ptx.text.partition(".version ")[2].split()[:1]
            extra = "cuda" if self.version >= (13, 0) else "cuda12"
            raise DeviceError(
                f"cuda: the driver is one for CUDA {dotted(self.version)} and does not know PTX {' '.join(found)} of "
                "the compiler that is installed. Update NVIDIA's driver, or install a compiler of its version: "
                f"pip install 'numbanet[{extra}]' 'cuda-toolkit=={dotted(self.version)}.*'"
            )
        return self._call(f"load {ptx.entry}", result)

    @property
    def _here(self) -> Any:
        """The stream of this thread: the recording's, within one."""
        return getattr(self._threads, "stream", self._stream)

    def launch(self, function: Any, launch: Any) -> None:
        """Start a kernel. Its words are read now."""
        if 0 in launch.grid:  # of empty arrays; the driver refuses it
            return
        self._enter()
        words = launch.words
        pointers = words.ctypes.data + np.arange(words.size, dtype=np.uint64) * np.uint64(words.itemsize)
        shape = (*map(int, launch.grid), launch.threads, 1, 1, launch.shared)
        result = self.api.cuLaunchKernel(function, *shape, self._here, int(pointers.ctypes.data), 0)
        self._call(f"launch {launch.kernel.name}, grid {launch.grid}", result)

    @contextmanager
    def recording(self) -> Iterator[Graph]:
        """Within, launches and copies are written into a graph, which is ready afterwards; nothing has run."""
        graph = Graph()
        # others may allocate and free meanwhile; a stricter mode would make their calls, and our own frees, fail
        mode = self.api.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED
        with self._recording:
            self._enter()
            self._call("record a graph", self.api.cuStreamBeginCapture(self._recorder, mode))
            self._threads.stream = self._recorder
            try:
                yield graph
            except BaseException:
                code, recorded = self.api.cuStreamEndCapture(self._recorder)
                if not int(code):
                    self.api.cuGraphDestroy(recorded)
                raise
            finally:
                del self._threads.stream
            recorded = self._call("record a graph", self.api.cuStreamEndCapture(self._recorder))
        try:
            graph.append(self._call("build a graph", self.api.cuGraphInstantiate(recorded, 0)))
        finally:
            self.api.cuGraphDestroy(recorded)
        weakref.finalize(graph, self._forget, graph[0]).atexit = False

    def _forget(self, graph: Any) -> None:
        """Give a graph back, when it no longer runs. No errors: it runs when garbage is collected."""
        self.api.cuCtxSetCurrent(self._context)
        self.api.cuGraphExecDestroy(graph)

    def replay(self, graph: Graph) -> None:
        """Start a recorded graph; wait where the GPU is AHEAD of them behind."""
        self._enter()
        with self._copying:
            self._started.append(self._started.pop(0) if len(self._started) == AHEAD else self.make_event())
            self.wait_for_event(self._started[-1])
            self._call("run", self.api.cuGraphLaunch(graph[0], self._stream))
            self.record_event(self._started[-1])


OUT_OF_MEMORY, UNSUPPORTED_PTX = 2, 222
REASONS = {
    OUT_OF_MEMORY: "its memory is full. End what else uses the GPU",
    3: "the process was forked after its parent had used the GPU. Start processes with multiprocessing's 'spawn'",
    34: "the library libcuda that was found is a stub for compiling. Install NVIDIA's driver",
    46: "the GPU is busy, or set to one process at a time. See nvidia-smi",
    100: "there is no NVIDIA GPU that this process may use. See nvidia-smi and CUDA_VISIBLE_DEVICES",
    221: "a part of NVIDIA's driver is missing, libnvidia-ptxjitcompiler. Install the driver anew",
    700: "a kernel touched memory outside of its arrays. Start Python anew, and report it: the fault is numbanet's",
    719: "a kernel failed. Start Python anew, and report it: the fault is numbanet's",
    802: "the GPU is not ready. On machines with NVSwitch the fabric manager has to run",
    803: "NVIDIA's driver and its libraries are of different versions. Restart the machine",
}


def _explain(code: Any) -> str:
    reason = REASONS.get(int(code), "see NVIDIA's documentation of its driver API")
    return f"{reason} ({getattr(code, 'name', 'error')}, {int(code)}). `numbanet doctor` says more."


def dotted(version: tuple[int, int]) -> str:
    """12.9 for (12, 9)."""
    return f"{version[0]}.{version[1]}"


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


def _bindings() -> Any:
    try:
        from cuda.bindings import driver
    except ImportError as error:
        raise MissingDependency(
            f"device='cuda' needs cuda-bindings, which cannot be imported ({error}). {REMEDY}"
        ) from error
    return driver
