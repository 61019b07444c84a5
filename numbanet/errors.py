"""What numbanet raises.

NumbanetError
├── ArgumentError         (ValueError)    a constructor or method received a value it cannot use
├── ShapeError            (ValueError)    an array's shape does not fit
├── DtypeError            (TypeError)     an array's element type does not fit
├── DataError             (ValueError)    an array holds NaN, infinity or labels out of range; a file is damaged
├── NonFiniteError        (FloatingPointError)  a training step came to NaN or infinity
├── FileError             (OSError)       a file cannot be read or written, or is not whole, or not what it should be
├── DownloadError         (OSError)       a file could not be fetched from the web
├── StateError            (RuntimeError)  a method was called too early: build or compile first
├── DeviceError           (RuntimeError)  a device is unknown or cannot be used
└── MissingDependency     (ImportError)   an optional package is not installed

A message says of which layer or argument, what was expected, what was received, and what to do.
"""

from __future__ import annotations


class NumbanetError(Exception):
    """The base of all errors that numbanet raises itself."""


class ArgumentError(NumbanetError, ValueError):
    """A value that cannot be used."""


class ShapeError(NumbanetError, ValueError):
    """A shape that does not fit."""


class DtypeError(NumbanetError, TypeError):
    """An element type that does not fit."""


class DataError(NumbanetError, ValueError):
    """Data with NaN, infinity, or labels out of range, or a file that is not what it should be."""


class NonFiniteError(NumbanetError, FloatingPointError):
    """A training step in which NaN or infinity came up: `layer`, `step` (the first is 1), `array`, `index`, `value`.

    layer: its name, or "input", "targets", "loss". array: as its kernel calls it, such as "y" or "dw", or the name of a
    parameter: an update before, or set_weights, made that so. Otherwise the weights are those before the step.
    """

    def __init__(
        self,
        message: str,
        layer: str = "",
        step: int = 0,
        array: str = "",
        index: tuple[int, ...] = (),
        value: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.layer, self.step, self.array, self.index, self.value = layer, step, array, index, value


class FileError(NumbanetError, OSError):
    """A model file or checkpoint that cannot be read or written, or that is not what it should be."""


class DownloadError(NumbanetError, OSError):
    """A file that could not be fetched from the web."""


class StateError(NumbanetError, RuntimeError):
    """A call before build or compile."""


class DeviceError(NumbanetError, RuntimeError):
    """A device that is unknown or cannot be used."""


class MissingDependency(NumbanetError, ImportError):
    """An optional package that is not installed."""
