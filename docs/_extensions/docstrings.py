"""The package's docstrings, which are prose, as reStructuredText for autodoc.

Lines that begin with `name: ` are arguments and become a list, lines that are set in are shown as they stand, and
what names an operation becomes a link to its equations. Everything else is text: no sign in it is markup.
"""

import re

from numbanet.teach.explaining.contract import operations

ITEM = re.compile(r"((?:[a-z]\w*|\"\w+\")(?:(?:, | and |, and )[a-z]\w*)*): +(\S.*)")
OPERATION = re.compile(r"numbanet\.kernels\.([a-z]\w*)(?![\w.]*\w*\()")


def setup(app):
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True}


def _process(app, what, name, obj, options, lines):
    lines[:] = restructured(lines)


def restructured(lines):
    """A docstring's lines as lines of reStructuredText."""
    found = []
    for paragraph in "\n".join(lines).strip("\n").split("\n\n"):
        found += [*_paragraph(paragraph.split("\n")), ""]
    return found


def _paragraph(lines):
    if all(line.startswith("    ") for line in lines):
        return ["::", "", *(f"   {line}" for line in lines)]
    if not ITEM.match(lines[0]):
        return _prose(lines)
    found = []
    for line in lines:
        item = ITEM.fullmatch(line)
        # a second paragraph of the list is an item of its own
        found += ["", f"- ``{item[1]}``: {_text(item[2])}"] if item else [f"  {_text(line.strip())}"]
    return found[1:]


def _prose(lines):
    """Text, and after it the lines that are set in, such as code."""
    k = next((k for k, line in enumerate(lines) if line.startswith("    ")), len(lines))
    text = [_text(line) for line in lines[:k]]
    if k == len(lines):
        return text
    rest = next((j for j in range(k, len(lines)) if not lines[j].startswith("    ")), len(lines))
    shown = ["", "::", "", *(f"   {line}" for line in lines[k:rest])]
    return text + shown + (["", *_prose(lines[rest:])] if rest < len(lines) else [])


def _text(line):
    """A line of text: `code` in literals, the rest escaped."""
    parts = line.split("`")
    if len(parts) % 2 == 0:  # a lone one is no quotation
        return _escaped(line)
    return "".join(f"``{part}``" if k % 2 else _linked(part) for k, part in enumerate(parts) if part)


def _linked(text):
    parts = OPERATION.split(text)
    known = operations()
    found = [_escaped(parts[0])]
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        link = f":ref:`numbanet.kernels.{name} <equations-{name}>`"
        found += [link if name in known else _escaped(f"numbanet.kernels.{name}"), _escaped(after)]
    return "".join(found)


def _escaped(text):
    return re.sub(r"([\\*`|_<>])", r"\\\1", text)
