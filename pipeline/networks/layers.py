"""Layers the published networks share and torch does not have as they need them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORM_EPS = 1e-5  # of every normalisation in every network here


class AbsScaleNorm(nn.Module):
    """Batch normalisation at inference whose scale is ``|weight| + eps``, then an activation.

    The published parsers were trained with a layer that takes the absolute value of its scale;
    an ordinary ``BatchNorm2d`` gives other results for every negative weight.

    Args:
        channels: number of channels C.
        slope: of the leaky ReLU that follows; None for no activation.

    Shapes: (B, C, H, W) → the same.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, slope: float | None = None) -> None:
        super().__init__()
        self.slope = slope
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def scale(self) -> Tensor:
        """The scale that is really applied, (C,), always positive."""
        return self.weight.abs() + NORM_EPS

    def forward(self, x: Tensor) -> Tensor:
        """Normalise with the stored statistics, also in training mode."""
        y = F.batch_norm(
            x, self.running_mean, self.running_var, self.scale(), self.bias, eps=NORM_EPS
        )
        return y if self.slope is None else F.leaky_relu(y, self.slope)


class SpectralConv2d(nn.Module):
    """A convolution whose weight is divided by an estimate of its largest singular value.

    The estimate is made from the *stored* vectors, as in the published files: they are not fully
    converged, so the true singular value would be another number. Nothing is iterated here.

    Args:
        in_channels, out_channels, kernel: as of a square convolution with "same" padding.
        bias: whether there is one.

    State: ``bias`` (out,), ``weight_orig`` (out, in, k, k), ``weight_u`` (out,),
        ``weight_v`` (in·k·k,).
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, in_channels: int, out_channels: int, kernel: int, bias: bool = True) -> None:
        super().__init__()
        self.padding = kernel // 2
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        weight = torch.empty(out_channels, in_channels, kernel, kernel)
        self.weight_orig = nn.Parameter(nn.init.xavier_uniform_(weight))
        self.register_buffer("weight_u", F.normalize(torch.ones(out_channels), dim=0))
        start = weight.detach().flatten(1).T @ self.weight_u
        self.register_buffer("weight_v", F.normalize(start, dim=0))

    def weight(self) -> Tensor:
        """The weight that is really applied, (out, in, k, k)."""
        sigma = self.weight_u.dot(self.weight_orig.flatten(1) @ self.weight_v)
        return self.weight_orig / sigma

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) → (B, out, H, W)."""
        return F.conv2d(x, self.weight(), self.bias, padding=self.padding)


def resize_bilinear(x: Tensor, size_hw: tuple[int, int], align_corners: bool) -> Tensor:
    """Resize (B, C, h, w) to (B, C, H, W) without antialiasing; the same size is left alone."""
    if x.shape[-2:] == size_hw:
        return x
    return F.interpolate(x, size_hw, mode="bilinear", align_corners=align_corners)


def resize_nearest(x: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """Resize (B, C, h, w) to (B, C, H, W), taking source index ``floor(i * in / out)``."""
    return x if x.shape[-2:] == size_hw else F.interpolate(x, size_hw, mode="nearest")


def size_hw(x: Tensor) -> tuple[int, int]:
    """Height and width of a (..., H, W) tensor."""
    return x.shape[-2], x.shape[-1]
