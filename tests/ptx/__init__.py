"""CUDA kernels proved without a GPU: compiled to PTX, and run on NumPy vectors that watch every access.

compiler: a numba.cuda kernel to PTX and to a callable; what ptxas says of it. kernels, broken, wide: samples.
parser, calls, program: PTX to the steps of a kernel, with operands and kinds. machine, block: threads that run them.
integers, floats, rounding, steps, transfers, warps, tensors: the instructions. memory, races, banks: what is watched.
"""
