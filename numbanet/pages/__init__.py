"""What the package's pages share: one HTML file with everything in it, which asks no network for anything.

Styles, the switch between light and dark, the tooltip and axes lie here; each page adds a body, styles and scripts of
its own. A policy in the page itself forbids whatever else it might load.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

SCRIPTS = "svg.js", "tip.js"


def document(title: str, body: str, style: str, scripts: Sequence[str], data: Any) -> str:
    """The whole document. body: HTML. style, scripts: as text. data: what the scripts read, plain values."""
    return Template(text(__name__, "shell.html")).substitute(
        title=escape(title),
        style=f"{text(__name__, 'base.css')}\n{style}",
        theme=text(__name__, "theme.js"),
        body=body,
        data=script_json(data),
        script="\n".join([*(text(__name__, name) for name in SCRIPTS), *scripts]),
    )


def text(package: str, name: str) -> str:
    """A file that comes with a package."""
    return (resources.files(package) / name).read_text(encoding="utf-8")


def script_json(value: Any) -> str:
    """JSON that may stand in a script element: without a `<`, nothing in it can end or open one."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c")
