"""MediaPipe's pose network as an extractor of features that has seen many real people.

Its weights (Apache-2.0) come with MediaPipe. They are read from its file and never trained; what
they make of a picture is an input of the parser's own network, which itself sees renders only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipeline.blazepose.network import model_path

SHA256 = "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"
TAPS: dict[int, tuple[int, ...]] = {4: (279,), 8: (226, 277), 16: (251, 275), 32: (269,)}
"""Tensors of the file, by how many pixels of the picture one of theirs is wide: where a stage ends,
and where the decoder has brought the stages together again."""
CHANNELS = {4: 48, 8: 32 + 48, 16: 88 + 48, 32: 144}

NAMES = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
RELU6 = schema.ActivationFunctionType.RELU6
NUMBERS = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.FLOAT16: np.float16,
}

Step = tuple[Callable[..., Tensor], list[int], int]
"""What to call, with which tensors, and which tensor comes out."""


class BlazePoseFeatures(nn.Module):
    """The pose network as far as the taps.

    Source: Bazarevsky et al. 2020, BlazePose; the architecture is read from the file.

    Args:
        path: ``pose_landmark_full.tflite``, by default that of the installed MediaPipe.

    Raises:
        ModuleNotFoundError: MediaPipe is not installed.
        ValueError: the file is another one.
    """

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        path = path or model_path()
        raw = path.read_bytes()
        if hashlib.sha256(raw).hexdigest() != SHA256:
            raise ValueError(f"{path} is not MediaPipe 0.10's pose network.")
        file = _File(raw)
        self._entry = file.entry
        self._layers = nn.ModuleList()
        self._steps: list[Step] = []
        for operator in file.leading_to({tensor for taps in TAPS.values() for tensor in taps}):
            call = file.call(operator)
            if isinstance(call, nn.Module):
                self._layers.append(call)
            self._steps.append((call, file.moving(operator), int(operator.outputs[0])))
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, picture: Tensor) -> dict[int, Tensor]:
        """Features.

        Args:
            picture: (B, 3, H, W) RGB in 0..1, height and width multiples of 32.

        Returns:
            By stride s: (B, ``CHANNELS[s]``, H / s, W / s).
        """
        tensors = {self._entry: picture}
        for call, inputs, output in self._steps:
            tensors[output] = call(*(tensors[i] for i in inputs))
        return {s: torch.cat([tensors[t] for t in taps], 1) for s, taps in TAPS.items()}


class _File:
    """A TFLite file of one graph, its constants in half precision."""

    def __init__(self, raw: bytes) -> None:
        self._model = schema.ModelT.InitFromPackedBuf(raw)
        self._graph = self._model.subgraphs[0]
        (self.entry,) = (int(i) for i in self._graph.inputs)
        self._maker = {int(o.outputs[0]): o for o in self._graph.operators}

    def leading_to(self, tensors: set[int]) -> list[Any]:
        """The operators, in order, that make some tensors out of the picture."""
        wanted, kept = set(tensors), []
        for operator in reversed(self._graph.operators):
            if int(operator.outputs[0]) in wanted:
                kept.append(operator)
                wanted |= set(self.moving(operator))
        return kept[::-1]

    def call(self, operator: Any) -> Callable[..., Tensor]:
        """What does the same."""
        match self._name(operator):
            case "CONV_2D" | "DEPTHWISE_CONV_2D":
                return self._convolution(operator)
            case "RESIZE_BILINEAR":  # always to twice the size, pixels being areas
                return _doubled
            case "ADD":
                clip = operator.builtinOptions.fusedActivationFunction == RELU6
                return _added_and_clipped if clip else torch.add
            case name:
                raise ValueError(f"The pose network is known to have no {name}.")

    def moving(self, operator: Any) -> list[int]:
        """The inputs of an operator that depend on the picture, as they are before any padding."""
        inputs = [int(i) for i in operator.inputs if self._moves(int(i))]
        return self.moving(self._maker[inputs[0]]) if self._padded(operator) else inputs

    def _convolution(self, operator: Any) -> nn.Module:
        depthwise = self._name(operator) == "DEPTHWISE_CONV_2D"
        kernels, biases = (self._constant(int(i)) for i in operator.inputs[1:])
        kernels = kernels.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
        outside, inside, side, _ = kernels.shape
        options = operator.builtinOptions
        around = options.padding == schema.Padding.SAME or self._padded(operator)
        groups = outside if depthwise else 1
        layer = nn.Conv2d(
            inside * groups, outside, side, options.strideW, side // 2 * around, groups=groups
        )
        layer.weight.data = torch.from_numpy(np.ascontiguousarray(kernels))
        layer.bias = nn.Parameter(torch.from_numpy(biases))
        clip = options.fusedActivationFunction == RELU6
        return nn.Sequential(layer, nn.ReLU6()) if clip else layer

    def _name(self, operator: Any) -> str:
        code = self._model.operatorCodes[operator.opcodeIndex]
        return NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def _padded(self, operator: Any) -> bool:
        """Whether half a kernel is added on every side by an operator before it."""
        maker = self._maker.get(int(operator.inputs[0]))
        return maker is not None and self._name(maker) == "PAD"

    def _moves(self, tensor: int) -> bool:
        maker = self._maker.get(tensor)
        return tensor == self.entry or (maker is not None and self._name(maker) != "DEQUANTIZE")

    def _constant(self, tensor: int) -> NDArray[np.float32]:
        """Single precision, whatever it is kept in."""
        maker = self._maker.get(tensor)
        kept = self._graph.tensors[tensor if maker is None else int(maker.inputs[0])]
        raw = self._model.buffers[kept.buffer].data.tobytes()
        return np.frombuffer(raw, NUMBERS[kept.type]).reshape(kept.shape).astype(np.float32)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _added_and_clipped(x: Tensor, y: Tensor) -> Tensor:
    return functional.relu6(x + y)
