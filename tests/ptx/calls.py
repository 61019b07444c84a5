"""Calls of device functions, written out where they stand: each call gets registers and labels of its own.

What passes through .param space becomes registers, one for each place of a parameter; so a recursion, or a parameter
that is written in one width and read in another, is not supported.
"""

import re

from .errors import Unsupported
from .operands import names, split_address
from .parser import Instruction

_NAME = re.compile(r"[%\w$]+")


def inline(module):
    """The module's kernel without calls."""
    kernel = module.kernel
    if not any(each.parts[0] == "call" for each in kernel.instructions):
        return kernel
    written = _Inliner(module, {each.name for each in kernel.parameters})
    written.body(kernel, "", {}, ())
    return kernel._replace(
        instructions=tuple(written.instructions),
        labels=written.labels,
        registers=written.registers,
        variables=tuple(written.variables),
    )


class _Inliner:
    def __init__(self, module, arguments):
        self.module, self.arguments = module, arguments
        self.instructions, self.labels, self.registers, self.variables = [], {}, {}, []
        self.calls = 0

    def body(self, function, suffix, passed, callers):
        """The instructions of one function. `passed`: what its parameters and results are called by its caller."""
        own = {*function.registers, *function.labels, *(v.name for v in function.variables)}
        new_name = {name: passed.get(name, name + suffix) for name in own | passed.keys()}
        self.registers |= {new_name[name]: kind for name, kind in function.registers.items()}
        self.variables += [v._replace(name=new_name[v.name]) for v in function.variables if v.space != "param"]
        at = {}
        for name, index in function.labels.items():
            at.setdefault(index, []).append(new_name[name])
        end = f"$end{suffix}"
        for i, instruction in enumerate(function.instructions):
            self.labels |= dict.fromkeys(at.get(i, ()), len(self.instructions))
            self._add(_renamed(instruction, new_name), end if suffix else None, callers)
        self.labels |= dict.fromkeys([end, *at.get(len(function.instructions), ())], len(self.instructions))

    def _add(self, instruction, end, callers):
        parts = instruction.parts
        if parts[0] == "call":
            self._call(instruction, callers)
        elif "param" in parts and not self._is_kernels(instruction):
            self._through_registers(instruction)
        elif parts[0] in ("ret", "exit") and end:
            self.instructions.append(instruction._replace(opcode="bra", operands=(end,)))
        else:
            self.instructions.append(instruction)

    def _is_kernels(self, instruction):
        return any(split_address(each)[0] in self.arguments for each in instruction.operands if each[0] == "[")

    def _call(self, instruction, callers):
        operands = list(instruction.operands)
        results = names(operands.pop(0)) if operands[0][0] == "(" else []
        callee = self.module.functions.get(operands.pop(0))
        given = names(operands.pop(0)) if operands else []
        if callee is None:
            raise Unsupported(f"a call of what is not in the PTX: {instruction}")
        if callee.name in callers or instruction.guard:
            raise Unsupported(f"a recursion, or a call with a predicate: {instruction}")
        self.calls += 1
        formal = [each.name for each in (*callee.results, *callee.parameters)]
        passed = dict(zip(formal, [*results, *given], strict=True))
        self.body(callee, f"$call{self.calls}", passed, (*callers, callee.name))

    def _through_registers(self, instruction):
        """st.param and ld.param as moves."""
        kind = instruction.parts[-1]
        bits = int(kind[1:])
        stores = instruction.parts[0] == "st"
        where, what = instruction.operands if stores else instruction.operands[::-1]
        base, offset = split_address(where)
        for j, name in enumerate(names(what)):
            place = f"%{base}$at{offset + j * bits // 8}"
            self.registers.setdefault(place, f"b{bits}")
            pair = (place, name) if stores else (name, place)
            self.instructions.append(Instruction(instruction.guard, instruction.negated, f"mov.b{bits}", pair))


def _renamed(instruction, new_name):
    def rename(text):
        return _NAME.sub(lambda found: new_name.get(found[0], found[0]), text)

    guard = instruction.guard and new_name.get(instruction.guard, instruction.guard)
    return instruction._replace(guard=guard, operands=tuple(rename(each) for each in instruction.operands))
