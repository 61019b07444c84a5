import numpy as np
import pytest

from numbanet import devices
from numbanet.errors import ArgumentError, DeviceError
from numbanet.kernels import check, counter
from numbanet.program import Program


@pytest.fixture(params=["cpu", "reference"])
def device(request):
    return devices.get_device(request.param)


def test_a_program_replays_its_calls(device):
    program, a, b = Program(device), np.zeros(1, np.int64), np.zeros(1, np.int64)
    advance = program.kernels(counter).advance
    for owner, array in (("first", a), ("second", b), ("first", a)):
        program.owner = owner
        program.call(advance, 1, array)
    assert (a[0], b[0]) == (0, 0), "writing down is not running"
    for _ in range(3):
        program.run()
    assert (a[0], b[0]) == (6, 3)
    assert [call.owner for call in program.calls] == ["first", "second", "first"]
    assert repr(program.calls[1]) == f"second: numbanet.kernels.counter.{device.name}.advance(by, iteration)"


def test_finish_binds_and_returns_the_program(device):
    program = Program(device)
    assert program.finish() is program
    program.run()


@pytest.mark.parametrize("thing", [np.add, len, lambda a: None, None, "relu", counter], ids=str)
def test_only_kernels_are_called(device, thing):
    program, a = Program(device), np.zeros(1, np.int64)
    program.call(program.kernels(counter).advance, 1, a)
    program.owner = "mine"
    with pytest.raises(ArgumentError) as caught:
        program.call(thing, a)
    assert str(caught.value).startswith("mine: expected a kernel, made with @kernel, received ")
    assert repr(thing) in str(caught.value)
    program.run()
    assert a[0] == 1, "what was refused is no part of the program"


def test_devices_are_found_by_name(device):
    assert devices.get_device(device.name) is device
    assert devices.get_device(device) is device
    assert repr(device) == f"Device({device.name!r})"
    for unknown in ("gpu", None, 3):
        with pytest.raises(DeviceError, match="cpu, cuda, reference"):
            devices.get_device(unknown)


def test_a_kernel_can_stop_the_program(device):
    program, counts = Program(device), np.zeros(1, np.int64)
    advance = program.kernels(counter).advance
    program.call(advance, 1, counts)
    program.call(program.kernels(check).expect_finite, program.stop, x := np.zeros(5))
    program.call(advance, 1, counts)
    program.run()
    assert counts[0] == 2
    x[3] = np.inf
    program.run()
    assert (counts[0], program.stop[0]) == (3, 1)
    program.run()
    assert counts[0] == 3, "it stays where it stopped"
    program.stop[0] = x[3] = 0
    program.run()
    assert counts[0] == 5
