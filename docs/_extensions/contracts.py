"""The directive `contract`: an operation's equations, from its contract, and beside them the loop that computes them.

The text is numbanet.kernels.<operation>.__doc__, the loop the source of its reference, both as they are when the book
is built. Equations are MathML, which browsers draw themselves: the pages load no script for them.
"""

import importlib
import inspect
import re

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes

from numbanet.teach.explaining.contract import contract, operations
from numbanet.teach.explaining.mathml import mathml

OPERATION = re.compile(r"(numbanet\.kernels\.[a-z]\w*)")


def setup(app):
    app.add_directive("contract", ContractDirective)
    return {"parallel_read_safe": True}


class ContractDirective(Directive):
    """A section with the contract of the operation that is named, and a target "equations-<operation>"."""

    required_arguments = 1

    def run(self):
        operation = self.arguments[0]
        if operation not in operations():
            raise self.error(f"contract: numbanet.kernels has no operation {operation!r}")
        text, reference = contract(operation), importlib.import_module(f"numbanet.kernels.{operation}.reference")
        for module in (importlib.import_module(f"numbanet.kernels.{operation}"), reference):
            self.state.document.settings.record_dependencies.add(inspect.getsourcefile(module))
        section = nodes.section("", nodes.title("", operation), ids=[f"equations-{operation}"], names=[])
        domain = self.state.document.settings.env.get_domain("std")
        here = self.state.document.settings.env.docname
        domain.note_hyperlink_target(f"equations-{operation}", here, f"equations-{operation}", operation)
        for paragraph in text.paragraphs:
            for block in paragraph.blocks:
                section += _block(operation, block, text.names)
        section += _source(operation, reference)
        return [section]


def _block(operation, block, names):
    if block.equation:
        return _equation(operation, block.equation, names)
    if block.kind == "prose":
        return _prose(" ".join(block.lines))
    shown = "\n".join(line[4:] for line in block.lines)
    return nodes.literal_block(shown, shown, language="none")


def _equation(operation, equation, names):
    label = f"equations-{operation}-{equation.label}"
    formula = mathml("\n".join(equation.lines), names)
    return nodes.container(
        "",
        nodes.inline("", equation.label, classes=["label"]),
        nodes.raw("", f'<div class="formula">{formula}</div>', format="html"),
        classes=["equation"],
        ids=[label],
    )


def _prose(text):
    """A paragraph in which other operations are links to their equations, and `code` is set as code."""
    paragraph = nodes.paragraph()
    for k, part in enumerate(text.split("`")):
        paragraph += nodes.literal("", part) if k % 2 else _linked(part)
    return paragraph


def _linked(text):
    for k, part in enumerate(OPERATION.split(text)):
        operation = part.rpartition(".")[2]
        if k % 2 and operation in operations():
            link = addnodes.pending_xref(
                "", nodes.inline("", part), refdomain="std", reftype="ref", reftarget=f"equations-{operation}",
                refexplicit=True, refwarn=True,
            )  # fmt: skip
            yield link
        elif part:
            yield nodes.Text(part)


def _source(operation, module):
    """The reference's real source, under its path."""
    caption = nodes.caption("", f"numbanet/kernels/{operation}/reference.py")
    text = inspect.getsource(module).rstrip()
    block = nodes.literal_block(text, text, language="python")
    return nodes.container("", caption, block, literal_block=True, classes=["literal-block-wrapper"])
