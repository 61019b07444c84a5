"""PTX text to functions: parameters, registers, variables, labels, instructions. NVIDIA, PTX ISA 9.0, section 4."""

import re
from typing import NamedTuple

from .errors import Unsupported


class Variable(NamedTuple):
    name: str
    space: str  # global, const, shared, local, param
    kind: str
    align: int
    count: int | None  # elements; None: dynamic shared memory, whose size the launch gives
    values: tuple[int, ...] = ()


class Instruction(NamedTuple):
    guard: str | None
    negated: bool
    opcode: str
    operands: tuple[str, ...]

    @property
    def parts(self):
        return self.opcode.split(".")

    def __str__(self):
        guard = f"@{'!' if self.negated else ''}{self.guard} " if self.guard else ""
        return f"{guard}{self.opcode} {', '.join(self.operands)}".strip()


class Function(NamedTuple):
    name: str
    is_kernel: bool
    parameters: tuple[Variable, ...]
    results: tuple[Variable, ...]
    variables: tuple[Variable, ...]  # local and shared memory declared within
    registers: dict[str, str]  # name: kind
    instructions: tuple[Instruction, ...]
    labels: dict[str, int]  # name: index of the instruction that follows

    @property
    def leaders(self):
        """Where basic blocks begin: at labels, and after branches, barriers and returns."""
        ends = {
            i + 1
            for i, each in enumerate(self.instructions)
            if each.parts[0] in ("bra", "bar", "barrier", "ret", "exit")
        }
        return {0, *self.labels.values(), *ends}


class Module(NamedTuple):
    functions: dict[str, Function]
    variables: tuple[Variable, ...]

    @property
    def kernel(self):
        kernels = [each for each in self.functions.values() if each.is_kernel]
        if len(kernels) != 1:
            raise Unsupported(f"{len(kernels)} kernels in one PTX text")
        return kernels[0]


_VARIABLE = re.compile(
    r"\.(?P<space>global|const|shared|local|param)\s+(?:\.align\s+(?P<align>\d+)\s+)?\.(?P<kind>\w+)\s+"
    r"(?:\.ptr\s+(?:\.\w+\s+)?(?:\.align\s+\d+\s+)?)?(?P<name>[\w$]+)"
    r"(?:\[(?P<count>\d*)\])?(?:\s*=\s*(?P<values>.+))?$",
    re.DOTALL,
)
_FUNCTION = re.compile(
    r"\.(?P<role>entry|func)\s+(?:\((?P<results>[^)]*)\)\s*)?(?P<name>[\w$]+)\s*(?:\((?P<parameters>[^)]*)\))?[^{;(]*"
    r"(?P<end>[{;])"
)
_STATEMENT = re.compile(r"\s*(?:(?P<label>[\w$]+):(?!:)|(?P<brace>[{}])|(?P<text>[^;]+);)")
_OPCODE = re.compile(r"(?:@(?P<negated>!?)(?P<guard>[%\w]+)\s+)?(?P<opcode>[\w.:]+)\s*(?P<operands>.*)$", re.DOTALL)
_OPERAND = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|[^,\s][^,]*")


def parse(text):
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    functions, outside, at = {}, [], 0
    for match in _FUNCTION.finditer(text):
        if match.start() < at:
            continue
        outside.append(text[at : match.start()])
        at = match.end()
        if match["end"] == "{":
            at = _closing(text, match.end())
            functions[match["name"]] = _function(match, text[match.end() : at - 1])
    outside.append(text[at:])
    declarations = re.sub(r"\.(version|target|address_size)[^\n]*", "", "".join(outside))
    return Module(functions, tuple(_variables(declarations.split(";"))))


def _closing(text, at):
    """The place after the brace that closes the one before `at`."""
    depth = 1
    for brace in re.finditer(r"[{}]", text[at:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return at + brace.end()
    raise Unsupported("a body without its closing brace")


def _variables(statements):
    for statement in statements:
        found = _VARIABLE.search(statement.strip())
        if found:
            count = found["count"]
            values = tuple(int(v, 0) for v in re.findall(r"-?\w+", found["values"] or ""))
            elements = 1 if count is None else int(count) if count else None
            yield Variable(found["name"], found["space"], found["kind"], int(found["align"] or 1), elements, values)


def _function(match, body):
    variables, registers, instructions, labels = [], {}, [], {}
    for statement in _STATEMENT.finditer(body):
        if statement["label"]:
            labels[statement["label"]] = len(instructions)
        text = (statement["text"] or "").strip()
        if text.startswith(".reg"):
            registers.update(_registers(text))
        elif text.startswith((".local", ".shared", ".param")):
            variables += _variables([text])
        elif text and not text.startswith((".pragma", ".loc", ".file")):
            instructions.append(_instruction(text))
    parameters, results = (tuple(_variables((match[group] or "").split(","))) for group in ("parameters", "results"))
    is_kernel = match["role"] == "entry"
    return Function(
        match["name"], is_kernel, parameters, results, tuple(variables), registers, tuple(instructions), labels
    )


def _registers(text):
    kind, names = re.match(r"\.reg\s+\.(\w+)\s+(.*)", text, re.DOTALL).groups()
    for name in names.split(","):
        stem, count = re.match(r"\s*([%\w$]+)(?:<(\d+)>)?", name).groups()
        for each in [f"{stem}{i}" for i in range(int(count))] if count else [stem]:
            yield each, kind


def _instruction(text):
    found = _OPCODE.match(text)
    if not found:
        raise Unsupported(f"statement {text!r}")
    operands = tuple(re.sub(r"\s+", " ", each.strip()) for each in _OPERAND.findall(found["operands"]))
    return Instruction(found["guard"], found["negated"] == "!", found["opcode"], operands)
