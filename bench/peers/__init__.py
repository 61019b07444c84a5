"""Each library's training step for a workload, a file for each library.

steps(workload, x, y, weights) gives functions that train one step and return its loss: several where a library has
several ways to do the same. `weights` are those of numbanet's model, by Keras's names, for each layer of the
description. set_threads(n) does what the library can do about threads in a process that runs already.
"""
