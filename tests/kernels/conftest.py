import pytest


def pytest_itemcollected(item):
    """Loops of float32 are for the compiler: as plain Python, which takes a thousand times as long, float64 will do."""
    if "callspec" in vars(item) and item.callspec.params.get("dtype") == "float32":
        item.add_marker(pytest.mark.compiled)
