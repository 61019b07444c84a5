"""Questions to a model before it trains for long: each is one call, and has an answer, numbers and a plot.

They work on a copy of the model, which stays as it is, to the bit: weights, moments, counters, states.
"""

from .chance import ChanceLoss, loss_at_chance
from .overfitting import OverfitBatch, overfit_batch
from .range_test import RangeTest, learning_rate_range
from .ratios import UpdateRatios, update_ratios
from .units import DeadUnits, LayerUnits, dead_units

__all__ = [
    "ChanceLoss",
    "DeadUnits",
    "LayerUnits",
    "OverfitBatch",
    "RangeTest",
    "UpdateRatios",
    "dead_units",
    "learning_rate_range",
    "loss_at_chance",
    "overfit_batch",
    "update_ratios",
]
