"""Exported weights, read back layer by layer."""

from __future__ import annotations

import json

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

ADJUSTMENT = "logit_adjustment"
"""Metadata: JSON list of what was added to each class's logit when the weights were exported."""
LAST = "classify"
CONVOLUTIONS = ("Conv", "ConvTranspose")

Constant = tuple[str, NDArray[np.float32]]
"""What the graph calls it, and its value."""


def convolutions(model: onnx.ModelProto) -> dict[str, list[Constant]]:
    """Weight and bias of every convolution, norm folded in, by the name of its layer.

    They are those that were trained: without the adjustment of logits.
    """
    graph = model.graph
    kept = {i.name: numpy_helper.to_array(i).astype(np.float32) for i in graph.initializer}
    casts = [n for n in graph.node if n.op_type == "Cast" and n.input[0] in kept]
    kept |= {node.output[0]: kept[node.input[0]] for node in casts}
    layers = {
        _layer_name(node.name): [(name, kept[name]) for name in node.input[1:]]
        for node in graph.node
        if node.op_type in CONVOLUTIONS and all(name in kept for name in node.input[1:])
    }
    added = [json.loads(p.value) for p in model.metadata_props if p.key == ADJUSTMENT]
    if added:
        name, bias = layers[LAST][1]
        layers[LAST][1] = name, bias - np.float32(added[0])
    return layers


def _layer_name(node: str) -> str:
    """``/stem/stem.1/widen/widen.0/Conv`` → ``stem.1.widen.0``."""
    name: list[str] = []
    for scope in node.strip("/").split("/")[:-1]:
        if name and scope.startswith(f"{name[-1]}."):
            name.pop()  # a sequence's member repeats the sequence's own name
        name.append(scope)
    return ".".join(name)
