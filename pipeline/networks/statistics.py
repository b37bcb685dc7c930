"""Normalisation over a picture whose statistics stay in single precision, whatever the features.

Half precision holds 11 bits. A sum over a million pixels needs more, and so does the difference of
two large numbers: means and deviations are summed and combined in float32, and only the scale and
shift that come out of them are rounded.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.networks import fused
from pipeline.networks.layers import NORM_EPS


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of every picture and channel: two (B, C, 1, 1) float32."""
    if x.is_cuda and x.dtype != torch.float32:
        return moments_in_place(x)
    variance, mean = torch.var_mean(x.float(), (2, 3), correction=0, keepdim=True)
    return mean, variance


def moments_in_place(x: Tensor) -> tuple[Tensor, Tensor]:
    """The same without a copy in float32 of half precision features.

    The variance is the difference of two sums, which is only as good as the sums are: on a GPU
    they are summed in a tree, on a processor one value after the other.
    """
    pixels = x.shape[2] * x.shape[3]
    mean = x.mean((2, 3), keepdim=True, dtype=torch.float32)
    length = torch.linalg.vector_norm(x, 2, (2, 3), keepdim=True, dtype=torch.float32)
    return mean, (length.square() / pixels - mean.square()).clamp(min=0)


def standardise(x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Instance normalisation or, with a mask, ``alias_generator.MaskNorm``.

    Args:
        x: (B, C, H, W).
        mask: (B, 1, H, W) in 0..1, or None.
    """
    if mask is not None:
        return _standardise_regions(x.float(), mask.float()).to(x.dtype)
    if fused.available(x):
        return fused.modulate(x, *fused.spread(x))
    if x.dtype == torch.float32:
        return F.instance_norm(x, eps=NORM_EPS)
    mean, variance = moments(x)
    scale = (variance + NORM_EPS).rsqrt()
    return torch.addcmul((-mean * scale).to(x.dtype), x, scale.to(x.dtype))


def _standardise_regions(x: Tensor, mask: Tensor) -> Tensor:
    """Both regions of ``MaskNorm`` from one set of statistics.

    Inside a region with share s of the picture, mask normalisation is m (x - mean) sqrt(s) /
    deviation, where the deviation is taken over the whole picture; filling the rest with the mean
    only serves to make it so.
    """
    pixels = x.shape[2] * x.shape[3]
    scale = shift = torch.zeros((), device=x.device)
    for weight in (mask, 1 - mask):
        count = weight.sum((2, 3), keepdim=True)
        mean = (x * weight).sum((2, 3), keepdim=True) / torch.where(count == 0, 1, count)
        variance = ((x - mean) * weight).square().sum((2, 3), keepdim=True) / pixels
        factor = weight * (count / pixels / (variance + NORM_EPS)).sqrt()
        scale, shift = scale + factor, shift + factor * mean
    return x * scale - shift


class Normal:
    """Features of which normalised, modulated forms are wanted, with one set of statistics.

    Args:
        x: (B, C, H, W).
        mask: as of ``standardise``.
    """

    def __init__(self, x: Tensor, mask: Tensor | None = None) -> None:
        self._x = x
        self._spread = fused.spread(x) if mask is None and fused.available(x) else None
        self._plain = standardise(x, mask) if self._spread is None else None

    def scaled(self, scale: Tensor, shift: Tensor, slope: float = 1.0) -> Tensor:
        """With scale and shift (B, C, H, W) and a leaky ReLU, whose slope of 1 is none."""
        plain = self._plain
        if plain is None:
            assert self._spread is not None
            plain = fused.modulate(self._x, *self._spread)
        y = torch.addcmul(shift, plain, scale)
        return y if slope == 1.0 else F.leaky_relu(y, slope, inplace=True)

    def looked_up(self, rows: Tensor, table: Tensor, slope: float = 1.0) -> Tensor:
        """The same, scale and shift of a pixel being its row (B, H, W) of a table (n, 2 C)."""
        if self._spread is not None:
            return fused.modulate(self._x, *self._spread, rows, table, slope)
        scale, shift = F.embedding(rows, table).permute(0, 3, 1, 2).chunk(2, 1)
        return self.scaled(scale, shift, slope)


class InstanceNorm(nn.Module):
    """``nn.InstanceNorm2d`` without parameters, for any precision and memory layout."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same."""
        return standardise(x)


def with_steady_norms(network: nn.Module) -> nn.Module:
    """The same network with its instance normalisations replaced by ``InstanceNorm``, in place."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.InstanceNorm2d):
                setattr(parent, name, InstanceNorm())
    return network
