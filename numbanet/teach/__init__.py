"""Looking into a network: what a step does (tracing), why (explaining), and what goes wrong (sanity, exercises)."""

from .exercises import Check, Grade, exercise, exercises, exhibit, grade, museum
from .explaining.explanation import explain
from .gradient_check import check_gradients
from .inside import gates, layer_output
from .sanity import (
    ChanceLoss,
    DeadUnits,
    LayerUnits,
    OverfitBatch,
    RangeTest,
    UpdateRatios,
    dead_units,
    learning_rate_range,
    loss_at_chance,
    overfit_batch,
    update_ratios,
)
from .tracing.pure import pure_python
from .tracing.recording import trace
from .tracing.traces import LayerTrace, Trace

__all__ = [
    "ChanceLoss",
    "Check",
    "DeadUnits",
    "Grade",
    "LayerTrace",
    "LayerUnits",
    "OverfitBatch",
    "RangeTest",
    "Trace",
    "UpdateRatios",
    "check_gradients",
    "dead_units",
    "exercise",
    "exercises",
    "exhibit",
    "explain",
    "gates",
    "grade",
    "layer_output",
    "learning_rate_range",
    "loss_at_chance",
    "museum",
    "overfit_batch",
    "pure_python",
    "trace",
    "update_ratios",
]
