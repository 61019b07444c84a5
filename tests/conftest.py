"""The tests beside other programs: PyTorch loads OpenMP before numbanet can say how briefly its threads should spin."""

import os

from numbanet.kernels._threads import SPINS

os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
