"""One C99 file that needs the standard library alone: the operations, the weights, and a predict that calls them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from ...layers.base import Shape
from ...network import Network
from .. import atomic
from ..tensors import path_text
from .bodies import c_files, c_parameters, c_source, c_with_needs, in_double
from .graph import Graph, Node, Value, on_the_reference, read_graph
from .lowering import lower
from .memory import lay_out
from .text import WIDTH, Names, comment, identifier, wrapped

# words that no name at the level of a file may be: C's own, the functions of math.h, and what compilers add
KEYWORDS = re.findall(
    r"\w+",
    """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    main x y double_t float_t ptrdiff_t size_t offsetof asm fortran linux unix errno
    acos asin atan atan2 cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp
    gamma hypot ilogb j0 j1 jn ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf nan nearbyint
    nextafter nexttoward pow remainder remquo rint round scalbln scalbn sin sinh sqrt tan tanh tgamma trunc y0 y1
    yn""",
)
MAIN = """
#ifdef NUMBANET_MAIN
/* Reads samples as numbers from stdin, and writes the output of each on a line. */
#include <stdio.h>

int main(void)
{
    static float x[@INPUT], y[@OUTPUT];
    for (;;) {
        size_t count = 0;
        while (count < @INPUT && scanf("%f", &x[count]) == 1)
            count++;
        if (count < @INPUT) {
            if (count == 0 && feof(stdin))
                return 0;
            fprintf(stderr, "expected samples of %d numbers\\n", @INPUT);
            return 1;
        }
        @predict(x, y);
        for (size_t k = 0; k < @OUTPUT; k++)
            printf("%.@DIGITSg%c", y[k], k + 1 < @OUTPUT ? ' ' : '\\n');
    }
}
#endif
"""


def write_c(path: str | os.PathLike[str], network: Network, name: str) -> None:
    """Write the network's inference as one C99 file with a function <name>_predict(x, y), of one sample.

    name: of the model; what no identifier may hold is left out of it. Raises ArgumentError for an operation without a
    body, and FileError where the file cannot be written.
    """
    atomic.write(path_text("write_c", path), [c_text(network, name).encode("ascii")])


def c_text(network: Network, name: str) -> str:
    """The file's text."""
    network = on_the_reference(network)
    return _File(lower(read_graph(network, 1)), network, name).text()


class _File:
    def __init__(self, graph: Graph, network: Network, name: str) -> None:
        self.graph, self.network, self.title = graph, network, comment(name)
        self.real = "float" if network.dtype == np.float32 else "double"
        helpers = [c_parameters(body)[0] for body in c_files()]
        taken = [f"{word}{suffix}" for word in KEYWORDS for suffix in ("", "f", "l")]
        self.names = Names([*taken, *helpers])
        self.prefix = identifier(name)
        for public in ("predict", "predict_in", "INPUT", "OUTPUT", "WORKSPACE"):
            self.names.of(public, f"{self.prefix if public.islower() else self.prefix.upper()}_{public}")
        self.workspace = self.names.of("workspace", "workspace")
        self.layout = lay_out(graph)
        self.constants: dict[str, Any] = {}

    def text(self) -> str:
        calls = "\n".join(self._calls())
        used = {node.operation.body for node in self.graph.nodes}
        used |= {gate for node in self.graph.nodes for gate in node.gates.values()}
        if self._is_copy:
            used.add("linear")
        operations = [c_source(body) for body in c_with_needs(used)]
        weights = [self._constant(name, data) for name, data in self.constants.items()]
        text = "\n".join([self._head(), *operations, *weights, self._predict(calls)]) + self._main()
        return text if self.real == "float" else in_double(text)

    @property
    def _is_copy(self) -> bool:
        """Whether the output is the input, which no operation writes."""
        return self.graph.y.value is self.graph.x

    @property
    def _macro(self) -> str:
        return self.prefix.upper()

    def _head(self) -> str:
        network, macro = self.network, self._macro
        layers = "\n".join(
            f"     {comment(f'{layer.name}: {type(layer).__name__}')} {_sizes(d.output_shape)}"
            for layer, d in zip(network.layers, network.descriptions, strict=True)
        )
        what = f", whole numbers from 0 to {limit - 1}" if (limit := network.index_limit) else ""
        given, out = _sizes(network.input_shape), _sizes(network.output_shape)
        return f"""/* {self.title}: a neural network in C99, written by numbanet.

   {self.prefix}_predict computes the output y {out} for one sample x {given}{what}.
   Axes are in C order, channels last; x and y must not overlap. It works in a static buffer, so that one thread
   may call it at a time; {self.prefix}_predict_in works in a buffer of yours, of {macro}_WORKSPACE numbers.
   Compile with -O3 -march=native for speed, and link with -lm.

{layers} */

#include <math.h>
#include <stddef.h>

#define {macro}_INPUT {math.prod(network.input_shape)}
#define {macro}_OUTPUT {math.prod(network.output_shape)}
#define {macro}_WORKSPACE {max(self.layout.size, 1)}

void {self.prefix}_predict(const float *x, float *y);
void {self.prefix}_predict_in(const float *x, float *y, float *workspace);
"""

    def _predict(self, calls: str) -> str:
        unused = "" if self.layout.blocks else f"    (void){self.workspace};\n"
        return f"""void {self.prefix}_predict_in(const float *x, float *y, float *{self.workspace})
{{
{unused}{calls}
}}

void {self.prefix}_predict(const float *x, float *y)
{{
    static float {self.workspace}[{self._macro}_WORKSPACE];
    {self.prefix}_predict_in(x, y, {self.workspace});
}}
"""

    def _calls(self) -> Iterator[str]:
        if self._is_copy:
            yield f"    linear_forward(x, y, {self._macro}_INPUT);"
        owner, known = "", set()
        for k, node in enumerate(self.graph.nodes):
            if node.owner and node.owner != owner:
                owner = node.owner
                yield ("" if k == 0 else "\n") + f"    /* {comment(owner)} */"
            places = [use.value.place for use in node.outputs.values()] + [(k, name) for name in node.operation.scratch]
            for place in places:
                if place in self.layout.blocks and place not in known:
                    known.add(place)
                    at = self.layout.blocks[place].at
                    yield f"    float *{self._place(place)} = {self.workspace}{f' + {at}' if at else ''};"
            yield self._call(node, k)

    def _call(self, node: Node, k: int) -> str:
        function, parameters = c_parameters(node.operation.body)
        parts: list[str] = []
        rows = reversed([*enumerate(node.operation.arguments)])
        sources = {name: ("size", row) for row, argument in rows for name in argument.sizes}
        for (kind, _), group in groupby(parameters, lambda p: sources.get(p[1], p) if p[0] == "size" else p):
            names = [name for _, name in group]
            if kind == "array":
                parts.append(self._argument(node, names[0], k))
            elif kind == "function":
                parts.append(c_parameters(node.gates[names[0]])[0])
            elif kind == "real":
                parts.append(_literal(self.network.dtype.type(node.numbers[names[0]])))
            else:
                values = ", ".join(str(int(node.sizes[n] if n in node.sizes else node.numbers[n])) for n in names)
                parts.append(f"/* {' '.join(names)} */ {values}")
        return wrapped(f"    {function}(", parts, ");")

    def _argument(self, node: Node, name: str, k: int) -> str:
        """An array that a body takes, as code."""
        if name in node.operation.scratch:
            return self._place((k, name))
        use = node.inputs.get(name) or node.outputs.get(name)
        return self._array(use.value) if use else "NULL"

    def _array(self, value: Value) -> str:
        if value.data is not None:
            name = self.names.of(value, value.place)
            self.constants[name] = value.data
            return name
        if value is self.graph.x:
            return "x"
        return "y" if value.place == self.graph.y.value.place else self._place(value.place)

    def _place(self, place: object) -> str:
        wish = place[1] if isinstance(place, tuple) else place
        return self.names.of(("place", place), str(wish))

    def _constant(self, name: str, data: Any) -> str:
        shape = " x ".join(map(str, data.shape))
        lines, line = [], "   "
        for number in data.reshape(-1):
            text = _literal(number)
            if len(line) + len(text) + 2 > WIDTH:
                lines.append(line)
                line = "   "
            line += f" {text},"
        body = "\n".join([*lines, line])
        return f"/* {shape} */\nstatic const float {name}[{data.size}] = {{\n{body}\n}};\n"

    def _main(self) -> str:
        words = {"@INPUT": f"{self._macro}_INPUT", "@OUTPUT": f"{self._macro}_OUTPUT"}
        words |= {"@predict": f"{self.prefix}_predict", "@DIGITS": "9" if self.real == "float" else "17"}
        text = MAIN
        for word, replacement in words.items():
            text = text.replace(word, replacement)
        return text if self.real == "float" else text.replace('"%f"', '"%lf"')


def _literal(number: Any) -> str:
    """The shortest constant that reads back as the same number, of type float32 or float64."""
    if not np.isfinite(number):
        return "NAN" if np.isnan(number) else "INFINITY" if number > 0 else "-INFINITY"
    return str(number) + ("f" if number.dtype == np.float32 else "")


def _sizes(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))})"
