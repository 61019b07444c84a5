"""Proofs that the kernels do what their equations say: differences, and the devices beside the textbook's loops."""
