"""A trace as one HTML file: the network, every step with its equations and loop, and every array, to step through."""

from __future__ import annotations

import os
from html import escape
from string import Template

from ...io import atomic
from ...pages import document, text
from ..tracing.traces import Trace
from .contents import page_data

SCRIPTS = (
    "arrays.js",
    "colors.js",
    "heatmap.js",
    "views.js",
    "network.js",
    "step.js",
    "layer.js",
    "norms.js",
    "page.js",
)


def write(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Write the page of a trace; it needs no network. Raises FileError where that cannot be done."""
    atomic.write(path, [page(trace).encode()])


def page(trace: Trace) -> str:
    """The whole document."""
    facts = {
        "loss": f"{trace.loss:.9g}",
        "samples": f"{len(trace.x)}",
        "numbers": f"{trace.x.dtype}",
        "device": trace.device,
        "pass": "training" if trace.training else "inference, with gradients",
        "kernel calls": f"{len(trace.steps)}",
    }
    lines = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    body = Template(text(__name__, "page.html")).substitute(model=escape(trace.model), facts=lines)
    scripts = [text(__name__, name) for name in SCRIPTS]
    return document(f"trace of {trace.model}", body, text(__name__, "page.css"), scripts, page_data(trace))
