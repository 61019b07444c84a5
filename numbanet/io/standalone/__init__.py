"""Standalone exports: a network's inference as one C99 file, or as one Python file that needs NumPy alone.

A forward pass is a flat program: calls of operations on arrays, whatever the layers are that wrote it down. A file
replays the program. graph.py reads it, lowering.py makes it shorter, c_file.py and numpy_file.py write it; the code of
the operations is in c/ and python/, and operations.py says which operation has which.
"""

from .c_file import write_c
from .numpy_file import write_numpy

__all__ = ["write_c", "write_numpy"]
