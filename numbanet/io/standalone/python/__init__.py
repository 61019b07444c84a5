"""The operations of an inference program as NumPy functions.

A file that is exported holds the source of those that its network uses, so each needs nothing but NumPy, the standard
module math, and functions of this room, which it names. Every equation cited is one of numbanet.kernels.<operation>.
"""
