"""What inference programs are made of: each operation's arguments, and the body that an exported file has for it.

A row says what the arguments of a kernel are, in their order, and how they are called in the bodies:

    x[N I]       an array that is read, with the names of its sizes
    >y[N O]      an array that is written, another one or new
    x>y[E]       an array that is written in place: the body reads it as x and writes it as y
    size(K L)    integers, with their names; setting(back cut tau) likewise
    alpha        a number
    -argmax      an array that only training reads; its sizes count, as in -mean[N G]
    !keep        an array without elements in inference

A body is a C function in c/<body>.c and a Python function in python/. Its parameters are arrays, sizes and numbers by
these names. A first size R or E of an array stands for all axes before the others: its rows, its elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...kernels._gates import NAMES

ACTIVATIONS = (
    *("gelu", "gelu_tanh", "hard_sigmoid", "linear", "mish", "relu", "selu", "sigmoid", "silu", "softplus"),
    *("softsign", "step", "tanh"),
)
GATES = tuple("elu_one" if name == "elu" else name for name in NAMES)  # the bodies of a recurrent layer's activations
# operations whose parameters alone make something first: by what, what it is called, and the parameters
SPLIT = {
    "batch_norm.forward": ("batch_norm.factor", "factor", ("variance", "gamma")),
    "standardization.forward": ("standardization.deviation", "deviation", ("variance",)),
    "standardization.inverse": ("standardization.deviation", "deviation", ("variance",)),
}
# bodies that may write where they read
IN_PLACE = {"batch_norm", "bias", "destandardization", "layer_norm", "log_softmax", "softmax", "standardization"}
NEUTRAL = {"b": 0.0, "beta": 0.0, "gamma": 1.0, "mask": 1.0}  # arrays that a body does without if they are this
STARTS = ("c0", "h0")  # arrays of which only one state is there before the loop over time
WINDOW = "strides(SH SW) padding(T L) dilation(DH DW)"
POOL = "size(K L) strides(S R) padding(top left)"


@dataclass(frozen=True)
class Argument:
    """One argument of a kernel. kind: "array", "number", "unused" or "empty"; sizes: their names, or the numbers'."""

    kind: str
    read: str = ""
    written: str = ""
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """A row: the body, the arguments, and for C an array that the body works in, with its sizes' names."""

    body: str
    arguments: tuple[Argument, ...]
    scratch: dict[str, str] = field(default_factory=dict)

    @property
    def in_place(self) -> bool:
        """Whether what is written may lie where an array of its size is read."""
        return self.body in IN_PLACE or all(a.sizes == ("E",) for a in self.arguments if a.kind == "array")


def _argument(text: str) -> Argument:
    mark, read, written, sizes = re.fullmatch(r"([-!]?)(\w*)(?:>(\w+))?(?:[\[(]([^\])]*)[\])])?", text).groups()  # type: ignore[union-attr]
    kind = {"-": "unused", "!": "empty"}.get(mark) or ("array" if "[" in text else "number")
    return Argument(kind, read, written or "", tuple((sizes or "").split()))


def _operation(body: str, arguments: str, **scratch: str) -> Operation:
    parts = re.findall(r"[^\s\[(]+(?:\[[^\]]*\]|\([^)]*\))?", arguments)
    return Operation(body, tuple(map(_argument, parts)), scratch)


OPERATIONS = {
    **{f"activations.{name}": _operation(name, "x[E] >y[E]") for name in ACTIVATIONS},
    "activations.elu": _operation("elu", "x[E] alpha >y[E]"),
    "activations.leaky_relu": _operation("leaky_relu", "x[E] alpha >y[E]"),
    "activations.relu_in_place": _operation("relu", "x>y[E]"),
    "add.forward": _operation("add", "a[E] b[E] >y[E]"),
    "average_pool2d.forward": _operation("average_pool2d", f"x[N H W C] {POOL} >y[N P Q C]"),
    "batch_norm.factor": _operation("batch_norm_factor", "variance[C] gamma[C] epsilon >factor[C]"),
    "batch_norm.forward": _operation("batch_norm", "x[R C] mean[C] variance[C] gamma[C] beta[C] epsilon >y[R C]"),
    "bias.forward": _operation("bias", "b[C] x>y[R C]"),
    "conv2d.backward_input": _operation("conv2d_transpose", f"x[N P Q O] w[KH KW I O] {WINDOW} >y[N H W C]"),
    "conv2d.forward": _operation("conv2d", f"x[N H W C] w[KH KW I O] b[O] {WINDOW} >y[N P Q O]"),
    "conv2d.forward_without_bias": _operation("conv2d", f"x[N H W C] w[KH KW I O] {WINDOW} >y[N P Q O]"),
    "copy.forward": _operation("linear", "x[E] >y[E]"),
    "dense.forward": _operation("dense", "x[R I] w[I O] b[O] >y[R O]"),
    "dense.forward_without_bias": _operation("dense", "x[R I] w[I O] >y[R O]"),
    "depthwise_conv2d.forward": _operation("depthwise_conv2d", f"x[N H W C] w[KH KW C M] b[O] {WINDOW} >y[N P Q O]"),
    "depthwise_conv2d.forward_without_bias": _operation(
        "depthwise_conv2d", f"x[N H W C] w[KH KW C M] {WINDOW} >y[N P Q O]"
    ),
    "embedding.forward": _operation("embedding", "x[R] w[V D] >y[R D]"),
    "fill.constant": _operation("fill", "value >y[E]"),
    "flip.forward": _operation("flip", "w[KH KW I O] >flipped[KH KW I O]"),
    "global_average_pool.forward": _operation("global_average_pool", "x[N T C] >y[N C]"),
    "global_max_pool.forward": _operation("global_max_pool", "x[N T C] -argmax >y[N C]"),
    "group_norm.forward": _operation("group_norm", "x[N T C] gamma[C] beta[C] epsilon -mean[N G] -inverse >y[N T C]"),
    "gru.forward": _operation(
        "gru",
        "x[N T I] w[I Z] u[H Z] b[2 Z] mask[N T] !keep setting(back cut tau sigma) -z -v h0>h[N S H]",
        z="2 Z",
    ),
    "gru.forward_reset_before": _operation(
        "gru_reset_before",
        "x[N T I] w[I Z] u[H Z] b[Z] mask[N T] !keep setting(back cut tau sigma) -z -v h0>h[N S H]",
        z="2 Z",
    ),
    "layer_norm.forward": _operation("layer_norm", "x[R C] gamma[C] beta[C] epsilon -mean -inverse >y[R C]"),
    "log_softmax.forward": _operation("log_softmax", "x[R C] >y[R C]"),
    "lstm.forward": _operation(
        "lstm",
        "x[N T I] w[I Z] u[H Z] b[Z] mask[N T] !keep setting(back cut tau sigma) -z c0>c[N S H] h0>h[N S H]",
        z="Z",
    ),
    "masking.forward": _operation("masking", "x[N T F] value >mask[N T] >y[N T F]"),
    "masking.indices": _operation("masking_indices", "x[N T] >mask[N T]"),
    "max_pool2d.forward": _operation("max_pool2d", f"x[N H W C] {POOL} -argmax >y[N P Q C]"),
    "merge.average": _operation("average", "a[E] b[E] >y[E]"),
    "merge.concatenate": _operation("concatenate", "a[R A] b[R B] >y[R C]"),
    "merge.multiply": _operation("multiply", "a[E] b[E] >y[E]"),
    "simple_rnn.forward": _operation(
        "simple_rnn", "x[N T I] w[I H] u[H H] b[H] mask[N T] !keep setting(back cut tau) h0>h[N S H]"
    ),
    "softmax.forward": _operation("softmax", "x[R C] >y[R C]"),
    "standardization.deviation": _operation("deviation", "variance[C] epsilon >deviation[C]"),
    "standardization.forward": _operation("standardization", "x[R C S] mean[C] variance[C] epsilon >y[R C S]"),
    "standardization.inverse": _operation("destandardization", "x[R C S] mean[C] variance[C] epsilon >y[R C S]"),
    "time_slice.forward": _operation("time_slice", "a[N A F] first step >y[N T F]"),
    "time_slice.put": _operation("time_put", "one[N F] first a>y[N A F]"),
    "up_sampling2d.bilinear": _operation("bilinear", "x[N H W C] size(SH SW) >y[N P Q C]"),
    "up_sampling2d.nearest": _operation("nearest", "x[N H W C] size(SH SW) >y[N P Q C]"),
    "zero_padding2d.backward": _operation("crop2d", "x[N H W C] padding(top left) >y[N P Q C]"),
    "zero_padding2d.forward": _operation("zero_padding2d", "x[N H W C] padding(top left) >y[N P Q C]"),
}
