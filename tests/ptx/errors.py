"""What a kernel did wrong: each error names the kernel, the instruction, the block, the thread and the address."""


class KernelError(Exception):
    """The kernel is wrong; what the machine adds is where: see machine.Step."""


class OutOfBounds(KernelError):
    """An access outside of every buffer, of the shared memory, or of a thread's local memory."""


class Misaligned(KernelError):
    """An address that is no multiple of the access's size."""


class Race(KernelError):
    """Two threads touch the same bytes, one writes, and nothing orders them."""


class DivergentBarrier(KernelError):
    """A barrier, or an operation of a warp, that not all of its threads reach."""


class Uninitialised(KernelError):
    """A value that nobody has written decides a branch, an address, or what is stored."""


class Unsupported(Exception):
    """PTX that the interpreter does not know: the kernel may be right."""
