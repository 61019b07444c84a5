"""Arrays on a GPU, which is made of NumPy here."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest

from numbanet.devices.arrays import DeviceArray
from numbanet.devices.cuda import CudaDevice
from numbanet.devices.driver import Driver
from numbanet.devices.simulator import Simulator
from numbanet.errors import DeviceError
from tests.ptx.emulated import EmulatedDriver

from .fake import FakeApi


def fake_driver(monkeypatch):
    monkeypatch.setattr("numbanet.devices.driver._bindings", FakeApi)
    return Driver()


@pytest.fixture(params=["simulator", "emulated", "driver"])
def device(request, monkeypatch):
    makers = {"simulator": Simulator, "emulated": EmulatedDriver, "driver": lambda: fake_driver(monkeypatch)}
    return CudaDevice(makers[request.param]())


def both(device, *shape):
    """The same numbers on the host and on the GPU."""
    host = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return host, device.take(host)


def test_new_arrays_are_zero(device):
    for shape, dtype in [((3, 4), "float32"), ((), "int64"), ((0, 3), "float64"), ((1000,), "uint8")]:
        array = device.zeros(shape, dtype)
        found = np.array(array)
        assert (found.shape, found.dtype) == (shape, np.dtype(dtype))
        assert not found.any()
        assert array.address % 64 == 0


def test_what_an_array_is(device):
    host, array = both(device, 2, 3, 4)
    assert (array.shape, array.ndim, array.size, array.nbytes, len(array)) == ((2, 3, 4), 3, 24, 96, 2)
    assert repr(array) == "DeviceArray(shape=(2, 3, 4), dtype=float32, device='cuda')"
    assert np.array(array).flags.writeable
    assert np.asarray(array, np.float64).dtype == np.float64
    np.testing.assert_array_equal(np.stack(list(array)), host)
    with pytest.raises(TypeError, match="no length"):
        len(array[0, 0, :1].reshape(()))
    with pytest.raises(ValueError, match="always copied"):
        np.array(array, copy=False)


PARTS = [
    np.s_[1],
    np.s_[-1],
    np.s_[1:],
    np.s_[:0],
    np.s_[5:2],
    np.s_[1, 2],
    np.s_[1, 1:3],
    np.s_[1, 2, 3],
    np.s_[1, -1, 1:3],
    np.s_[np.int64(1), 2:3],
    np.s_[...],
    np.s_[:],
    np.s_[:, :, :],
    np.s_[None],
    np.s_[:, None],
    np.s_[..., None],
    np.s_[1, ..., None],
    np.s_[1, None, 2],
    np.s_[0, ..., :],
    np.s_[1:2, 2:3, 1:3],
    np.s_[-2:, :],
]


@pytest.mark.parametrize("key", PARTS, ids=str)
def test_contiguous_parts_are_numpys(device, key):
    host, array = both(device, 3, 3, 4)
    np.testing.assert_array_equal(np.array(array[key]), host[key])
    assert np.array(array[key]).shape == host[key].shape


@pytest.mark.parametrize("key", PARTS, ids=str)
def test_parts_share_the_memory(device, key):
    host, array = both(device, 3, 3, 4)
    host[key] = array[key] = -1.5
    np.testing.assert_array_equal(np.array(array), host)
    array[key] = host[key] = np.arange(host[key].size).reshape(host[key].shape)
    np.testing.assert_array_equal(np.array(array), host)


def test_axes_of_one_element_are_no_hindrance(device):
    host, array = both(device, 5, 1, 1)
    np.testing.assert_array_equal(np.array(array[:, 0]), host[:, 0])
    np.testing.assert_array_equal(np.array(array[..., 0, 0]), host[..., 0, 0])
    np.testing.assert_array_equal(np.array(array[1:3, 0]), host[1:3, 0])


def test_an_element_is_a_number(device):
    host, array = both(device, 3, 4)
    assert array[1, 2] == host[1, 2]
    assert isinstance(array[1, 2], np.float32)
    assert float(device.take(np.array([2.5]))[0]) == 2.5


@pytest.mark.parametrize(
    "key", [np.s_[:, 1], np.s_[:, 1:], np.s_[..., 0], np.s_[::2], np.s_[::-1], [0, 2], True, "a", 1.0, np.array([0, 1])]
)
def test_other_parts_are_refused(device, key):
    _, array = both(device, 3, 4)
    with pytest.raises(IndexError):
        array[key]
    with pytest.raises(IndexError):
        array[key] = 0
    assert np.array(array).any()


@pytest.mark.parametrize("key", [3, -4, (0, 4), (0, 0, 0), (..., ...)])
def test_indices_outside_are_refused(device, key):
    with pytest.raises(IndexError):
        both(device, 3, 4)[1][key]


@pytest.mark.parametrize("shape", [(12,), (-1,), (4, -1), (-1, 6, 1), (2, 2, 3)])
def test_reshape(device, shape):
    host, array = both(device, 3, 4)
    for found in (array.reshape(shape), array.reshape(*shape)):
        np.testing.assert_array_equal(np.array(found), host.reshape(shape))
    assert array.reshape(shape).address == array.address


def test_bytes_as_other_numbers(device):
    host, array = both(device, 6)
    np.testing.assert_array_equal(np.array(array.view(np.int64)), host.view(np.int64))
    for wrong, dtype in [(array[:3], np.int64), (array.reshape(2, 3), np.int32)]:
        with pytest.raises(ValueError, match="expected a flat array of whole"):
            wrong.view(dtype)


@pytest.mark.parametrize("shape", [(5,), (-1, -1), (5, -1), (0, -1)])
def test_reshape_refuses_what_does_not_fit(device, shape):
    with pytest.raises(ValueError, match="cannot reshape an array of shape"):
        both(device, 3, 4)[1].reshape(shape)


def test_values_are_cast_and_broadcast_as_numpy_does(device):
    host, array = both(device, 3, 4)
    for values in (2, 0, 0.5, -0.0, np.nan, np.arange(4), np.arange(3)[:, None], np.ones((3, 4), ">f8"), [[1]], True):
        host[...] = values
        array[...] = values
        np.testing.assert_array_equal(np.array(array), host)
        np.testing.assert_array_equal(np.signbit(np.array(array)), np.signbit(host))
    array[1] = host.T[:, 2]  # not contiguous
    np.testing.assert_array_equal(np.array(array)[1], host[2])


def test_arrays_of_the_gpu_are_copied_within_it(device):
    host, array = both(device, 3, 4)
    other = device.zeros((3, 4), np.float32)
    other[...] = array
    array[...] = 0
    np.testing.assert_array_equal(np.array(other), host)
    for wrong in (device.zeros((4,), np.float32), device.zeros((3, 4), np.float64)):
        with pytest.raises(ValueError, match=r"expected \(3, 4\) float32, received"):
            other[...] = wrong
    with pytest.raises(ValueError, match="broadcast"):
        other[...] = np.ones(5)
    np.testing.assert_array_equal(np.array(other), host)


def foreign(array, **changes):
    """What CuPy or PyTorch would give: an object with the interface over an array's memory."""
    interface = array.__cuda_array_interface__ | changes
    return SimpleNamespace(__cuda_array_interface__=interface, kept=array)


def test_arrays_of_other_libraries_are_views(device):
    host, array = both(device, 3, 4)
    given = foreign(array)
    found = device.take(given)
    assert (found.address, found.owner) == (array.address, given)
    array[...] = -host
    np.testing.assert_array_equal(np.array(found), -host)
    assert device.take(found) is found


def test_strides_that_say_contiguous_are_taken(device):
    host, array = both(device, 3, 4)
    np.testing.assert_array_equal(np.array(device.take(foreign(array, strides=(16, 4)))), host)
    assert device.take(foreign(array, shape=(0, 4), strides=(1, 1), data=(0, False))).size == 0


@pytest.mark.parametrize("strides", [(4, 12), (32, 4), (16, 8)])
def test_other_strides_are_refused(device, strides):
    with pytest.raises(DeviceError, match=r"C-contiguous array on the GPU, received strides .*x\.contiguous\(\)"):
        device.take(foreign(both(device, 3, 4)[1], strides=strides))


@pytest.mark.parametrize(
    ("stream", "waits"), [(1, "cuStreamSynchronize"), (None, None), ("unknown", "cuCtxSynchronize")]
)
def test_streams_of_other_libraries_are_waited_for(monkeypatch, stream, waits):
    device = CudaDevice(fake_driver(monkeypatch))
    given = foreign(device.zeros((3,), np.float32), stream=stream)
    if stream == "unknown":  # before version 3
        del given.__cuda_array_interface__["stream"]
    calls = device.driver.api.calls
    calls.clear()
    device.take(given)
    assert [call for call in calls if call.endswith("Synchronize")] == ([waits] if waits else [])


def test_a_followed_array_is_copied_when_it_is_new(device):
    host = np.array([1.0, 2.0])
    followed = device.follow(host)
    for values in ([1, 2], [3, 4], [0, -0.0], [np.nan, 0]):
        host[...] = values
        followed.refresh()
        np.testing.assert_array_equal(np.array(followed), host)
        assert np.array(followed).tobytes() == host.tobytes()


def test_a_flag_is_unset_until_a_kernel_sets_it(device):
    flag = device.flag()
    assert not device.is_set(flag, wait=True)
    flag.used = True
    device.driver.copy_in(flag.address, np.array([1]))
    device.driver.copy_out_later(flag.seen, flag.address)
    assert device.is_set(flag, wait=True)
    flag[0] = 0
    assert not device.is_set(flag, wait=False)
    assert np.array(flag) == 0


def test_data_that_would_fill_the_gpu_are_not_held():
    device = CudaDevice(EmulatedDriver(free_bytes=1000))
    assert device.holds([np.zeros(400, np.uint8), np.zeros(100, np.uint8)])
    assert not device.holds([np.zeros(800, np.uint8), np.zeros(100, np.uint8)])
    assert device.holds([DeviceArray(device, None, 256, (900,), np.uint8)])  # it is there already
    assert not device.holds([DeviceArray(device, None, 256, (2**31,), np.uint8)])


def test_tensor_cores_need_a_gpu_that_has_them():
    with pytest.raises(DeviceError, match=r"precision='bf16' needs .* 8\.0 or newer, and PTX machine has 7\.5"):
        CudaDevice(EmulatedDriver((7, 5)), "bf16")
    assert CudaDevice(EmulatedDriver((8, 0)), "bf16").precision == "bf16"
    assert CudaDevice(EmulatedDriver((7, 5))).precision is None


def test_a_host_array_is_no_argument_of_a_kernel():
    pytest.importorskip("numba.cuda")
    mean = importlib.import_module("numbanet.kernels.mean.cuda")
    with pytest.raises(DeviceError, match=r"expected an array of the GPU's memory, received a NumPy array \(3,\)"):
        mean.forward(np.ones(3, np.float32), np.ones(1, np.float32))
