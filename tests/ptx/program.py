"""A kernel made ready for the machine: its variables placed, its instructions turned into steps."""

from . import steps, tensors, transfers, warps
from .calls import inline
from .errors import Unsupported
from .kinds import dtype_of
from .operands import CARRY, reader
from .parser import parse

_IGNORED = ("membar", "fence", "discard", "prefetch", "prefetchu", "nanosleep")


class Program:
    def __init__(self, ptx, name=None):
        module = parse(ptx)
        kernel = inline(module)
        self.name = name or kernel.name
        self.parameters = kernel.parameters
        self.registers = {**kernel.registers, CARRY: "pred"}
        variables = (*module.variables, *kernel.variables)
        self.addresses, sizes = {}, {}
        for space in ("shared", "local"):
            placed = [v for v in variables if v.space == space]
            sizes[space] = self._place(sorted(placed, key=lambda v: v.count is None))
        self.shared_bytes, self.local_bytes = sizes["shared"], sizes["local"]
        self.globals = [v for v in variables if v.space in ("global", "const") and v.count is not None]
        self.granule = self._granule(kernel)
        self.leaders = frozenset(kernel.leaders)
        self.steps = [self._step(each, kernel.labels) for each in kernel.instructions]

    def _place(self, variables):
        """Addresses of variables one after another, dynamic ones last; returns the size of them all."""
        end = 0
        for variable in variables:
            end = -(-end // variable.align) * variable.align
            self.addresses[variable.name] = end
            end += (variable.count or 0) * dtype_of(variable.kind).itemsize
        return end

    @staticmethod
    def _granule(kernel):
        """The bytes that are watched as one: the smallest that an instruction loads or stores."""
        sizes = [
            dtype_of(each.parts[-1]).itemsize
            for each in kernel.instructions
            if each.parts[0] in ("ld", "st", "atom", "red") and "param" not in each.parts
        ]
        return min([*sizes, 4])

    def _step(self, instruction, labels):
        parts, registers = instruction.parts, self.registers
        name = parts[0]
        results = 0 if name in ("st", "red", "bra", "cp", "ret", "exit", "bar", "barrier", "fence", "membar") else 1
        reads, writes = steps.sources_and_results(instruction, registers, results)
        role, run, target, members, strict = "run", None, 0, None, False
        if name == "bra":
            role, target = "branch", labels[instruction.operands[0]]
        elif name in ("ret", "exit"):
            role = "exit"
        elif name in ("bar", "barrier") and "warp" in parts:
            role, run = "warp", warps.synchronise(instruction, registers)
            members = reader(instruction.operands[0], "b32", registers)
        elif name in ("bar", "barrier"):
            if "sync" not in parts or instruction.operands != ("0",):
                raise Unsupported(str(instruction))
            role = "barrier"
        elif name == "activemask":
            run = warps.RUNS[name](instruction, registers)
        elif name in warps.RUNS or name == "mma":
            role, strict = "warp", name != "mma"
            run = (warps.RUNS.get(name) or tensors.multiply)(instruction, registers)
            members = warps.members(instruction, registers)
        elif name in ("ld", "ldu", "st"):
            run, strict = transfers.transfer(instruction, registers), True
        elif name in ("atom", "red"):
            run, strict = transfers.atomic(instruction, registers), True
        elif name == "cp":
            run, strict = transfers.copy(instruction, registers), True
        elif name in _IGNORED:
            run = _nothing
        else:
            run = steps.decode(instruction, registers)
        guard = instruction.guard
        holds = reader(("!" if instruction.negated else "") + guard, "pred", registers) if guard else None
        return steps.Step(
            str(instruction), role, run, reads, writes, reads + writes, holds, guard, strict, target, members
        )


def _nothing(block, lanes):
    """What only orders memory, which the machine never reorders."""
