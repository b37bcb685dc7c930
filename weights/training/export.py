"""Turn a checkpoint into the file the product reads: ``python -m weights.training.export``.

Batch norms are folded by the exporter; the result is one ONNX file with inputs ``picture`` and
``pose`` and output ``logits``, batch 1. It computes in single precision, but its weights are kept
in half, which makes the file half as large; the runtime turns them back once, when it loads them.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

from pipeline.labels import OwnPart
from pipeline.own_parser import WEIGHTS
from weights.training.exported import ADJUSTMENT, LAST, convolutions
from weights.training.features import Features
from weights.training.network import OwnParserNet, example_inputs
from weights.training.train import CHECKPOINT

OPSET = 17
FEW = 64  # so small tensors are left as they are
ADJUSTED = {
    OwnPart.BACKGROUND: -0.45,
    OwnPart.FACE: 0.6,
    OwnPart.NECK: -0.6,
    OwnPart.UPPER: -0.3,
    OwnPart.ARMS: -0.6,
    OwnPart.LOWER: -0.45,
    OwnPart.LEGS: 0.3,
    OwnPart.ACCESSORY: 0.9,
}
"""Added to logits: classes are more or less frequent in training's crops than in real pictures.
Chosen in steps of .15 on the seen frames of the evaluation. Source: Menon et al. 2021, Long-tail
learning via logit adjustment."""


def export(checkpoint: Path, target: Path, older: Path | None = None, share: float = 0.0) -> None:
    """Write the running mean of a checkpoint's weights as ONNX.

    Args:
        checkpoint: as ``train`` keeps it.
        target: ONNX file.
        older, share: exported weights that are blended in, and how much of the mean they are.
    """
    network = OwnParserNet(Features()).eval()
    kept = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(kept["mean"])
    with warnings.catch_warnings():  # about the exporter itself
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            example_inputs(),
            str(target),
            input_names=["picture", "pose"],
            output_names=["logits"],
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(str(target))
    if older:
        _blend(model, onnx.load(str(older)), share)
    _adjust(model)
    onnx.save(_halved(model), str(target))


def _adjust(model: onnx.ModelProto) -> None:
    """Add ``ADJUSTED`` to the logits, and say so in the file."""
    added = [ADJUSTED.get(part, 0.0) for part in OwnPart]
    name, bias = convolutions(model)[LAST][1]
    moved = bias + np.float32(added)
    (constant,) = (c for c in model.graph.initializer if c.name == name)
    constant.CopyFrom(numpy_helper.from_array(moved, name))
    helper.set_model_props(model, {ADJUSTMENT: json.dumps(added)})


def _blend(model: onnx.ModelProto, older: onnx.ModelProto, share: float) -> None:
    """Move every constant towards that of exported weights of the same network.

    Convolutions are folded with their norms here, so their means are those of what they compute.
    """
    layers, before = convolutions(model), convolutions(older)
    if layers.keys() != before.keys():
        raise ValueError("The weights to blend in are of another network.")
    by_name = {constant.name: constant for constant in model.graph.initializer}
    for layer, constants in layers.items():
        for (name, now), (_, then) in zip(constants, before[layer], strict=True):
            mixed = (1 - share) * now + share * then
            by_name[name].CopyFrom(numpy_helper.from_array(mixed.astype(np.float32), name))


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Keep large single-precision constants as half precision with a cast behind them."""
    graph = model.graph
    casts = []
    for constant in list(graph.initializer):
        value = numpy_helper.to_array(constant)
        if constant.data_type != onnx.TensorProto.FLOAT or value.size <= FEW:
            continue
        half = numpy_helper.from_array(value.astype(np.float16), f"{constant.name}.half")
        graph.initializer.remove(constant)
        graph.initializer.append(half)
        casts.append(
            helper.make_node("Cast", [half.name], [constant.name], to=onnx.TensorProto.FLOAT)
        )
    for node in reversed(casts):
        graph.node.insert(0, node)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--blend", type=Path, help="older exported weights to take the mean with")
    parser.add_argument("--share", type=float, default=0.5, help="of the older ones in the mean")
    arguments = parser.parse_args()
    export(arguments.data / CHECKPOINT, arguments.out, arguments.blend, arguments.share)


if __name__ == "__main__":
    main()
