"""The contract of an operation, read: its title, shapes, equations by their labels, what is saved, and its source.

A contract is the docstring of numbanet/kernels/<operation>/__init__.py. Nothing of it is lost here: `Contract.text`
puts the paragraphs together again.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass
from types import ModuleType

from ... import kernels
from ...checks import choice
from ...kernels import Kernel

LABEL = re.compile(r" {4}([FBU]\d+): +(\S.*)")
INLINE = re.compile(r"\b([FBU]\d+): ([^.:]+)\.")  # in the prose of a contract whose equations stand in a table
CONDITION = re.compile(r"(where|and|the|with|over|for|plain|predict|update_\w+|`\w+`)\b|`")
PASSES = {"F": "forward", "B": "backward", "U": "update"}


@dataclass(frozen=True)
class Equation:
    """An equation.

    lines: as they stand there, the first without its label and all without their indent. condition: the words before
    it that say where it holds, such as "where mask[n, s] is not 0", or "".
    """

    label: str
    lines: tuple[str, ...]
    condition: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def passes(self) -> str:
        """Of which pass it is: "forward", "backward" or "update"."""
        return PASSES[self.label[0]]


@dataclass(frozen=True)
class Block:
    """Lines of one kind: "prose", an "equation", or a "display" of lines that are set in but have no label."""

    kind: str
    lines: tuple[str, ...]
    equation: Equation | None = None


@dataclass(frozen=True)
class Paragraph:
    """What stands between two empty lines.

    name: "title", "shapes", "forward", "backward", "update", "source", or "".
    """

    name: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        return "\n".join(line for block in self.blocks for line in block.lines)


@dataclass(frozen=True)
class Contract:
    """A contract, by its paragraphs."""

    operation: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n\n".join(paragraph.text for paragraph in self.paragraphs)

    @property
    def title(self) -> str:
        return self.paragraphs[0].text

    @property
    def shapes(self) -> str:
        """The paragraph, without its first word."""
        return self._after("Shapes")

    @property
    def saved(self) -> str:
        """What the backward pass reads of the forward pass, or "" where the contract does not say."""
        return self._after("Saved") or ("nothing" if re.search("^Nothing is saved", self.text, re.MULTILINE) else "")

    @property
    def source(self) -> str:
        return self._after("Source")

    @property
    def equations(self) -> dict[str, Equation]:
        """By label, in their order."""
        blocks = [block for paragraph in self.paragraphs for block in paragraph.blocks]
        found = [block.equation for block in blocks if block.equation]
        if not found:
            prose = " ".join(line for block in blocks if block.kind == "prose" for line in block.lines)
            found = [Equation(m[1], (m[2],)) for m in INLINE.finditer(prose)]
        return {equation.label: equation for equation in found}

    def of(self, passes: str) -> dict[str, Equation]:
        """The equations of "forward", "backward" or "update"."""
        return {label: equation for label, equation in self.equations.items() if equation.passes == passes}

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The words that are names in the equations: parameters of the loops, and what an equation defines."""
        defined = (re.findall(r"([A-Za-z]\w*)(?:\[[^\]]*\])? *\+?= ", e.text) for e in self.equations.values())
        indices = (re.findall(r"\[([^\[\]]*)\]", equation.text) for equation in self.equations.values())
        found = {name for names in defined for name in names}
        found |= {name for inside in indices for text in inside for name in re.findall(r"[A-Za-z]\w*", text)}
        loops = reference_kernels(self.operation) if self.operation in operations() else {}
        return frozenset(found.union(*(loop.parameters for loop in loops.values())) - {"step"})

    def _after(self, word: str) -> str:
        """What follows a word and a colon, to the end of its paragraph."""
        for paragraph in self.paragraphs:
            match = re.search(rf"\b{word}: (.*)", paragraph.text, re.DOTALL)
            if match:
                return match[1]
        return ""


def operations() -> list[str]:
    """The names of all operations."""
    return sorted(module.name for module in pkgutil.iter_modules(kernels.__path__) if module.ispkg)


def reference_kernels(operation: str, owner: str = "contract") -> dict[str, Kernel]:
    """The textbook's loops of an operation, by name, in the order of its file. Raises ArgumentError."""
    name = choice(owner, "operation", operation, operations())
    module = importlib.import_module(f"{kernels.__name__}.{name}.reference")
    return {n: k for n, k in vars(module).items() if isinstance(k, Kernel) and not n.startswith("_")}


def contract(operation: str | ModuleType) -> Contract:
    """The contract of an operation: "dense", or numbanet.kernels.dense. Raises ArgumentError for an unknown one."""
    if isinstance(operation, ModuleType):
        module = operation
    else:
        module = importlib.import_module(
            f"{kernels.__name__}.{choice('contract', 'operation', operation, operations())}"
        )
    return parse(module.__name__.rpartition(".")[2], inspect.cleandoc(module.__doc__ or ""))


def parse(operation: str, text: str) -> Contract:
    """A contract from its text."""
    paragraphs = []
    for number, paragraph in enumerate(text.split("\n\n")):
        blocks = _blocks(paragraph.split("\n"))
        paragraphs.append(Paragraph(_name(paragraph, blocks) if number else "title", blocks))
    return Contract(operation, tuple(paragraphs))


def _name(text: str, blocks: tuple[Block, ...]) -> str:
    for word in ("Shapes", "Source"):
        if text.startswith(f"{word}:"):
            return word.lower()
    labels = [block.equation.label for block in blocks if block.equation]
    if labels:
        return PASSES[labels[0][0]]
    first = re.match(r"Forward|Backward|Update", text)
    return first[0].lower() if first else ""


def _blocks(lines: list[str]) -> tuple[Block, ...]:
    """Runs of lines: an equation goes on in lines that are set in further than its label."""
    blocks: list[Block] = []
    for line in lines:
        labelled = LABEL.fullmatch(line)
        last = blocks[-1] if blocks else None
        if labelled:
            equation = Equation(labelled[1], (labelled[2],), _condition(blocks))
            blocks.append(Block("equation", (line,), equation))
        elif last and last.equation and line.startswith(" " * 8):
            old = last.equation
            equation = Equation(old.label, (*old.lines, line.strip()), old.condition)
            blocks[-1] = Block("equation", (*last.lines, line), equation)
        else:
            kind = "display" if line.startswith("    ") else "prose"
            if last and last.kind == kind:
                blocks[-1] = Block(kind, (*last.lines, line))
            else:
                blocks.append(Block(kind, (line,)))
    return tuple(blocks)


def _condition(blocks: list[Block]) -> str:
    """The last sentence before an equation, where it says of what the equation holds."""
    prose = next((block for block in reversed(blocks) if block.kind != "equation"), None)
    if prose is None or prose.kind != "prose" or not prose.lines[-1].endswith(":"):
        return ""
    sentence = re.split(r"(?<=[a-z)\]])\. ", " ".join(prose.lines))[-1].rstrip(":")
    return sentence if CONDITION.match(sentence := re.sub(r"^(Forward|Backward|Update),? ?", "", sentence)) else ""
