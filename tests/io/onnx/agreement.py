"""How far onnxruntime's outputs are from ours: `python -m tests.io.onnx.agreement`."""

from itertools import product

from tests.io.onnx.exported import BATCHES, built, checked, difference
from tests.io.onnx.networks import NETWORKS
from tests.io.onnx.options import FAMILIES
from tests.layers.test_layer_contract import CASES, make


def worst(cases):
    """Of layers, each a model: how many, and the largest difference."""
    models = [built([layer], shape) for shape, layer in cases]
    return len(models), max(difference(m, checked(m)) for m in models)


def main():
    print(f"largest difference from onnxruntime, as a share of the output's largest element; batches of {BATCHES}")
    for name, (shape, make_layers) in NETWORKS.items():
        m = built(make_layers(), shape)
        print(f"{name:30} {difference(m, checked(m)):.1e}")
    rows = {name: [(s, make(name, a)) for s, a in product(*case)] for name, case in CASES.items() if name != "Masking"}
    rows |= {f"options: {name}": list(family()) for name, family in FAMILIES.items()}
    found = {name: worst(cases) for name, cases in rows.items()}
    for name, (count, largest) in found.items():
        print(f"{name:30} {largest:.1e}  {count} models")
    print(f"{sum(count for count, _ in found.values())} models of one layer: {max(e for _, e in found.values()):.1e}")


if __name__ == "__main__":
    main()
