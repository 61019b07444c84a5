"""What becomes of the driver's errors, and what is given to it, with a fake in its place."""

import gc
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import numbanet as nn
from numbanet import devices
from numbanet.devices import driver as drivers
from numbanet.devices import ring, staging
from numbanet.devices.cuda import CudaDevice
from numbanet.errors import DeviceError, MissingDependency

from .fake import FakeApi


@pytest.fixture
def start(monkeypatch):
    """Make a driver over a fake."""

    def make(**settings):
        api = FakeApi(**settings)
        monkeypatch.setattr(drivers, "_bindings", lambda: api)
        return drivers.Driver()

    return make


def bindings(monkeypatch, api):
    """`from cuda.bindings import driver` finds this."""
    package, names = ModuleType("cuda"), ModuleType("cuda.bindings")
    names.driver = api
    monkeypatch.setitem(sys.modules, "cuda", package)
    monkeypatch.setitem(sys.modules, "cuda.bindings", names)


def launch_of(text=".version 9.0\n", words=(7, 8, 9), shared=0, threads=128, grid=(2, 3, 1)):
    kernel = SimpleNamespace(name="kernels.f")
    found = SimpleNamespace(kernel=kernel, grid=grid, threads=threads, shared=shared, words=np.array(words, np.int64))
    found.ptx = lambda capability: Code("f", text)
    return found


class Code(NamedTuple):
    entry: str
    text: str


# --- a GPU that cannot be used


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fails": {"cuInit": [100]}}, ["no NVIDIA GPU", "CUDA_VISIBLE_DEVICES", "numbanet doctor"]),
        ({"fails": {"cuInit": [3]}}, ["forked", "spawn"]),
        ({"fails": {"cuInit": [901]}}, ["could not start NVIDIA's driver", "STREAM_CAPTURE_INVALIDATED, 901"]),
        ({"version": 11080}, ["for CUDA 12.0 or newer", "11.8", "Update NVIDIA's driver"]),
        ({"capability": (6, 1)}, ["compute capability 7.0 or newer", "Fake GPU with 6.1", "device='cpu'"]),
        ({"fails": {"cuDevicePrimaryCtxRetain": [2]}}, ["could not open the GPU", "memory is full"]),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(start, settings, words):
    with pytest.raises(DeviceError) as caught:
        start(**settings)
    for word in words:
        assert word in str(caught.value)


def test_the_package_is_missing(monkeypatch):
    for name in ("cuda", "cuda.bindings"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependency, match=r"cuda-bindings.*pip install 'numbanet\[cuda\]'"):
        drivers.Driver()


def test_the_library_is_missing(monkeypatch):
    """What cuda-bindings raises where there is no libcuda, in versions 12 and 13, is a RuntimeError."""
    api = FakeApi()
    monkeypatch.setattr(FakeApi, "cuInit", lambda self, flags: (_ for _ in ()).throw(RuntimeError("no libcuda.so.1")))
    bindings(monkeypatch, api)
    with pytest.raises(DeviceError, match=r"NVIDIA's driver is not installed \(no libcuda.so.1\)"):
        drivers.Driver()


def test_a_model_is_as_before_where_it_cannot_be_built(monkeypatch):
    monkeypatch.setattr(devices, "_devices", {key: d for key, d in devices._devices.items() if d.name != "cuda"})
    bindings(monkeypatch, FakeApi(fails={"cuInit": [100]}))
    pytest.importorskip("numba.cuda")
    model = nn.Sequential([nn.layers.Dense(2)])
    model.build((3,))
    before = model.get_weights()
    with pytest.raises((DeviceError, MissingDependency)):
        model.build((3,), device="cuda")
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert (model.built, model.count_params()) == (True, 8)


# --- memory


def test_no_memory_says_what_was_asked_for_and_what_there_is(start):
    driver = start(fails={"cuMemAlloc": [2, 2]})
    with pytest.raises(
        DeviceError, match=r"5\.0 MiB of free memory, found 3\.0 MiB of 4\.0 MiB on Fake GPU.*batch_size"
    ):
        driver.allocate(5 * 2**20)
    assert driver.allocate(5) % 256 == 0  # and it goes on


def test_memory_in_cycles_of_references_is_given_back_first(start):
    device = CudaDevice(start())
    cycle = [device.zeros((4,), np.float32)]
    cycle.append(cycle)
    gc.collect()
    before = len(device.driver.api.memory)
    del cycle
    device.driver.api.fails["cuMemAlloc"] = [2]
    device.driver.allocate(8)
    assert len(device.driver.api.memory) == before  # one went, one came


def test_memory_is_given_back_when_nothing_refers_to_it(start):
    device = CudaDevice(start())
    array = device.zeros((4, 4), np.float32)
    part = array[1]
    held = len(device.driver.api.memory)
    del array
    assert len(device.driver.api.memory) == held
    del part
    assert len(device.driver.api.memory) == held - 1


def test_other_errors_of_an_allocation_are_errors_too(start):
    with pytest.raises(DeviceError, match=r"could not allocate memory.*forked"):
        start(fails={"cuMemAlloc": [3]}).allocate(8)


def test_pinned_memory_is_zero_and_apart(start):
    driver = start()
    pieces = [driver.pinned(size) for size in (8, 100, 4096, 5000, 8)]
    for k, piece in enumerate(pieces):
        assert not piece.any()
        piece[...] = k + 1
    assert [set(piece.tolist()) for piece in pieces] == [{1}, {2}, {3}, {4}, {5}]


def test_memory_of_another_gpu_is_refused(start):
    driver = start()
    driver.expect_own(5)
    driver.api.ordinal = 1
    with pytest.raises(DeviceError, match=r"on GPU 0, Fake GPU. Received: one on GPU 1"):
        driver.expect_own(5)


# --- copies


@pytest.mark.parametrize("sizes", [[8], [ring.HALF // 8 - 5] * 5, [1, 1000, 7000] * 40, [staging.PIECE // 4 + 3] * 4])
def test_what_is_copied_may_change_at_once(start, sizes):
    device = CudaDevice(start())
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(size) for size in sizes]
    found = [device.zeros(a.shape, a.dtype) for a in arrays]
    for array, there in zip(arrays, found, strict=True):
        mine = array.copy()
        there[...] = mine
        mine[...] = np.nan
    for array, there in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(np.array(there), array)


def test_copies_by_threads_do_not_mix(start):
    device = CudaDevice(start())
    found = [device.zeros((3000,), np.int64) for _ in range(20)]

    def fill(k):
        for value in range(20):
            found[k][...] = np.full(3000, 100 * k + value)

    threads = [threading.Thread(target=fill, args=(k,)) for k in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [set(np.array(a).tolist()) for a in found] == [{100 * k + 19} for k in range(len(found))]


def test_an_illegal_address_comes_up_where_the_host_waits(start):
    driver = start()
    driver.api.fails["cuStreamSynchronize"] = [700]
    with pytest.raises(DeviceError, match=r"memory outside of its arrays.*numbanet's.*ILLEGAL_ADDRESS, 700"):
        driver.synchronize()


@pytest.mark.parametrize(
    ("stream", "calls"),
    [(None, []), (0, ["cuCtxSynchronize"]), (1, ["cuStreamSynchronize"]), (77, ["cuStreamSynchronize"])],
)
def test_other_libraries_streams_are_waited_for(start, stream, calls):
    driver = start()
    driver.api.calls.clear()
    driver.wait_for(stream)
    assert [call for call in driver.api.calls if call != "cuCtxSetCurrent"] == calls


# --- kernels and graphs


def test_a_kernel_gets_its_words(start):
    driver = start()
    launch = launch_of()
    function = driver.load(launch)
    driver.launch(function, launch)
    launch.words[...] = 0  # they were read
    assert driver.api.launched == []
    driver.synchronize()
    assert driver.api.launched == [("f", (2, 3, 1), (128, 1, 1), 0, [7, 8, 9])]


def test_nothing_is_launched_for_empty_arrays(start):
    driver = start()
    driver.launch("f", launch_of(grid=(0, 1, 1)))
    assert "cuLaunchKernel" not in driver.api.calls


def test_a_kernel_is_loaded_once(start):
    driver = start()
    assert driver.load(launch_of()) == driver.load(launch_of()) == "f"
    assert driver.api.calls.count("cuModuleLoadData") == 1


def test_more_shared_memory_is_asked_for(start):
    driver = start()
    driver.load(launch_of(shared=48 * 1024))
    assert "cuFuncSetAttribute" not in driver.api.calls
    driver.load(launch_of(shared=48 * 1024 + 1))
    assert "cuFuncSetAttribute" in driver.api.calls


def test_a_gpu_that_is_too_small_for_a_kernel(start):
    driver = start(most_shared=65536)
    with pytest.raises(DeviceError, match=r"kernels.f needs 65537 bytes of shared memory.*at most 65536"):
        driver.load(launch_of(shared=65537))
    driver.api.threads = 64
    with pytest.raises(DeviceError, match=r"blocks of 128 threads.*registers for 64"):
        driver.load(launch_of())


@pytest.mark.parametrize(
    ("version", "remedy"),
    [
        (13000, r"pip install 'numbanet\[cuda\]' 'cuda-toolkit==13.0"),
        (12040, r"'numbanet\[cuda12\]' 'cuda-toolkit==12.4"),
    ],
)
def test_a_compiler_that_is_newer_than_the_driver(start, version, remedy):
    driver = start(version=version, fails={"cuModuleLoadData": [222]})
    with pytest.raises(DeviceError, match=rf"does not know PTX 9.5 of the compiler.*{remedy}"):
        driver.load(launch_of("//\n.version 9.5\n.target sm_90"))


def test_code_that_the_driver_refuses(start):
    with pytest.raises(DeviceError, match=r"could not load f: .*INVALID_PTX, 218"):
        start(fails={"cuModuleLoadData": [218]}).load(launch_of())


def record(driver, count=2):
    function = driver.load(launch_of())
    with driver.recording() as graph:
        for k in range(count):
            driver.launch(function, launch_of(words=(k, k, k)))
    return graph


def test_a_recording_runs_when_it_is_replayed(start):
    driver = start()
    graph = record(driver)
    driver.synchronize()
    assert driver.api.launched == []
    driver.replay(graph)
    driver.replay(graph)
    driver.synchronize()
    assert [words[0] for *_, words in driver.api.launched] == [0, 1, 0, 1]


def test_others_may_use_the_gpu_while_a_graph_is_recorded(start):
    """Their copies do not become part of it, and what is collected as garbage is freed."""
    device = CudaDevice(start())
    driver = device.driver
    array = device.zeros((1,), np.int64)
    with driver.recording():
        driver.launch("f", launch_of())
        array[0] = 5
        other = threading.Thread(target=lambda: device.zeros((9,), np.int64))
        other.start()
        other.join()
        assert array[0] == 5
    driver.synchronize()
    assert driver.api.launched == []


def test_an_interrupted_recording_ends(start):
    driver = start()

    def interrupted(error):
        with driver.recording():
            driver.launch("f", launch_of())
            raise error

    for error in (KeyboardInterrupt, ValueError):
        with pytest.raises(error):
            interrupted(error)
        assert driver.api.graphs == 0
        assert all(stream.recorded is None for stream in driver.api.streams)
    driver.replay(record(driver))
    driver.synchronize()
    assert len(driver.api.launched) == 2


def test_the_error_that_spoils_a_recording_is_the_one_that_is_raised(start):
    driver = start(fails={"cuLaunchKernel": [700], "cuStreamEndCapture": [901]})
    with pytest.raises(DeviceError, match=r"could not launch kernels.f"), driver.recording():
        driver.launch("f", launch_of())


def test_a_graph_that_cannot_be_built(start):
    driver = start(fails={"cuGraphInstantiate": [2]})
    with pytest.raises(DeviceError, match=r"could not build a graph.*memory is full"):
        record(driver)
    assert driver.api.graphs == 0


def test_graphs_are_given_back(start):
    driver = start()
    graph = record(driver)
    assert driver.api.graphs == 1
    del graph
    assert driver.api.graphs == 0
