"""The order in which a torch module calls its parts: torch.fx follows its forward pass, which must be a chain.

Following it, and not the order of its children, finds the functions between them, as in F.relu(self.conv(x)), and
refuses what is no chain, as a sum of two branches. No number is computed.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from ...errors import ArgumentError
from ..problems import refuse

RECURRENT = ("RNN", "LSTM", "GRU")
LAST_STEP, PERMUTE, VIEW = "the last step", "permute", "view"
EVERYTHING = slice(None, None, None)

# functions, and the names of their arguments in order: what the module of that name would be made with
FUNCTIONS = {
    "relu": ("ReLU", ()),
    "leaky_relu": ("LeakyReLU", ("negative_slope",)),
    "elu": ("ELU", ("alpha",)),
    "selu": ("SELU", ()),
    "gelu": ("GELU", ()),
    "sigmoid": ("Sigmoid", ()),
    "tanh": ("Tanh", ()),
    "softplus": ("Softplus", ("beta", "threshold")),
    "softsign": ("Softsign", ()),
    "silu": ("SiLU", ()),
    "mish": ("Mish", ()),
    "hardsigmoid": ("Hardsigmoid", ()),
    "softmax": ("Softmax", ("dim",)),
    "log_softmax": ("LogSoftmax", ("dim",)),
    "dropout": ("Dropout", ("p",)),
    "dropout1d": ("Dropout1d", ("p",)),
    "dropout2d": ("Dropout2d", ("p",)),
    "max_pool1d": ("MaxPool1d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")),
    "max_pool2d": ("MaxPool2d", ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")),
    "avg_pool1d": ("AvgPool1d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "avg_pool2d": ("AvgPool2d", ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "adaptive_avg_pool1d": ("AdaptiveAvgPool1d", ("output_size",)),
    "adaptive_avg_pool2d": ("AdaptiveAvgPool2d", ("output_size",)),
    "adaptive_max_pool1d": ("AdaptiveMaxPool1d", ("output_size",)),
    "adaptive_max_pool2d": ("AdaptiveMaxPool2d", ("output_size",)),
    "flatten": ("Flatten", ("start_dim", "end_dim")),
    "unflatten": ("Unflatten", ("dim", "unflattened_size")),
}
DEFAULTS = {"flatten": {"start_dim": 0, "end_dim": -1}}  # where a function's are not those of the module
NOTHING = ("contiguous", "clone")  # methods that give what they get
LEFT_OUT = {"inplace", "training", "_stacklevel", "return_indices", "dtype"}  # where they are False or None


@dataclass(frozen=True)
class Step:
    """One part of the chain.

    kind: the name of its class in torch.nn, "permute", "view" or "the last step" (of a recurrent layer).
    module: it, or for a function the module that does the same. sizes: of permute and view, without the batch axis.
    """

    place: str
    kind: str
    module: Any = None
    sizes: tuple[int, ...] = ()


class _Walk:
    """Goes through a graph of torch.fx once, and keeps what each node is."""

    def __init__(self, torch: Any, root: Any) -> None:
        self.torch, self.root = torch, root
        self.steps: list[Step] = []
        self.problems: list[str] = []
        self.value: Any = None  # the node that the chain has come to
        self.parts: dict[Any, str] = {}  # nodes beside it: the states of a recurrent layer, the batch's size, ...
        self.seen: set[str] = set()
        self.functions = _functions(torch)

    def visit(self, node: Any) -> None:
        if node.op == "placeholder":
            if self.value is None:
                self.value = node
            elif node.users:
                self.problems.append(f"{node.target} (an argument): a chain has one input")
        elif node.op == "output":
            if node.args[0] is not self.value:
                self.problems.append("output: a chain gives the result of its last part, and nothing else")
        elif self._beside(node):
            return
        elif not node.args or node.args[0] is not self.value or len(node.all_input_nodes) > self._sizes(node) + 1:
            self._refuse(node, "it takes something else than the result of the part before")
        elif node.op == "call_module":
            self._call_module(node)
        else:
            self._call_function(node)

    def _sizes(self, node: Any) -> int:
        return sum(self.parts.get(source) == "batch size" for source in node.all_input_nodes)

    def _refuse(self, node: Any, why: str) -> None:
        name = getattr(node.target, "__name__", node.target)
        self.problems.append(f"{node.name} ({name}): {why}")
        self.value = node

    def _beside(self, node: Any) -> bool:
        """Whether the node is no part of the chain, but a size or one of the results of a recurrent layer."""
        is_item = node.op == "call_function" and node.target is operator.getitem
        source = node.args[0] if node.args else None
        is_shape = node.target is getattr and node.args[1:] == ("shape",)
        if is_shape or (node.op == "call_method" and node.target == "size"):
            whole = is_shape or len(node.args) == 1
            self.parts[node] = "shape" if whole else "batch size" if node.args[1] == 0 else "size"
        elif is_item and self.parts.get(source) == "shape":
            self.parts[node] = "batch size" if node.args[1] == 0 else "size"
        elif is_item and source is self.value and self._after_recurrent() and node.args[1] == 0:
            self.parts[node] = "sequences"
            self.value = node
        elif is_item and source in self._results() and node.args[1] == 1:
            self.parts[node] = "states" if self.steps[-1].kind == "LSTM" else "h"
        elif is_item and self.parts.get(source) == "states":
            self.parts[node] = "h" if node.args[1] == 0 else "c"
        elif is_item and self.parts.get(source) == "h" and node.args[1] == -1 and self._after_recurrent():
            self._last_step(node)
        else:
            return False
        return True

    def _after_recurrent(self) -> bool:
        return bool(self.steps) and self.steps[-1].kind in RECURRENT

    def _results(self) -> tuple[Any, ...]:
        """The nodes that stand for both results of the recurrent layer that was just called."""
        if not self._after_recurrent():
            return ()
        return (self.value, self.value.args[0] if self.value.args else None)

    def _last_step(self, node: Any) -> None:
        self.steps.append(Step(node.name, LAST_STEP))
        self.value = node

    def _call_module(self, node: Any) -> None:
        module = self.root.get_submodule(node.target)
        kind = type(module).__name__
        self.value = node
        if len(node.args) > 1 or node.kwargs:
            self.problems.append(f"{node.target} ({kind}): it is called with more than one argument")
        elif node.target in self.seen and any(True for _ in module.parameters()):
            self.problems.append(f"{node.target} ({kind}): it is called twice, and layers here do not share parameters")
        elif any(getattr(module, hooks) for hooks in ("_forward_hooks", "_forward_pre_hooks")):
            self.problems.append(f"{node.target} ({kind}): it has hooks, which may change what it computes")
        elif type(module) is not getattr(self.torch.nn, kind, None):
            self.problems.append(f"{node.target} ({kind}): it is not a class of torch.nn")
        else:
            self.steps.append(Step(node.target, kind, module))
        self.seen.add(node.target)

    def _call_function(self, node: Any) -> None:
        if node.target is operator.getitem:
            self._item(node)
            return
        is_method = node.op == "call_method"
        name = node.target if is_method else self.functions.get(node.target, "")
        if name in ("permute", "transpose", "swapaxes"):
            self._permute(node, name)
        elif is_method and name in ("view", "reshape"):
            self._view(node)
        elif name in FUNCTIONS:
            self._function(node, name)
        elif not (is_method and name in NOTHING):
            self._refuse(node, "there is no layer for it")
        self.value = node

    def _item(self, node: Any) -> None:
        index = node.args[1]
        ends = isinstance(index, tuple) and index[:2] == (EVERYTHING, -1)
        if ends and index[2:] in ((), (EVERYTHING,)) and self._after_recurrent():
            self._last_step(node)
        else:
            self._refuse(node, "of all indexing only x[:, -1] after a recurrent layer has a layer here")

    def _permute(self, node: Any, name: str) -> None:
        given = _numbers(node.args[1:])
        if given is None or node.kwargs:
            self._refuse(node, "its axes are not numbers")
        elif name == "permute":
            self.steps.append(Step(node.name, PERMUTE, sizes=given))
        else:
            one, other = (axis % 3 for axis in given)  # of sequences, the only ones that it is right for
            self.steps.append(Step(node.name, PERMUTE, sizes=(0, 2, 1) if {one, other} == {1, 2} else given))

    def _view(self, node: Any) -> None:
        given = node.args[1:]
        given = tuple(given[0]) if len(given) == 1 and isinstance(given[0], tuple | list) else tuple(given)
        sizes = _numbers(given[1:])
        first_is_batch = bool(given) and (self.parts.get(given[0]) == "batch size" or given[0] == -1)
        if not first_is_batch or not sizes or (given[0] == -1 and -1 in sizes):
            self._refuse(node, "expected the batch axis to stay, as in x.view(x.size(0), -1)")
        else:
            self.steps.append(Step(node.name, VIEW, sizes=sizes))

    def _function(self, node: Any, name: str) -> None:
        kind, names = FUNCTIONS[name]
        given = DEFAULTS.get(name, {}) | dict(zip(names, node.args[1:], strict=False)) | dict(node.kwargs)
        wanted = {key: v for key, v in given.items() if key not in LEFT_OUT or (v and key == "return_indices")}
        wanted.pop("input", None)
        if len(node.args) > len(names) + 1 and not all(v in (False, None, True) for v in node.args[len(names) + 1 :]):
            self._refuse(node, "it has more arguments than are known")
            return
        try:
            self.steps.append(Step(node.name, kind, getattr(self.torch.nn, kind)(**wanted)))
        except Exception as error:
            self._refuse(node, f"{kind} refuses its arguments: {error}")


def steps(torch: Any, module: Any) -> list[Step]:
    """The parts that the module's forward pass calls, in order. Raises ArgumentError where it is no chain."""
    is_part = type(module).__module__.startswith("torch.nn") and not isinstance(module, torch.nn.Sequential)
    root = torch.nn.Sequential(module) if is_part else module
    try:
        graph = torch.fx.Tracer().trace(root)
    except Exception as error:
        raise ArgumentError(
            f"from_torch: the forward pass of {type(module).__name__} must be a chain that torch.fx can follow, "
            f"without conditions on values. It stopped at: {error!s:.500}"
        ) from error
    walk = _Walk(torch, root)
    for node in graph.nodes:
        walk.visit(node)
    refuse("from_torch", f"a {type(module).__name__}", walk.problems)
    return walk.steps


def _numbers(values: Any) -> tuple[int, ...] | None:
    """Integers, also where they come as one tuple; None for anything else."""
    found = values[0] if len(values) == 1 and isinstance(values[0], tuple | list) else values
    return tuple(found) if all(type(v) is int for v in found) else None


def _functions(torch: Any) -> dict[Any, str]:
    """The functions that FUNCTIONS names, wherever torch has them, and those that move axes."""
    found = {}
    for name in (*FUNCTIONS, "permute", "transpose", "swapaxes"):
        for home in (torch, torch.nn.functional):
            if hasattr(home, name):
                found[getattr(home, name)] = name
    return found
