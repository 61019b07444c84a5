"""Where arrays live and kernels run: an object chosen once, when a model is built."""

from __future__ import annotations

from threading import Lock

from ..checks import choice, fail
from ..errors import DeviceError
from .host import Device

_devices: dict[tuple[str, str | None], Device] = {(name, None): Device(name) for name in ("cpu", "reference")}
_lock = Lock()
NAMES = ("cpu", "cuda", "reference")
PRECISIONS = ("tf32", "bf16")

__all__ = ["NAMES", "PRECISIONS", "Device", "get_device"]


def get_device(name: str | Device, precision: str | None = None) -> Device:
    """The device called `name`; precision: of the products of matrices on a GPU's tensor cores.

    Raises DeviceError for a name that is not known, or a GPU that cannot be used; MissingDependency; ArgumentError.
    """
    if isinstance(name, Device):
        if precision not in (None, name.precision):
            fail("build", "precision", f"None, or that of the device given, {name.precision!r}", precision)
        return name
    try:
        choice("build", "device", name, NAMES)
    except ValueError as error:
        raise DeviceError(str(error)) from None
    if precision is not None:
        choice("build", "precision", precision, PRECISIONS)
        if name != "cuda":
            fail(
                "build", "precision", f"None on device={name!r}, whose products have the precision of dtype", precision
            )
    with _lock:  # two threads must not make two drivers
        if (name, precision) not in _devices:
            from .cuda import CudaDevice, find_driver

            plain = _devices.get((name, None))
            driver = plain.driver if isinstance(plain, CudaDevice) else find_driver()
            _devices[name, precision] = CudaDevice(driver, precision)
        return _devices[name, precision]
