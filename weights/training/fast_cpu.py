"""Depthwise convolutions that train fast on a processor with bfloat16.

oneDNN computes everything the network needs quickly in bfloat16 and channels last, except the
gradient of a depthwise 5×5 kernel, which took two thirds of a step. Here it is 25 sums of products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Floats = NDArray[np.float32]
LAYOUT = torch.channels_last


@njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def kernel_gradient(x: Floats, gradient: Floats, side: int, out: Floats) -> None:
    """Add the gradient of a depthwise kernel to ``out``.

    Args:
        x, gradient: (B, H, W, C) what went in, and the gradient of what came out.
        side: of the kernel, odd; stride 1, padded to the same size.
        out: (side × side, C), changed.
    """
    batch, height, width, channels = gradient.shape
    reach = side // 2
    for b in range(batch):
        for y in range(height):
            for dy in range(max(0, reach - y), min(side, height + reach - y)):
                row = x[b, y + dy - reach]
                for dx in range(side):
                    total = out[dy * side + dx]
                    for at in range(max(0, reach - dx), min(width, width + reach - dx)):
                        seen, wanted = row[at + dx - reach], gradient[b, y, at]
                        for c in range(channels):
                            total[c] += seen[c] * wanted[c]


class _Depthwise(torch.autograd.Function):
    """Convolution of bfloat16 (B, C, H, W) with single-precision kernels (C, 1, k, k)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Tensor) -> Tensor:
        ctx.save_for_backward(x, kernels)
        return _convolve(x, kernels)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        x, kernels = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=LAYOUT)
        channels, _, side, _ = kernels.shape
        total = np.zeros((side * side, channels), np.float32)
        kernel_gradient(_rows(x), _rows(gradient), side, total)
        by_kernel = torch.from_numpy(total).T.reshape(kernels.shape)
        return _convolve(gradient, kernels.flip(2, 3)), by_kernel


def _convolve(x: Tensor, kernels: Tensor) -> Tensor:
    narrow = kernels.to(x.dtype)
    return functional.conv2d(x, narrow, None, 1, kernels.shape[-1] // 2, 1, kernels.shape[0])


def _rows(x: Tensor) -> Floats:
    """(B, C, H, W) channels last → (B, H, W, C) single precision."""
    return np.asarray(x.permute(0, 2, 3, 1).float().contiguous().numpy())


class DepthwiseConv(nn.Conv2d):
    """Every channel by itself, same size; ordinary except when trained in bfloat16 on a processor.

    Args:
        channels: of input and output.
        side: of the kernel, odd.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__(channels, channels, side, 1, side // 2, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same shape."""
        narrow = torch.is_autocast_enabled("cpu") and x.device.type == "cpu"
        if not (narrow and self.weight.requires_grad and torch.is_grad_enabled()):
            return super().forward(x)
        x = x.to(torch.get_autocast_dtype("cpu")).contiguous(memory_format=LAYOUT)
        result: Tensor = _Depthwise.apply(x, self.weight)
        return result


def doubled(x: Tensor) -> Tensor:
    """Twice as large, bilinear; its gradient comes channels last, without which it is slow."""
    larger = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
    if larger.requires_grad:
        larger.register_hook(lambda gradient: gradient.contiguous(memory_format=LAYOUT))
    return larger
