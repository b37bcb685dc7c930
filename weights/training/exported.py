"""Exported weights, read back layer by layer."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Constant = tuple[str, NDArray[np.float32]]
"""What the graph calls it, and its value."""


def convolutions(model: onnx.ModelProto) -> dict[str, list[Constant]]:
    """Weight and bias of every convolution, norm folded in, by the name of its layer."""
    graph = model.graph
    kept = {i.name: numpy_helper.to_array(i).astype(np.float32) for i in graph.initializer}
    casts = [n for n in graph.node if n.op_type == "Cast" and n.input[0] in kept]
    kept |= {node.output[0]: kept[node.input[0]] for node in casts}
    return {
        _layer_name(node.name): [(name, kept[name]) for name in node.input[1:]]
        for node in graph.node
        if node.op_type == "Conv" and all(name in kept for name in node.input[1:])
    }


def _layer_name(node: str) -> str:
    """``/stem/stem.1/widen/widen.0/Conv`` → ``stem.1.widen.0``."""
    name: list[str] = []
    for scope in node.strip("/").split("/")[:-1]:
        if name and scope.startswith(f"{name[-1]}."):
            name.pop()  # a sequence's member repeats the sequence's own name
        name.append(scope)
    return ".".join(name)
