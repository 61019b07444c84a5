"""The memories that a kernel sees, at fake addresses: buffers in global memory, a block's shared, a thread's local one.

Address spaces: shared and local addresses begin at 0; as generic addresses they stand in windows of their own. Each
global buffer has a terabyte to itself, so that no index leads from one into the next.
"""

import numpy as np

from .errors import Misaligned, OutOfBounds, Unsupported
from .kinds import DTYPES
from .races import Marks

GLOBAL, STRIDE = 1 << 44, 1 << 40
WINDOWS = {"shared": 1 << 60, "local": 1 << 61}


def address_of(number):
    """Where a buffer begins."""
    return GLOBAL + STRIDE * number


class Region:
    """A run of bytes. `written`: which granules hold something; None where that is the caller's business."""

    def __init__(self, name, space, data, granule, base=0):
        self.name, self.space, self.base, self.granule = name, space, base, granule
        self.data = data
        self.size = data.size
        self.views = {}
        granules = -(-self.size // granule)
        self.marks = Marks(granules) if space != "local" else None
        self.written = np.zeros(granules, np.bool_) if space != "global" else None

    def view(self, dtype):
        if dtype not in self.views:
            whole = self.size // dtype.itemsize * dtype.itemsize
            self.views[dtype] = self.data[:whole].view(dtype)
        return self.views[dtype]

    def describe(self, offset):
        if self.space == "global":
            return f"{self.name} at byte {offset} of {self.size}"
        return f"{self.space} memory at byte {offset} of {self.size}"

    def granules(self, offsets, size):
        """(the granules (n * k,) of accesses of `size` bytes at offsets (n,), k)"""
        k = max(1, size // self.granule)
        found = (offsets // self.granule)[:, None] + np.arange(k)
        return found.reshape(-1), k


class Locals(Region):
    """The local memory of all threads of a block, one after another; `size` is one thread's."""

    def __init__(self, size, threads, granule):
        self.stride = -(-size // 16) * 16
        super().__init__("local", "local", np.zeros(self.stride * threads, np.uint8), granule)
        self.size = size

    def view(self, dtype):
        return self.data.view(dtype)


class Access:
    """Where one instruction touches one region: the lanes (of those active), and the bytes from which each goes on."""

    def __init__(self, region, pick, lanes, offsets, size, aligned=None):
        self.region, self.pick, self.lanes, self.offsets, self.size = region, pick, lanes, offsets, size
        outside = (offsets < 0) | (offsets + size > region.size)
        if np.any(outside):
            self.refuse(OutOfBounds, "outside of", int(np.argmax(outside)))
        crooked = offsets % (aligned or size) != 0  # a buffer begins at a multiple of 256
        if np.any(crooked):
            self.refuse(Misaligned, "not aligned in", int(np.argmax(crooked)))
        self.places = offsets
        if isinstance(region, Locals):
            self.places = offsets + lanes * region.stride

    def refuse(self, error, what, i):
        offset = int(self.offsets[i])
        place = f"{self.size} bytes {what} {self.region.describe(offset)}"
        raise error(place, int(self.lanes[i]), self.region.base + offset)

    def of(self, chosen):
        """The access of some of its lanes."""
        return Access(self.region, slice(None), self.lanes[chosen], self.offsets[chosen], self.size)

    def load(self, dtype, j):
        return self.region.view(dtype)[self.places // dtype.itemsize + j]

    def store(self, dtype, j, values):
        view = self.region.view(dtype)
        if not view.flags.writeable:
            self.refuse(OutOfBounds, "stored to the read-only", 0)
        view[self.places // dtype.itemsize + j] = values


class Global:
    """The buffers of a launch: the caller's arrays, and the PTX's own global variables.

    buffers: (name, address, bytes) of those that are there already, at addresses that `address_of` gives.
    """

    def __init__(self, granule, buffers=()):
        self.granule = granule
        self.regions = {}
        for name, base, data in buffers:
            self.regions[(base - GLOBAL) // STRIDE] = Region(name, "global", data, granule, base)

    def place(self, name, array):
        """The address of a C-contiguous array, which the kernel reads and writes in place; the same array, the same."""
        data = array.reshape(-1).view(np.uint8)
        for region in self.regions.values():
            if region.data.size == data.size and region.data.ctypes.data == data.ctypes.data:
                return region.base
        number = max(self.regions, default=-1) + 1
        base = address_of(number)
        self.regions[number] = Region(name, "global", data, self.granule, base)
        return base

    def variable(self, variable):
        """The address of one that the PTX declares, with its values."""
        values = np.zeros(variable.count or 1, DTYPES[variable.kind])
        if variable.values:
            wide = np.array([v & 0xFFFFFFFFFFFFFFFF for v in variable.values], np.uint64)
            values[: len(wide)] = wide.astype(f"u{values.itemsize}").view(values.dtype)
        return self.place(variable.name, values)


def accesses(space, addresses, lanes, size, regions, aligned=None):
    """An Access for each region that the addresses (n,), unsigned, lead to; `aligned`: of what, but for their size."""
    addresses = addresses.astype(np.int64)
    if space in ("shared", "local"):
        return [Access(regions[space], slice(None), lanes, addresses, size, aligned)]
    if space == "generic" and np.any(addresses >= WINDOWS["shared"]):
        space = "local" if int(addresses[0]) >= WINDOWS["local"] else "shared"
        if np.any(addresses // WINDOWS["shared"] != addresses[0] // WINDOWS["shared"]):
            raise Unsupported("one instruction for several address spaces")
        return [Access(regions[space], slice(None), lanes, addresses - WINDOWS[space], size, aligned)]
    buffers = regions["global"].regions
    numbers = (addresses - GLOBAL) // STRIDE
    # a negative index leads a little before its buffer: the second half of each stride belongs to the next
    numbers = numbers + ((addresses - GLOBAL) % STRIDE >= STRIDE // 2)
    found = []
    for number in np.unique(numbers):
        pick = numbers == number
        if int(number) not in buffers:
            i = int(np.argmax(pick))
            raise OutOfBounds(f"{size} bytes at no buffer's address", int(lanes[i]), int(addresses[i]))
        region = buffers[int(number)]
        if pick.all():
            return [Access(region, slice(None), lanes, addresses - region.base, size, aligned)]
        found.append(Access(region, pick, lanes[pick], addresses[pick] - region.base, size, aligned))
    return found
