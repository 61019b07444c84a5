"""What Keras says of a layer: its class and its settings, each of which is taken or changes nothing."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import initializers
from ...layers import LeakyReLU
from ...layers.base import Layer
from ..problems import Unsupported

OWN_MODULES = ("keras", "tf_keras", "tensorflow")
IGNORED = {  # settings that change no number, or only those of a step in training
    "autocast", "batch_input_shape", "batch_shape", "fused", "implementation", "input_length", "input_shape", "seed",
    "unroll", "use_cudnn", "zero_output_for_mask",
}  # fmt: skip
WITHOUT: tuple[Any, ...] = (None, False, [], {})  # values of settings that ask for nothing
DTYPES = ("float32", "float64")
LEAKY = 0.2  # the slope of Keras's function leaky_relu


@dataclass(frozen=True)
class Node:
    """A layer, as Keras describes it."""

    kind: str
    config: dict[str, Any]
    node: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.config.get("name", self.kind))


def node(value: Any) -> Node:
    """What Keras wrote of a layer. Raises Unsupported for classes of one's own, ValueError for what is none."""
    if not isinstance(value, Mapping) or not isinstance(value.get("config"), Mapping):
        raise ValueError(f"expected layers of class_name and config, found {value!r:.200}")
    kind = str(value.get("class_name"))
    return Node(kind, dict(value["config"]), value)


def expect_own(found: Node) -> None:
    """Raises Unsupported for classes that are not Keras's."""
    module = found.node.get("module")
    if ">" in found.kind or (isinstance(module, str) and module.partition(".")[0] not in OWN_MODULES):
        raise Unsupported(f"it is a class of {module or 'its own'}, not of Keras: nothing in a file is run")


class Settings:
    """The settings of a layer; those that nobody takes must ask for nothing.

    old: whether an older Keras than 3 wrote them, whose hard_sigmoid is another function.
    """

    def __init__(self, found: Node, old: bool) -> None:
        self.old = old
        self.values = {key: v for key, v in found.config.items() if key not in IGNORED and key != "name"}
        self.trainable = bool(self.values.pop("trainable", True))
        self._expect_dtype(self.values.pop("dtype", None))

    def _expect_dtype(self, value: Any) -> None:
        policy = value["config"].get("name") if isinstance(value, Mapping) and "config" in value else value
        if policy is not None and policy not in DTYPES:
            raise Unsupported(f"dtype {policy!r}: layers here compute in float32 or float64")

    def take(self, key: str, default: Any = None) -> Any:
        return self.values.pop(key, default)

    def expect(self, key: str, *allowed: Any) -> None:
        """Raises Unsupported where the setting is there and is none of these."""
        value = self.values.pop(key, allowed[0])
        if value not in allowed:
            raise Unsupported(f"{key}={value!r:.100}, only {allowed[0]!r} is known")

    def arguments(self, cls: type[Layer]) -> dict[str, Any]:
        """What the constructor of a class here takes of them, as it takes it."""
        names = set(inspect.signature(cls).parameters) - {"name", "trainable"}
        found = {key: self.value(key, self.values.pop(key)) for key in sorted(names & set(self.values))}
        return {key: v for key, v in found.items() if v is not None or not key.endswith("_initializer")}

    def value(self, key: str, value: Any) -> Any:
        if key.endswith("_initializer"):
            return _initializer(value)
        if key.endswith("_regularizer"):
            return _regularizer(key, value)
        if key.endswith("activation"):
            return self.activation(key, value)
        return _tuples(value)

    def activation(self, key: str, value: Any) -> Any:
        """The name of an activation, or what makes one, as our layers take it."""
        if isinstance(value, Mapping):
            found = node(value) if isinstance(value.get("config"), Mapping) else None
            if found is None or found.kind not in ("LeakyReLU", "ReLU", "ELU", "Softmax", "Activation"):
                raise Unsupported(f"{key} {value.get('class_name')!r}, a function of its own, is not run")
            expect_own(found)
            settings = Settings(found, self.old)
            made = activation_layer(found.kind, settings)
            settings.expect_nothing_left()
            return made
        if value == "hard_sigmoid" and self.old:
            raise Unsupported(f"{key}: hard_sigmoid of Keras before 3 is another function. Save the model with Keras 3")
        return LeakyReLU(LEAKY) if value == "leaky_relu" else value

    def expect_nothing_left(self) -> None:
        """Raises Unsupported where a setting asks for something that is not known here."""
        self.expect("data_format", "channels_last", None)
        left = [f"{key}={value!r:.100}" for key, value in self.values.items() if value not in WITHOUT]
        if left:
            raise Unsupported(f"{', '.join(left)} {'are' if len(left) > 1 else 'is'} not known here")


def activation_layer(kind: str, settings: Settings) -> Layer:
    """One of Keras's layers for activations as one of ours."""
    from ...layers import ELU, Activation, ReLU, Softmax

    if kind == "Activation":
        return Activation(settings.activation("activation", settings.take("activation")) or "linear")
    if kind == "ELU":
        return ELU(settings.take("alpha", 1.0))
    if kind == "Softmax":
        settings.expect("axis", -1, [-1])
        return Softmax()
    if kind == "LeakyReLU":
        return LeakyReLU(settings.take("negative_slope", settings.take("alpha", 0.3)))
    settings.expect("max_value", None)
    settings.expect("threshold", 0, None)
    slope = settings.take("negative_slope", 0) or 0
    return LeakyReLU(slope) if slope else ReLU()


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def _initializer(value: Any) -> Any:
    """Ours of that name and settings; None where there is none, which changes no weights that are there."""
    given = value if isinstance(value, Mapping) else {}
    cls = getattr(initializers, str(given.get("class_name")), None)
    if isinstance(cls, type) and issubclass(cls, initializers.Initializer) and isinstance(given.get("config"), Mapping):
        names = set(inspect.signature(cls).parameters)
        return cls(**{key: v for key, v in given["config"].items() if key in names})
    return value if isinstance(value, str) and value in initializers._known else None


def _regularizer(key: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind not in ("L1", "L2", "L1L2") or not isinstance(config, Mapping):
        raise Unsupported(f"{key} {kind!r} has no regularizer here")
    return {"class_name": kind, "config": {k: float(v) for k, v in config.items()}}
