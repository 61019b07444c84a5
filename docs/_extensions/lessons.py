"""The directive `lessons`: a table of the scripts in examples/lessons, in English and Korean, to be downloaded."""

import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes

FOLDER = Path(__file__).parents[2] / "examples" / "lessons"
LANGUAGES = {"en": "English", "ko": "한국어"}


def setup(app):
    app.add_directive("lessons", LessonsDirective)
    return {"parallel_read_safe": True}


class LessonsDirective(Directive):
    """A list: each lesson by its title in every language, which is a link to its script."""

    def run(self):
        found = nodes.bullet_list()
        for path in sorted((FOLDER / "en").glob("[0-9]*.py")):
            scripts = [FOLDER / language / path.name for language in LANGUAGES]
            paragraph = nodes.paragraph()
            for script in scripts:
                if script.exists():
                    self.state.document.settings.record_dependencies.add(str(script))
                    paragraph += [nodes.Text(" · ")] if paragraph.children else []
                    paragraph += _link(script)
            found += nodes.list_item("", paragraph)
        return [found]


def _link(script):
    target = f"/../examples/lessons/{script.parent.name}/{script.name}"
    words = title(script.read_text(encoding="utf-8"))
    return addnodes.download_reference("", words, reftarget=target, refdomain="", refwarn=True)


def title(text):
    """The first heading of a script in the percent format."""
    return re.search(r"^# # (.+)", text, re.MULTILINE)[1]
