"""Networks that have seen many real people, as extractors of features: read from TFLite files.

Their weights are never trained; what they make of a picture is an input of the parser's own
network, which itself sees renders only. Their architecture is in their files, so one reader does
for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Taps = Mapping[int, tuple[int, ...]]
"""Tensors of a file, by how many pixels of the picture one of theirs is wide."""

NAMES = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
NUMBERS = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.FLOAT16: np.float16,
}

RELU6 = schema.ActivationFunctionType.RELU6

Step = tuple[Callable[..., Tensor], list[int], int]
"""What to call, with which tensors, and which tensor comes out."""


class TFLiteFeatures(nn.Module):
    """A network of convolutions as far as some taps.

    Args:
        path: of its file; sha256: of what is in it.
        taps: what to give back.

    Raises:
        ValueError: the file is another one.
    """

    def __init__(self, path: Path, sha256: str, taps: Taps) -> None:
        super().__init__()
        raw = path.read_bytes()
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise ValueError(f"{path} is not the file of MediaPipe 0.10.21.")
        file = _File(raw)
        self._entry = file.entry
        self._taps = taps
        self._layers = nn.ModuleList()
        self._steps: list[Step] = []
        for operator in file.leading_to({tensor for few in taps.values() for tensor in few}):
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
            By stride s: (B, channels, H / s, W / s).
        """
        tensors = {self._entry: picture}
        for call, inputs, output in self._steps:
            tensors[output] = call(*(tensors[i] for i in inputs))
        return {s: torch.cat([tensors[t] for t in taps], 1) for s, taps in self._taps.items()}


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
        name = self._name(operator)
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            return self._convolution(operator)
        if name == "ADD" and operator.builtinOptions.fusedActivationFunction == RELU6:
            return _added_and_clipped
        if name not in CALLS:
            raise ValueError(f"The networks are known to have no {name}.")
        return CALLS[name]

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
        stride, groups = options.strideW, outside if depthwise else 1
        layer = nn.Conv2d(inside * groups, outside, side, stride, groups=groups)
        layer.weight.data = torch.from_numpy(np.ascontiguousarray(kernels))
        layer.bias = nn.Parameter(torch.from_numpy(biases))
        parts: list[nn.Module] = [layer]
        same = options.padding == schema.Padding.SAME
        if self._padded(operator) or (same and stride == 1):
            layer.padding = (side // 2, side // 2)
        elif same:  # of an even size: more behind than before
            less = (side - stride) // 2
            parts.insert(0, nn.ZeroPad2d((less, side - stride - less) * 2))
        if options.fusedActivationFunction == RELU6:
            parts.append(nn.ReLU6())
        return nn.Sequential(*parts)

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


def _mean(x: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(x, 1)


def _added_and_clipped(x: Tensor, y: Tensor) -> Tensor:
    return functional.relu6(x + y)


CALLS: dict[str, Callable[..., Tensor]] = {
    "ADD": torch.add,
    "MUL": torch.mul,
    "RELU": torch.relu,
    "HARD_SWISH": functional.hardswish,
    "LOGISTIC": torch.sigmoid,
    "RESIZE_BILINEAR": _doubled,  # in these files always to twice the size, pixels being areas
    "AVERAGE_POOL_2D": _mean,  # in these files always of everything
}
