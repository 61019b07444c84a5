"""The file that `numbanet train` reads: which tables and keys there are, their types and defaults.

A key that is not known is refused with the one that was probably meant: a misspelt one would otherwise train something
else than was asked for.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ..checks import boolean, choice, near_miss, positive_integer, seed_number
from ..devices import NAMES, PRECISIONS
from ..errors import ArgumentError, FileError
from ..metrics import get_all
from . import objects
from .toml import dumps

Check = Callable[[str, str, Any], Any]


@dataclass(frozen=True)
class Key:
    """A key of a table: what its values must be, and what it is where it is not given."""

    check: Check
    default: Any = None


def _text(owner: str, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        _refuse(key, "a text", value)
    return value


def _name(owner: str, key: str, value: Any) -> str:
    """A text that can be the name of a folder."""
    if {"/", "\\"} & set(_text(owner, key, value)) or value in (".", ".."):
        _refuse(key, "a name without slashes", value)
    return str(value)


def _one_of(names: Sequence[str]) -> Check:
    return lambda owner, key, value: choice(owner, key, value, names)


def _sizes(owner: str, key: str, value: Any) -> list[int]:
    if not isinstance(value, list) or not value:
        _refuse(key, "a list of sizes, such as [8, 8, 1]", value)
    return [positive_integer(owner, key, size) for size in value]


def _is_column(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _column(owner: str, key: str, value: Any) -> Any:
    """A column, or several targets."""
    return value if _is_column(value) else _columns(owner, key, value)


def _columns(owner: str, key: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not value or not all(map(_is_column, value)):
        _refuse(key, "names of columns, or their numbers", value)
    return value


def _part(owner: str, key: str, value: Any) -> float | str:
    """Samples that are held back: a share of the file, or a file of their own."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        _refuse(key, "a share from 0 to 1, without 1, or a file", value)
    return float(value)


def _names(owner: str, key: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not all(isinstance(v, str | dict) for v in value):
        _refuse(key, 'a list of names, such as ["accuracy"], or of tables', value)
    return value


def _seed(owner: str, key: str, value: Any) -> int:
    return seed_number(owner, value)


def _refuse(key: str, expected: str, value: Any) -> NoReturn:
    raise ArgumentError(f": {key} must be {expected}. Received: {key}={value!r:.200}")


DATA = {
    "file": Key(_text),
    "dataset": Key(_text),
    "target": Key(_column),
    "features": Key(_columns),
    "delimiter": Key(_text, ","),
    "header": Key(boolean),
    "x": Key(_text, "x"),
    "y": Key(_text, "y"),
    "input_shape": Key(_sizes),
    "test": Key(_part, 0.0),
    "validation": Key(_part, 0.0),
    "standardize": Key(boolean, False),
}
MODEL = {"name": Key(_name, "model"), "seed": Key(_seed, 0), "layers": Key(lambda owner, key, value: value)}
TRAINING = {
    "epochs": Key(positive_integer, 10),
    "batch_size": Key(positive_integer, 32),
    "shuffle": Key(boolean, True),
    "metrics": Key(_names, []),
    "device": Key(_one_of(NAMES), "cpu"),
    "dtype": Key(_one_of(("float32", "float64")), "float32"),
    "precision": Key(_one_of(PRECISIONS)),
    "threads": Key(positive_integer),
    "shards": Key(positive_integer),
    "checkpoint_every": Key(positive_integer, 1),
    "keep_checkpoints": Key(positive_integer, 2),
    "output": Key(_text),
}
TABLES: dict[str, dict[str, Key]] = {"data": DATA, "model": MODEL, "training": TRAINING}
OBJECTS = {"optimizer": objects.OPTIMIZER, "loss": objects.LOSS}
KNOWN = ("data", "model", "training", "optimizer", "loss", "callbacks")


@dataclass(frozen=True)
class Configuration:
    """What a file says, checked, with defaults: tables by their names; objects are tables still, and can be made."""

    path: str
    data: dict[str, Any]
    model: dict[str, Any]
    training: dict[str, Any]
    optimizer: dict[str, Any]
    loss: dict[str, Any]
    callbacks: list[dict[str, Any]] = field(default_factory=list)

    def layers(self) -> list[Any]:
        """The layers, made anew."""
        where = f"{self.path}: layer {{}} of [[model.layers]]"
        return [objects.make(where.format(k), t, objects.LAYER) for k, t in _from_1(self.model["layers"])]

    def choices(self) -> tuple[Any, Any, list[Any]]:
        """Optimizer, loss and metrics, as compile takes them."""
        optimizer = objects.make(f"{self.path}: [optimizer]", self.optimizer, objects.OPTIMIZER)
        loss = objects.make(f"{self.path}: [loss]", self.loss, objects.LOSS)
        where = f"{self.path}: [training] metrics"
        given = self.training["metrics"]
        try:
            metrics = get_all([m if isinstance(m, str) else objects.make(where, m, objects.METRIC) for m in given])
        except ArgumentError as error:
            told = str(error).removeprefix("compile: metrics ").removeprefix(f"{where}: ")
            raise ArgumentError(f"{where} {told}") from None
        return optimizer, loss, metrics

    def make_callbacks(self) -> list[Any]:
        """The callbacks, made anew."""
        where = f"{self.path}: callback {{}} of [[callbacks]]"
        return [objects.make(where.format(k), t, objects.CALLBACK) for k, t in _from_1(self.callbacks)]

    def text(self, names: Sequence[str]) -> str:
        """The whole of it as TOML, with every default written out. names: of the layers, as the model calls them."""
        layers = [objects.resolved(table, objects.LAYER) for table in self.model["layers"]]
        metrics = [m if isinstance(m, str) else objects.resolved(m, objects.METRIC) for m in self.training["metrics"]]
        tables = {
            "data": self.data,
            "model": self.model | {"layers": [_named(table, name) for table, name in zip(layers, names, strict=True)]},
            "training": self.training | {"metrics": metrics},
            "optimizer": objects.resolved(self.optimizer, objects.OPTIMIZER),
            "loss": objects.resolved(self.loss, objects.LOSS),
            "callbacks": [objects.resolved(table, objects.CALLBACK) for table in self.callbacks],
        }
        return dumps({key: value for key, value in tables.items() if value})


def _named(table: dict[str, Any], name: str) -> dict[str, Any]:
    return {objects.CLASS: table[objects.CLASS], "name": name} | table


def _from_1(tables: Sequence[Any]) -> Any:
    return enumerate(tables, 1)


def read(path: str | os.PathLike[str], changes: Sequence[str] = ()) -> Configuration:
    """The configuration in a file. changes: "training.epochs=5", instead of what the file says.

    Raises FileError where the file cannot be read, ArgumentError that names file, table and key for what it says.
    """
    source = os.fspath(path)
    try:
        text = Path(source).read_text(encoding="utf-8-sig")  # Windows may begin it with a mark
    except UnicodeDecodeError as error:
        raise FileError(f"{source}: expected text in UTF-8: {error.reason}") from None
    except OSError as error:
        raise FileError(f"{source}: cannot be read: {error.strerror or error}") from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{source}: is not TOML: {error}") from None
    for change in changes:
        _change(tables, change)
    return check(source, tables)


def _change(tables: dict[str, Any], change: str) -> None:
    """Set the value that "table.key=value" says; what is no value of TOML is a text."""
    place, equals, text = change.partition("=")
    *path, last = place.strip().split(".")
    if not equals or not path or not last:
        raise ArgumentError(f"--set: expected TABLE.KEY=VALUE, such as training.epochs=5. Received: {change!r}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    inner: Any = tables
    for key in path:
        inner = _entry(inner, key, change)
    if isinstance(inner, list):
        _entry(inner, last, change)
        inner[int(last) - 1] = value
    elif isinstance(inner, dict):
        inner[last] = value
    else:
        raise ArgumentError(f"--set {change}: {path[-1]} is a value, and has no keys")


def _entry(inner: Any, key: str, change: str) -> Any:
    """The table below; of a list, such as model.layers.1.units, by its number."""
    if isinstance(inner, dict):
        return inner.setdefault(key, {})
    if isinstance(inner, list) and key.isdecimal() and 1 <= int(key) <= len(inner):
        return inner[int(key) - 1]
    raise ArgumentError(f"--set {change}: there is no {key}, where a number from 1 to {len(inner)} was expected")


def check(source: str, tables: Mapping[str, Any]) -> Configuration:
    """The tables with their defaults. source: what errors begin with. Raises ArgumentError."""
    for name in tables:
        if name not in KNOWN:
            raise ArgumentError(_no_such(source, "table", name, KNOWN))
    found = {name: _table(source, name, tables.get(name, {})) for name in TABLES}
    given = {name: tables.get(name) for name in OBJECTS}
    callbacks = tables.get("callbacks", [])
    if not isinstance(callbacks, list):
        raise ArgumentError(f"{source}: [[callbacks]] are tables with two brackets each. Received: {callbacks!r:.200}")
    if given["loss"] is None:
        losses = ", ".join(objects.classes(objects.LOSS))
        raise ArgumentError(f'{source}: a table [loss] is needed, with class = "..." of {losses}')
    result = Configuration(
        source,
        _data(source, found["data"]),
        found["model"],
        found["training"],
        _optimizer(given["optimizer"]),
        deepcopy(given["loss"]),
        deepcopy(callbacks),
    )
    _expect_layers(source, found["model"]["layers"])
    result.training["output"] = result.training["output"] or f"runs/{result.model['name']}"
    result.layers(), result.choices(), result.make_callbacks()  # where one of them is wrong, it is told now
    return result


def _optimizer(given: Any) -> Any:
    """Adam, where no class is named."""
    return {objects.CLASS: "Adam"} | deepcopy(given or {}) if isinstance(given, dict | None) else given


def _table(source: str, name: str, given: Any) -> dict[str, Any]:
    where, keys = f"{source}: [{name}]", TABLES[name]
    if not isinstance(given, Mapping):
        raise ArgumentError(f"{source}: {name} must be a table, [{name}]. Received: {given!r:.200}")
    for key in given:
        if key not in keys:
            raise ArgumentError(_no_such(where, "key", key, keys))
    found = {}
    for key, entry in keys.items():
        if key not in given:
            found[key] = deepcopy(entry.default)
            continue
        try:
            found[key] = entry.check("", key, given[key])
        except ArgumentError as error:
            raise ArgumentError(f"{where} {str(error).removeprefix(': ')}") from None
    return found


def _no_such(where: str, what: str, name: str, known: Any) -> str:
    return f"{where}: there is no {what} {name!r}.{near_miss(name, known)} There are {', '.join(known)}."


def _data(source: str, data: dict[str, Any]) -> dict[str, Any]:
    """[data] with either a file or a data set."""
    if (data["file"] is None) == (data["dataset"] is None):
        raise ArgumentError(f'{source}: [data] needs either file = "data.csv" or dataset = "digits"')
    if len(data["delimiter"]) != 1 or data["delimiter"] in '"\r\n':
        raise ArgumentError(
            f"{source}: [data] delimiter must be one character, and no quote. Received: {data['delimiter']!r}"
        )
    is_table = data["file"] is not None and not data["file"].endswith(".npz")
    if is_table and data["target"] is None:
        raise ArgumentError(f"{source}: [data] target is needed: the name of the column to learn")
    for key in ("target", "features", "header"):
        if not is_table and data[key] is not None:
            raise ArgumentError(f"{source}: [data] {key} is of a CSV file. Received: {key}={data[key]!r}")
    return data


def _expect_layers(source: str, layers: Any) -> None:
    if not isinstance(layers, list) or not layers:
        raise ArgumentError(
            f'{source}: a table [[model.layers]] is needed for each layer, with class = "Dense" and its arguments'
        )
