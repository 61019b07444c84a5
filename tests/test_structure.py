"""The house rules: who may import whom, the same names on every device, true __all__, no assert in the package."""

import ast
import importlib
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

import numbanet
from numbanet import kernels
from numbanet.kernels._kernel import Kernel

PACKAGE = Path(numbanet.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
DEVICES = ("reference", "cpu", "cuda")
OPERATIONS = sorted(m.name for m in pkgutil.iter_modules(kernels.__path__) if m.ispkg)

# From the ground up: a module imports only rooms on the floors below its own, and its own room.
FLOORS = [
    ["errors"],
    ["checks", "figures", "folders", "locks", "pages", "terminal"],
    ["config"],
    ["kernels"],
    ["devices"],
    ["memory", "program", "random"],
    ["initializers", "regularizers", "schedules"],
    ["layers"],
    ["losses", "optimizers"],
    ["metrics"],
    ["network"],
    ["interrupts", "io", "nonfinite", "progress", "step", "summary"],
    ["callbacks", "steps"],
    ["data"],
    ["evaluation", "resuming", "weights"],
    ["exports", "training"],
    ["model", "perceptron"],
    ["converting", "datasets", "pickling", "saving", "sklearn", "teach"],
    ["distributed"],
    ["plot"],
    ["demo"],
    ["__init__"],
    ["bench", "doctor"],
    ["commands"],
    ["cli"],
    ["__main__"],
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(path):
    """The rooms of the package that a file imports, wherever in the file."""
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = [*base, *(node.module or "").split(".")] if node.module else base
            targets = [".".join([*source, alias.name]) for alias in node.names]
        else:
            continue
        for target in targets:
            parts = target.split(".")
            if parts[0] == "numbanet":
                is_room = len(parts) > 1 and ((PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").exists())
                yield parts[1] if is_room else "__init__"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_only_point_down(path):
    here = FLOOR[room(path)]
    for other in imported_rooms(path):
        assert other == room(path) or FLOOR[other] < here, f"{module_name(path)} imports {other}"


def test_every_room_is_on_a_floor():
    assert {room(path) for path in FILES} == set(FLOOR)


def kernels_of(operation, device):
    """The kernels of an operation by name; the stages of a kernel are its own."""
    module = importlib.import_module(f"numbanet.kernels.{operation}.{device}")
    return {n: value for n, value in vars(module).items() if isinstance(value, Kernel) and not n.startswith("_")}


@pytest.mark.parametrize("device", DEVICES[1:])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_devices_share_names_and_arguments(operation, device):
    reference, kernels = kernels_of(operation, "reference"), kernels_of(operation, device)
    assert kernels
    assert {n: k.parameters for n, k in kernels.items()} == {n: k.parameters for n, k in reference.items()}
    # and in the same order, but for loops that both devices share
    own = [name for name, kernel in kernels.items() if kernel.name.split(".")[-2] == device]
    assert own == [name for name in reference if name in own]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_contract_is_a_docstring_and_nothing_else(operation):
    path = PACKAGE / "kernels" / operation / "__init__.py"
    tree = ast.parse(path.read_text())
    assert len(tree.body) == 1
    text = ast.get_docstring(tree)
    assert re.search(r"\b[FU]1\b", text), "forward equations"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_loops_cite_only_equations_of_the_contract(operation):
    folder = PACKAGE / "kernels" / operation
    equations = set(re.findall(r"\b[FBU]\d+\b", (folder / "__init__.py").read_text()))
    for device in DEVICES:
        cited = set(re.findall(r"\b[FBU]\d+\b", (folder / f"{device}.py").read_text()))
        assert cited <= equations, device


def test_kernels_take_ten_arguments_at_most():
    for operation in OPERATIONS:
        for device in DEVICES:
            module = importlib.import_module(f"numbanet.kernels.{operation}.{device}")
            for name, value in vars(module).items():
                if isinstance(value, Kernel) and not name.startswith("_"):
                    assert len(value.parameters) <= 10, (operation, device, name)


@pytest.mark.parametrize(
    "name",
    ["numbanet", "numbanet.callbacks", "numbanet.layers", "numbanet.datasets", "numbanet.plot", "numbanet.teach"],
)
def test_all_is_complete_and_true(name):
    module = importlib.import_module(name)
    assert all(hasattr(module, entry) for entry in module.__all__)
    assert len(module.__all__) == len(set(module.__all__))
    own = {
        entry
        for entry, value in vars(module).items()
        if not entry.startswith("_")
        and (getattr(value, "__module__", "") or "").startswith("numbanet")
        and not inspect.ismodule(value)
    }
    assert own <= set(module.__all__)


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_assert_in_the_package(path):
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_files_stay_small(path):
    assert len(path.read_text().splitlines()) <= 400


def test_numba_is_imported_only_where_flags_and_threads_are():
    for path in FILES:
        if not {"kernels", "variants"} & set(path.relative_to(PACKAGE).parts):
            assert not re.search(r"^\s*(import|from) numba\b", path.read_text(), re.MULTILINE), path


def test_flags_are_spelled_in_one_place():
    for path in FILES:
        if path.name != "_jit.py":
            assert not re.search(r"fastmath|error_model|\bnjit\b", path.read_text()), path


def test_core_needs_numba_and_numpy_alone():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    assert [re.split(r"[<>=]", d)[0] for d in project["dependencies"]] == ["numba", "numpy"]


def test_every_layer_and_public_class_says_what_it_is():
    for name in numbanet.layers.__all__:
        assert inspect.getdoc(getattr(numbanet.layers, name)), name
