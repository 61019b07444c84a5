"""The parameters of a network as torch's state_dict, and back.

A state_dict has its tensors module by module, in the order in which modules were made; so has get_weights, layer by
layer. Modules and layers that hold parameters are therefore matched in order, and every name and shape must fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ...network import Network
from ..problems import Unsupported
from .library import torch
from .parts import Part, parts
from .recurrent import NAME
from .tensors import COUNT, array


@dataclass
class _Module:
    """The tensors of one module, of a recurrent one those of one layer, and their names as of a module with one."""

    prefix: str
    keys: dict[str, str] = field(default_factory=dict)


def torch_state_dict(network: Network, like: Any = None) -> dict[str, Any]:
    """Parameters by torch's names, as tensors: what `module.load_state_dict` takes.

    like: a torch module or its state_dict, whose names are used, each checked by its shape. Its modules must come in
        the order of the layers; a recurrent module with several layers stands for as many layers here.
    Without it the names are "0.weight", "0.bias", "2.weight", ..., as in an nn.Sequential that has one module for each
    layer, in order, and one more for each `activation=` of a layer.

    num_batches_tracked, which torch counts and nothing here does, is `like`'s own, else 0. Where torch has two biases
    and a layer one (RNN, LSTM), the second is zeros.

    Raises ArgumentError where torch has no module for a layer, or `like` does not fit; MissingDependency without torch.
    """
    library, owner = torch("to_torch_state_dict"), "to_torch_state_dict"
    tensors: dict[str, Any] = {}
    for part, module, arrays in _pairs(owner, network, None if like is None else _state_dict(owner, like)):
        for name, a in arrays.items():
            tensors[module.keys[name]] = library.from_numpy(np.array(a, order="C"))
        if like is None and "running_mean" in arrays:
            tensors[f"{part.position}.{COUNT}"] = library.zeros((), dtype=library.int64)
    if like is None:
        return tensors
    kept = {key: t.detach().clone() for key, t in _state_dict(owner, like).items() if _is_count(key)}
    return {key: (tensors | kept)[key] for key in _state_dict(owner, like)}


def fill_from_state_dict(network: Network, state_dict: Mapping[str, Any]) -> list[Any]:
    """The values of a network's parameters, in the order of get_weights, from those of a torch module of its shape.

    state_dict: tensors or arrays by name, as `module.state_dict()` or `torch.load(path, weights_only=True)` gives them.
        Names before the last dot say only which tensors belong together; modules come in the order of the layers.

    Nothing is changed. The two biases of a torch RNN or LSTM are added where the layer has one.
    Raises ArgumentError with a list of all that does not fit.
    """
    owner = "from_torch"
    given = _state_dict(owner, state_dict)
    values: list[Any] = []
    problems = []
    for part, module, _ in _pairs(owner, network, given):
        arrays = {name: array(given[key]) for name, key in module.keys.items()}
        wrong = [f"{module.keys[n]} is of {a.dtype}" for n, a in arrays.items() if a.dtype != network.dtype]
        if wrong:
            problems.append(f"{wrong[0]}, and the model of {network.dtype}")
            continue
        try:
            values += part.from_torch(arrays)
        except Unsupported as error:
            problems.append(f"{part.name}: {error}")
    _refuse(owner, problems)
    return values


def _state_dict(owner: str, like: Any) -> Mapping[str, Any]:
    found = like.state_dict() if hasattr(like, "state_dict") else like
    if not isinstance(found, Mapping) or not all(
        isinstance(key, str) and hasattr(t, "shape") for key, t in found.items()
    ):
        raise ArgumentError(
            f"{owner}: expected a torch module or its state_dict, tensors by name. Received: {type(like).__name__}. A "
            'checkpoint often has it under a name, such as checkpoint["state_dict"]'
        )
    return found


def _is_count(key: str) -> bool:
    return key.rpartition(".")[2] == COUNT


def _modules(state_dict: Mapping[str, Any]) -> list[_Module]:
    """Its modules in order, each layer of a recurrent one by itself."""
    found: dict[tuple[str, int], _Module] = {}
    for key in state_dict:
        prefix, _, name = key.rpartition(".")
        match = NAME.fullmatch(name)
        k = int(match[2]) if match else 0
        if not _is_count(key):
            module = found.setdefault((prefix, k), _Module(prefix))
            module.keys[f"{match[1]}_l0{match[3] or ''}" if match else name] = key
    return list(found.values())


def _pairs(owner: str, network: Network, given: Mapping[str, Any] | None) -> list[tuple[Part, _Module, dict[str, Any]]]:
    """Each part of the network with its module and with its arrays by torch's names, which fit the given tensors."""
    try:
        ours = parts(network)
    except Unsupported as error:
        raise ArgumentError(f"{owner}: {error}") from None
    arrays, problems = [], []
    for part in ours:
        try:
            arrays.append(part.to_torch())
            if given is None and part.position is None:
                raise Unsupported("it is in a block, which nn.Sequential has not. Give like=, the module to fill")
        except Unsupported as error:
            problems.append(f"{part.name} ({type(part.layer).__name__}): {error}")
    _refuse(owner, problems)
    if given is None:
        modules = [
            _Module(str(p.position), {n: f"{p.position}.{n}" for n in a}) for p, a in zip(ours, arrays, strict=True)
        ]
    else:
        modules = _modules(given)
        _expect_fit(owner, ours, arrays, modules, given)
    return list(zip(ours, modules, arrays, strict=True))


def _expect_fit(
    owner: str,
    ours: Sequence[Part],
    arrays: Sequence[dict[str, Any]],
    modules: Sequence[_Module],
    given: Mapping[str, Any],
) -> None:
    """Raises ArgumentError where modules and layers do not go together, with all that is wrong."""
    if len(ours) != len(modules):
        raise ArgumentError(
            f"{owner}: expected tensors of {len(ours)} modules, for the layers {_listed([p.name for p in ours])}; "
            f"received those of {len(modules)}: {_listed([m.prefix or 'the module itself' for m in modules])}"
        )
    problems = []
    for part, wanted, module in zip(ours, arrays, modules, strict=True):
        names = {name: tuple(a.shape) for name, a in wanted.items()}
        found = {name: tuple(given[key].shape) for name, key in module.keys.items()}
        if names != found:
            where = f"{module.prefix!r}" if module.prefix else "the module itself"
            problems.append(f"{part.name} ({type(part.layer).__name__}) takes {names}, and {where} has {found}")
    _refuse(owner, problems)


def _refuse(owner: str, problems: Sequence[str]) -> None:
    if problems:
        listed = "".join(f"\n  {problem:.500}" for problem in problems)
        raise ArgumentError(f"{owner}: {len(problems)} of the layers and torch's modules do not go together:{listed}")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown}, ..." if len(names) > 8 else shown
