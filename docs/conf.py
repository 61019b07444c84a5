"""The book: `pip install '.[docs]'`, `sphinx-build -W --keep-going -b html docs docs/_build`. Nothing is fetched."""

import sys
from pathlib import Path

import numbanet

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "numbanet"
author = "the numbanet authors"
copyright = "BSD-3-Clause"
version = release = numbanet.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.doctest", "contracts", "docstrings", "lessons"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"numbanet {version}"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_copy_source = False
smartquotes = False  # "same" is to be copied

autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False  # a method without words of its own is described where it is defined
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
python_maximum_signature_line_length = 100
add_module_names = False
toc_object_entries_show_parents = "hide"

# The pages' code runs in a folder of its own, one for each page; what needs a GPU or a package is left out without it.
doctest_global_setup = """
import importlib.util, os, tempfile
__name__ = "__main__"
import numpy as np
import numbanet as nn
_home, _folder = os.getcwd(), tempfile.TemporaryDirectory()
os.chdir(_folder.name)
def installed(package):
    return importlib.util.find_spec(package) is not None
def gpu():
    try:
        nn.Sequential([nn.layers.Dense(1)]).build((1,), device="cuda")
    except nn.errors.NumbanetError:
        return False
    return True
"""
doctest_global_cleanup = """
os.chdir(_home)
_folder.cleanup()
"""
