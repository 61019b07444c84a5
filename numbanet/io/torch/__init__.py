"""Weights of torch: modules as layers, and parameters as the tensors of a state_dict."""

from .reading import read_torch
from .state import fill_from_state_dict, torch_state_dict

__all__ = ["fill_from_state_dict", "read_torch", "torch_state_dict"]
