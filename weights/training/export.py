"""Turn a checkpoint into the file the product reads: ``python -m weights.training.export``.

Batch norms are folded by the exporter; the result is one ONNX file with inputs ``picture`` and
``pose`` and output ``logits``, batch 1, single precision.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import torch

from pipeline.own_parser import WEIGHTS
from weights.training.network import OwnParserNet, example_inputs
from weights.training.train import CHECKPOINT

OPSET = 17


def export(checkpoint: Path, target: Path) -> None:
    """Write the running mean of a checkpoint's weights as ONNX."""
    network = OwnParserNet().eval()
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


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    export(arguments.data / CHECKPOINT, arguments.out)


if __name__ == "__main__":
    main()
