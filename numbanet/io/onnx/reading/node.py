"""One node of a graph as its operator's reader sees it, and the table of readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..package import onnx_package
from .elementwise import Lazy, settled
from .pieces import BACKWARDS, Data
from .views import Refusal

READERS: dict[str, Callable[[Node], Any]] = {}


def reads(*operators: str) -> Callable[[Callable[[Node], Any]], Callable[[Node], Any]]:
    """Put a function into the table: of a Node it makes a value, or one for each output that is used."""

    def put(reader: Callable[[Node], Any]) -> Callable[[Node], Any]:
        READERS.update(dict.fromkeys(operators, reader))
        return reader

    return put


class Node:
    """A node: its operator, version of the operator set, attributes, and inputs, which are arrays or depend on x.

    used: for each output whether anything reads it. alone: whether nothing but this node reads its inputs.
    float_type: ONNX's number for the type of the graph's floats.
    """

    def __init__(self, proto: Any, version: int, inputs: list[Any], used: list[bool], alone: bool, floats: int) -> None:
        self.proto, self.operator, self.version, self.inputs = proto, str(proto.op_type), version, inputs
        self.used, self.alone, self.float_type = used, alone, floats
        self._attributes = {a.name: a for a in proto.attribute}

    def attribute(self, name: str, default: Any = None) -> Any:
        """The attribute's value; text as str, lists as lists."""
        found = self._attributes.get(name)
        if found is None:
            return default
        value = onnx_package().helper.get_attribute_value(found)
        if isinstance(value, bytes):
            return value.decode()
        return [v.decode() if isinstance(v, bytes) else v for v in value] if isinstance(value, list) else value

    def has(self, k: int) -> bool:
        """Whether there is an input k."""
        return k < len(self.inputs) and self.inputs[k] is not None

    def data(self, k: int = 0) -> Data:
        """Input k, which depends on x and holds floats."""
        found = self.values(k)
        if found.indices:
            raise Refusal("it takes whole numbers, which ours do in an Embedding (Gather of a table) only")
        if found.backwards is not None:
            raise Refusal(BACKWARDS)
        return found

    def values(self, k: int = 0) -> Data:
        """Input k, which depends on x."""
        found = self.inputs[k] if self.has(k) else None
        if not isinstance(found, Data | Lazy):
            raise Refusal(f"its input {k} must depend on the graph's input, and is a constant or left out")
        return settled(found)

    def constant(self, k: int, what: str) -> Any:
        """Input k, an array that does not depend on x."""
        found = self.inputs[k] if self.has(k) else None
        if not isinstance(found, np.ndarray):
            raise Refusal(f"its {what} (input {k}) must be a constant: an initializer, or computed from such")
        return found

    def optional(self, k: int, what: str) -> Any:
        """As `constant`, or None where the input is left out."""
        return self.constant(k, what) if self.has(k) else None

    def expect_single_output(self) -> None:
        if any(self.used[1:]):
            raise Refusal(f"its output {1 + self.used[1:].index(True)} is used, which no layer of ours gives")


def fail_unless(condition: bool, reason: str) -> None:
    if not condition:
        raise Refusal(reason)
