"""CUDA kernels against the reference: on the PTX machine without a GPU, and on a GPU where there is one.

cases/<operation>.py: arguments at sizes that matter, for every function of the operation. One table feeds the tests of
parity, of what ptxas makes of the kernels, of a GPU, and bench/gpu.py.
"""
