"""ONNX: `writing` makes a graph of a network's layers, `reading` layers of a chain-shaped graph."""
