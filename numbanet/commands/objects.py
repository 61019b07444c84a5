"""Objects as tables of a configuration and back: {class = "Dense", units = 64}, arguments as the class has them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from .. import callbacks, initializers, layers, losses, metrics, optimizers, regularizers, schedules
from ..checks import near_miss
from ..config import subclasses
from ..errors import ArgumentError, NumbanetError

CLASS = "class"
# what a table may mean: of which kind it is, and of which those in it
LAYER = (layers.Layer,)
OPTIMIZER = (optimizers.Optimizer,)
LOSS = (losses.Loss,)
METRIC = (metrics.Metric,)
CALLBACK = (callbacks.Callback,)
INSIDE: dict[type, tuple[type, ...]] = {
    layers.Layer: (layers.Layer, initializers.Initializer, regularizers.Regularizer),
    optimizers.Optimizer: (schedules.Schedule,),
}
# callbacks that take functions, which a file has not, or that fit and train bring themselves
NOT_IN_FILES = {"History", "LambdaCallback", "LearningRateScheduler"}


def make(where: str, table: Any, bases: tuple[type, ...]) -> Any:
    """The object that a table describes. where: what an error begins with. Raises ArgumentError."""
    cls, arguments = _read(where, table, bases)
    try:
        return cls.from_config(arguments) if hasattr(cls, "from_config") else cls(**arguments)
    except NumbanetError as error:
        raise ArgumentError(f"{where}: {error}") from error
    except TypeError as error:
        raise ArgumentError(f"{where}: {cls.__name__}: {error}") from error


def resolved(table: Mapping[str, Any], bases: tuple[type, ...]) -> dict[str, Any]:
    """A table from which an object was made, with every default written out."""
    cls = classes(bases)[table[CLASS]]
    given = {name: parameter.default for name, parameter in arguments_of(cls).items()}
    given |= {key: _resolved_inside(value, cls) for key, value in table.items() if key != CLASS}
    return {CLASS: table[CLASS]} | {key: value for key, value in given.items() if value is not None}


def _resolved_inside(value: Any, cls: type) -> Any:
    if isinstance(value, Mapping):
        return resolved(value, _inside(cls))
    return [_resolved_inside(v, cls) for v in value] if isinstance(value, list) else value


def classes(bases: Iterable[type]) -> dict[str, type]:
    """numbanet's own classes of these kinds, by their names."""
    found = {
        cls.__name__: cls
        for base in bases
        for cls in subclasses(base)
        if cls is not base and cls.__module__.startswith("numbanet.") and cls.__name__ not in NOT_IN_FILES
    }
    return dict(sorted(found.items()))


def arguments_of(cls: type) -> dict[str, inspect.Parameter]:
    """The arguments of a class's constructor; also those that it hands on to its base by **."""
    own = {} if cls is object else inspect.signature(cls).parameters
    found = {name: p for name, p in own.items() if p.kind is not p.VAR_KEYWORD}
    if len(found) < len(own):
        found |= {name: p for name, p in arguments_of(cls.__bases__[0]).items() if name not in found}
    return found


def _inside(cls: type) -> tuple[type, ...]:
    """What the tables in the table of such an object may mean."""
    return next((inside for base, inside in INSIDE.items() if issubclass(cls, base)), ())


def _read(where: str, table: Any, bases: tuple[type, ...]) -> tuple[Any, dict[str, Any]]:
    """The class and its arguments, with the objects inside as numbanet.config has them. Raises ArgumentError."""
    known = classes(bases)
    if not isinstance(table, Mapping) or not isinstance(table.get(CLASS), str):
        what = f'a table with {CLASS} = "...", one of {_list(known)}'
        raise ArgumentError(f"{where} must be {what}. Received: {table!r:.200}")
    name = table[CLASS]
    if name not in known:
        _unknown(where, CLASS, name, known)
    cls = known[name]
    accepted = arguments_of(cls)
    for key in table:
        if key != CLASS and key not in accepted:
            _unknown(f"{where}: {name}", "argument", key, accepted)
    if missing := [p.name for p in accepted.values() if p.default is p.empty and p.name not in table]:
        raise ArgumentError(f"{where}: {name} needs {', '.join(missing)}. Its arguments are {_list(accepted)}.")
    arguments = {
        key: _plain(f"{where}: {name}.{key}", value, _inside(cls)) for key, value in table.items() if key != CLASS
    }
    return cls, arguments


def _plain(where: str, value: Any, bases: tuple[type, ...]) -> Any:
    """The values of an argument, in which {class = ...} is {"class_name": ..., "config": ...}."""
    if isinstance(value, Mapping):
        if not bases:
            raise ArgumentError(f"{where} must be no table. Received: {value!r:.200}")
        cls, arguments = _read(where, value, bases)
        return {"class_name": cls.__name__, "config": arguments}
    return [_plain(where, v, bases) for v in value] if isinstance(value, list) else value


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _unknown(where: str, what: str, name: str, known: Iterable[str]) -> NoReturn:
    names = list(known)
    raise ArgumentError(f"{where}: there is no {what} {name!r}.{near_miss(name, names)} There are {_list(names)}.")
