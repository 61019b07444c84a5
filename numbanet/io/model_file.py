"""Model files: the tensors of a model, and in the metadata what makes its layers and its compile choices again.

What a file says is made with the classes that are defined when it is read, found by their names; nothing in it is
code. Before memory is allocated, the layers must describe the very tensors that the file has.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..checks import positive_integer, seed_number
from ..config import plain
from ..errors import ArgumentError, NumbanetError
from ..layers.base import Layer, Shape
from ..layers.chain import Chain
from ..losses import Loss
from ..losses import get as get_loss
from ..metrics import Metric
from ..metrics import get as get_metric
from ..network import Network
from ..optimizers import Optimizer
from ..optimizers import get as get_optimizer
from .classes import expect_known_classes
from .strict_json import dumps, parse
from .tensors import MOST_AXES, blame, path_text, read_tensors, write_tensors

FIELDS = {"kind", "name", "seed", "layers", "input_shape", "dtype", "compile", "weights"}
MODEL = "model/"  # before the names of a model's tensors in a checkpoint
AVERAGE = "state/moments/average/"  # and before those of their averages
LARGEST_STATES = 2**25  # bytes, of the metrics: a ConfusionMatrix of 2048 classes


class Choices(NamedTuple):
    """What compile was given."""

    optimizer: Optimizer
    loss: Loss
    metrics: list[Metric]


Chosen = tuple[Optimizer | None, Loss | None, Sequence[Metric]]


class SavedModel(NamedTuple):
    """All that a model file says, checked."""

    name: str
    seed: int
    layers: list[Layer]
    input_shape: Shape
    dtype: str
    choices: Choices | None


def save_model(path: str | os.PathLike[str], name: str, network: Network, chosen: Chosen) -> None:
    """Write a network, and what compile was given, to a file that is there whole or not at all.

    Raises ArgumentError where the configuration of a layer, or of anything else, does not make the same thing again;
    FileError where the file cannot be written, and MissingDependency without the package safetensors.
    """
    path_text("save", path)
    write_tensors(path, *described(name, network, chosen))


def described(name: str, network: Network, chosen: Chosen) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors and the metadata of a model file. Raises ArgumentError where they would not make the model again."""
    optimizer, loss, metrics = chosen
    choices = None if optimizer is None or loss is None else Choices(optimizer, loss, list(metrics))
    tensors = {slot.key: slot.value for slot in network.slots}
    metadata = {
        "kind": "model",
        "name": name,
        "seed": network.seed,
        "layers": [_node(layer) for layer in network.layers],
        "input_shape": network.input_shape,
        "dtype": network.dtype.name,
        "compile": choices
        and {
            "optimizer": _node(choices.optimizer),
            "loss": _node(choices.loss),
            "metrics": [_node(metric) for metric in choices.metrics],
        },
        "weights": list(tensors),
    }
    try:
        plain = parse(dumps(metadata))
        again = made(plain, tensors)
    except Exception as error:
        raise ArgumentError(f"save: what the file would say makes no model: {error!s:.1000}") from error
    _expect_same([*network.layers, *_parts(choices)], [*again.layers, *_parts(again.choices)])
    return tensors, plain


def read_model(path: str | os.PathLike[str]) -> tuple[SavedModel, dict[str, Any]]:
    """What a model file or a checkpoint says of a model, and its tensors. Raises FileError, and nothing else."""
    source = path_text("load_model", path)
    tensors, metadata = read_tensors(source)
    with blame(source):
        if metadata.get("kind") == "checkpoint":
            averages = {name.removeprefix(AVERAGE): a for name, a in tensors.items() if name.startswith(AVERAGE)}
            is_average = metadata.get("validated") == "average"
            metadata, tensors = model_part(metadata, tensors)
            tensors |= averages if is_average else {}
        return made(metadata, tensors), tensors


def model_part(metadata: Mapping[str, Any], tensors: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The metadata and the tensors of a model file that a checkpoint holds. Raises ValueError."""
    if set(metadata) != {"kind", "model", "validated"} or not isinstance(metadata["model"], dict):
        raise ValueError(f"expected a model in a checkpoint, found {', '.join(metadata):.200}")
    if metadata["validated"] not in ("weights", "average"):
        raise ValueError(f"expected weights or average to be validated, found {metadata['validated']!r:.100}")
    return metadata["model"], {name.removeprefix(MODEL): a for name, a in tensors.items() if name.startswith(MODEL)}


def _parts(choices: Choices | None) -> list[Any]:
    return [choices.optimizer, choices.loss, *choices.metrics] if choices else []


def _node(value: Any) -> Any:
    """An object as the values that make it again. Raises ArgumentError where they are no plain ones."""
    found = plain(value)
    try:
        return parse(dumps(found))
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(
            f"save: get_config() of {_called(value)} must return names, numbers, lists and dicts, which JSON holds: "
            f"{error!s:.500}"
        ) from None


def _called(value: Any) -> str:
    name = getattr(value, "name", None)
    return type(value).__name__ + (f" ({name!r})" if name else "")


def _expect_same(parts: Sequence[Any], again: Sequence[Any]) -> None:
    """Raises ArgumentError where something was not made again as it is."""
    for one, other in zip(parts, again, strict=True):
        own = vars(type(one)).get("from_config")
        left_out = set() if own else _arguments(type(one)) - set(one.get_config())
        if type(one) is not type(other) or left_out or _node(one) != _node(other) or _frozen(one) != _frozen(other):
            what = f"leaves out {', '.join(sorted(left_out))}" if left_out else "does not make the same one again"
            raise ArgumentError(
                f"save: the configuration of {_called(one)} {what}. Define get_config() to return all arguments of the "
                "constructor."
            )


def _frozen(part: Any) -> list[Any]:
    """Which layers are frozen, of a layer and those in it."""
    return [not part.trainable, *map(_frozen, part.inner_layers)] if isinstance(part, Layer) else []


def _arguments(cls: type) -> set[str]:
    parameters = inspect.signature(cls).parameters.values()
    return {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def made(metadata: Mapping[str, Any], tensors: Mapping[str, Any]) -> SavedModel:
    """What the metadata says, which must fit the tensors. Raises whatever a constructor raises."""
    if metadata.get("kind") != "model":
        raise ValueError(f"expected a model, found a file of kind {metadata.get('kind')!r:.100}")
    if set(metadata) != FIELDS:
        raise ValueError(f"expected metadata {', '.join(sorted(FIELDS))}, found {', '.join(sorted(metadata)):.500}")
    name, weights, nodes = metadata["name"], metadata["weights"], metadata["layers"]
    if not isinstance(name, str) or not _are_names(weights):
        raise ValueError(f"expected a name and names of weights, found {name!r:.100} and {weights!r:.200}")
    if not isinstance(nodes, list) or not nodes:
        raise ValueError(f"expected a list of layers, found {nodes!r:.200}")
    expect_known_classes([nodes, metadata["compile"]])
    layers = [_layer(node) for node in nodes]
    shape = _shape(metadata["input_shape"])
    _expect_tensors(_described(layers, shape), weights, tensors, metadata["dtype"])
    seed = seed_number("seed", metadata["seed"])
    return SavedModel(name, seed, layers, shape, metadata["dtype"], _choices(metadata["compile"]))


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _layer(node: Any) -> Layer:
    if not isinstance(node, dict) or set(node) != {"class_name", "config"} or not isinstance(node["config"], dict):
        raise ValueError(f"expected layers of class_name and config, found {node!r:.200}")
    cls = Layer.registry.get(str(node["class_name"]))
    if cls is None:
        raise ValueError(f"expected the name of a layer's class, found {node['class_name']!r:.100}")
    try:
        layer = cls.from_config(node["config"])
    except NumbanetError:
        raise
    except Exception as error:
        raise ValueError(f"expected a configuration of {cls.__name__}, found one that it refuses: {error}") from error
    if not isinstance(layer, Layer):
        raise ValueError(f"expected a layer from {cls.__name__}.from_config, found {layer!r:.100}")
    return layer


def _shape(value: Any) -> Shape:
    if not isinstance(value, list) or len(value) >= MOST_AXES:
        raise ValueError(f"expected an input_shape, found {value!r:.100}")
    return tuple(positive_integer("input_shape", "size", size) for size in value)


def _described(layers: Sequence[Layer], shape: Shape) -> dict[str, Shape]:
    """The parameters that the layers ask for."""
    names = [layer.name for layer in layers if isinstance(layer.name, str)]
    if len(set(names)) != len(layers):
        raise ValueError(f"expected layers of different names, found {[layer.name for layer in layers]!r:.200}")
    parameters = Chain(layers, names, shape).description.parameters
    found = {p.name: p.shape for p in parameters}
    if len(found) != len(parameters):
        raise ValueError("expected parameters of different names in each layer, found one twice")
    return found


def _expect_tensors(wanted: dict[str, Shape], names: list[str], tensors: Mapping[str, Any], dtype: Any) -> None:
    """The layers want the very tensors that the file has, in that order."""
    if dtype not in ("float32", "float64"):
        raise ValueError(f"expected dtype float32 or float64, found {dtype!r:.100}")
    if list(wanted) != names or set(wanted) != set(tensors):
        raise ValueError(f"expected the tensors {list(wanted)!r:.300} for its layers, found {list(tensors)!r:.300}")
    for name, shape in wanted.items():
        a = tensors[name]
        if a.shape != tuple(shape) or a.dtype.name != dtype:
            raise ValueError(
                f"tensor {name!r:.100}: expected {shape!r:.200} of {dtype} for its layer, found {a.shape} of {a.dtype}"
            )


def _choices(node: Any) -> Choices | None:
    if node is None:
        return None
    if not isinstance(node, dict) or set(node) != {"optimizer", "loss", "metrics"} or type(node["metrics"]) is not list:
        raise ValueError(f"expected an optimizer, a loss and metrics under compile, found {node!r:.200}")
    choices = Choices(
        get_optimizer(node["optimizer"]), get_loss(node["loss"]), [get_metric(m) for m in node["metrics"]]
    )
    if (size := sum(8 * math.prod(metric.state_shape) for metric in choices.metrics)) > LARGEST_STATES:
        raise ValueError(f"expected metrics that count in at most {LARGEST_STATES} bytes, found {size}")
    return choices
