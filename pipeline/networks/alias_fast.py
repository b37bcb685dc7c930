"""The synthesis network without the work that its inputs make redundant.

Four fifths of its arithmetic turn the segmentation into a scale and a shift for every pixel. In the
three largest blocks that segmentation is one-hot, so wherever a pixel's neighbourhood shows one
region only, scale and shift are constants of that region. Here they are looked up in a table, and
convolved only near borders between regions. The shortcut and the first normalisation of a block
share their statistics. Everything is exact to rounding, for any one-hot segmentation.

The noise of the published network is left out (its planes are zero).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.networks.alias_generator import (
    HIDDEN,
    LATENT_STRIDE,
    SLOPE,
    AliasBlock,
    AliasGenerator,
    AliasNorm,
    MaskNorm,
)
from pipeline.networks.folding import plain_conv
from pipeline.networks.layers import NORM_EPS, resize_nearest, size_hw

KERNEL = 3  # of both convolutions between segmentation and modulation
TAPS = KERNEL * KERNEL
REACH = 2  # pixels that the two of them look around


class RegionMap(NamedTuple):
    """A one-hot segmentation as labels, and where it is not locally constant.

    Attributes:
        labels: (B, H, W) int64.
        hidden_taps: (n, 9) int64 labels around every pixel whose hidden features are needed,
            shifted to a table of its own for each of the 9 places.
        border: (m,) int64 flat index of the pixels whose modulation is no constant.
        border_taps: (m, 9) int64 rows of hidden features around each of them; row n is zero.
    """

    labels: Tensor
    hidden_taps: Tensor
    border: Tensor
    border_taps: Tensor


def region_map(seg: Tensor) -> RegionMap:
    """Analyse a one-hot segmentation (B, regions, H, W)."""
    regions = seg.shape[1]
    labels = seg.argmax(1)
    border = border_pixels(labels)
    needed = _dilate(border)
    rows = torch.full(needed.shape, -1, dtype=torch.int64, device=seg.device)
    count = int(needed.sum())
    rows[needed] = torch.arange(count, device=seg.device)
    around = _neighbours(labels, outside=regions)[needed]
    tables = torch.arange(TAPS, device=seg.device) * (regions + 1)
    border_taps = _neighbours(rows, outside=count)[border]
    flat = border.flatten().nonzero()[:, 0]
    return RegionMap(labels, around + tables, flat, border_taps)


def border_pixels(labels: Tensor) -> Tensor:
    """(B, H, W) bool: where the 5x5 neighbourhood is not one region inside the picture."""
    values = labels.float()[:, None]
    window = 2 * REACH + 1
    high = F.max_pool2d(values, window, stride=1, padding=REACH)
    low = -F.max_pool2d(-values, window, stride=1, padding=REACH)
    border = (high != low)[:, 0]
    border[:, :REACH] = border[:, -REACH:] = True  # the convolutions see zeros beyond
    border[:, :, :REACH] = border[:, :, -REACH:] = True
    return border


def _dilate(pixels: Tensor) -> Tensor:
    """(B, H, W) bool, grown by one pixel."""
    return F.max_pool2d(pixels.float()[:, None], KERNEL, stride=1, padding=1)[:, 0] > 0


def _neighbours(values: Tensor, outside: int) -> Tensor:
    """(B, H, W) int64 → (B, H, W, 9): what lies around each pixel, row by row."""
    height, width = size_hw(values)
    padded = F.pad(values, (1, 1, 1, 1), value=outside)
    return torch.stack(
        [padded[:, y : y + height, x : x + width] for y in range(KERNEL) for x in range(KERNEL)],
        3,
    )


class DenseModulation(nn.Module):
    """Scale and shift of every pixel by convolution, for any segmentation."""

    def __init__(self, norm: AliasNorm) -> None:
        super().__init__()
        self.conv_shared = norm.conv_shared
        self.conv_gamma = norm.conv_gamma
        self.conv_beta = norm.conv_beta

    def forward(self, seg: Tensor) -> tuple[Tensor, Tensor]:
        """(B, regions, H, W) → scale and shift, each (B, C, H, W)."""
        hidden = self.conv_shared(seg)
        return 1 + self.conv_gamma(hidden), self.conv_beta(hidden)


class TableModulation(nn.Module):
    """The same for a one-hot segmentation, by table and, near borders, by sparse convolution."""

    first: Tensor
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor
    constants: Tensor

    def __init__(self, norm: AliasNorm) -> None:
        super().__init__()
        shared = norm.conv_shared[0]
        assert isinstance(shared, nn.Conv2d)
        regions = shared.in_channels
        tables = shared.weight.detach().permute(2, 3, 1, 0).reshape(TAPS, regions, HIDDEN)
        tables = F.pad(tables, (0, 0, 0, 1))  # a region of zeros: what lies outside the picture
        weights = torch.cat((norm.conv_gamma.weight, norm.conv_beta.weight)).detach()
        assert norm.conv_gamma.bias is not None and norm.conv_beta.bias is not None
        assert shared.bias is not None
        bias = torch.cat((1 + norm.conv_gamma.bias, norm.conv_beta.bias)).detach()
        hidden = torch.relu(tables[:, :regions].sum(0) + shared.bias.detach())
        constants = hidden @ weights.sum((2, 3)).T + bias
        self.register_buffer("first", tables.flatten(0, 1).contiguous())
        self.register_buffer("first_bias", shared.bias.detach().clone())
        self.register_buffer("second", weights.permute(2, 3, 1, 0).reshape(TAPS * HIDDEN, -1))
        self.register_buffer("second_bias", bias)
        self.register_buffer("constants", constants)

    def forward(self, regions: RegionMap) -> tuple[Tensor, Tensor]:
        """Scale and shift, each (B, C, H, W), channels last in memory."""
        hidden = F.embedding_bag(regions.hidden_taps, self.first, mode="sum")
        hidden = F.pad(torch.relu(hidden + self.first_bias), (0, 0, 0, 1))
        around = hidden[regions.border_taps].flatten(1)
        near_border = torch.addmm(self.second_bias, around, self.second)
        values = self.constants[regions.labels]
        values.flatten(0, 2).index_copy_(0, regions.border, near_border)
        scale, shift = values.permute(0, 3, 1, 2).chunk(2, 1)
        return scale, shift


def standardise(x: Tensor, mask: Tensor | None) -> Tensor:
    """Instance normalisation or, with a mask, ``MaskNorm``, from one set of statistics.

    Inside a region R with share s of the picture, mask normalisation is m (x - mean) sqrt(s) /
    deviation, where the deviation is taken over the whole picture; filling the rest with the mean
    only serves to make it so.
    """
    if mask is None:
        return F.instance_norm(x, eps=NORM_EPS)
    pixels = x.shape[2] * x.shape[3]
    scale = shift = None
    for weight in (mask, 1 - mask):
        count = weight.sum((2, 3), keepdim=True)
        mean = (x * weight).sum((2, 3), keepdim=True) / torch.where(count == 0, 1, count)
        variance = ((x - mean) * weight).square().sum((2, 3), keepdim=True) / pixels
        factor = weight * (count / pixels / (variance + NORM_EPS)).sqrt()
        scale = factor if scale is None else scale + factor
        shift = factor * mean if shift is None else shift + factor * mean
    assert scale is not None and shift is not None
    return x * scale - shift


class FastBlock(nn.Module):
    """An ``AliasBlock`` with folded convolutions and shared statistics.

    Args:
        block: with its weights.
        modulation: ``DenseModulation`` or ``TableModulation``; decides what ``forward`` is given.
    """

    def __init__(
        self, block: AliasBlock, modulation: type[DenseModulation] | type[TableModulation]
    ) -> None:
        super().__init__()
        self.masked = isinstance(block.norm_0.norm, MaskNorm)
        self.learned_shortcut = block.learned_shortcut
        self.conv_0, self.conv_1 = plain_conv(block.conv_0), plain_conv(block.conv_1)
        self.norm_0, self.norm_1 = modulation(block.norm_0), modulation(block.norm_1)
        if block.learned_shortcut:
            self.conv_s = plain_conv(block.conv_s)
            self.norm_s = modulation(block.norm_s)

    def forward(self, x: Tensor, regions: Tensor | RegionMap, mask: Tensor | None) -> Tensor:
        """(B, in, H, W), segmentation or its map and mask at that size → (B, out, H, W)."""
        mask = mask if self.masked else None
        normal = standardise(x, mask)
        shortcut = x
        if self.learned_shortcut:
            scale, shift = self.norm_s(regions)
            shortcut = self.conv_s(torch.addcmul(shift, normal, scale))
        scale, shift = self.norm_0(regions)
        y = self.conv_0(F.leaky_relu(torch.addcmul(shift, normal, scale), SLOPE))
        scale, shift = self.norm_1(regions)
        y = torch.addcmul(shift, standardise(y, mask), scale)
        result: Tensor = shortcut + self.conv_1(F.leaky_relu(y, SLOPE))
        return result


class FastAliasGenerator(nn.Module):
    """``AliasGenerator`` for inference: same inputs, same output to rounding, far less arithmetic.

    Args:
        network: with its weights; they are copied where they change.
    """

    def __init__(self, network: AliasGenerator) -> None:
        super().__init__()
        self.features = nn.ModuleList(getattr(network, f"conv_{level}") for level in range(8))
        masked = (
            network.head_0,
            network.G_middle_0,
            network.G_middle_1,
            network.up_0,
            network.up_1,
        )
        self.masked = nn.ModuleList(FastBlock(block, DenseModulation) for block in masked)
        one_hot = (network.up_2, network.up_3, network.up_4)
        self.one_hot = nn.ModuleList(FastBlock(block, TableModulation) for block in one_hot)
        self.conv_img = network.conv_img
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor, seg: Tensor, seg_div: Tensor, misalign_mask: Tensor) -> Tensor:
        """As ``AliasGenerator``; ``seg`` must be one-hot."""
        height, width = size_hw(x)
        y = resize_nearest(x, (height // LATENT_STRIDE, width // LATENT_STRIDE))
        y = self.features[0](y)
        for level, block in enumerate(self.masked):
            if level:
                y = self._enlarged(x, y, level)
            mask = resize_nearest(misalign_mask, size_hw(y))
            y = block(y, resize_nearest(seg_div, size_hw(y)), mask)
        for level, block in enumerate(self.one_hot, start=len(self.masked)):
            y = self._enlarged(x, y, level)
            y = block(y, region_map(resize_nearest(seg, size_hw(y))), None)
        return torch.tanh(self.conv_img(F.leaky_relu(y, SLOPE)))

    def _enlarged(self, x: Tensor, y: Tensor, level: int) -> Tensor:
        y = resize_nearest(y, (2 * y.shape[2], 2 * y.shape[3]))
        return torch.cat((y, self.features[level](resize_nearest(x, size_hw(y)))), 1)
