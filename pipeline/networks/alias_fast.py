"""The synthesis network without the work that its inputs make redundant.

Four fifths of its arithmetic turn the segmentation into a scale and a shift for every pixel. In the
three largest blocks that segmentation is one-hot, so wherever a pixel's neighbourhood shows one
region only, scale and shift are constants of that region. Here they are looked up in a table, and
convolved only near borders between regions. The shortcut and the first normalisation of a block
share their statistics. Everything is exact to rounding, for any one-hot segmentation.

The noise of the published network is left out (its planes are zero).

In half precision the coarsest block stays single (``FastAliasGenerator.in_precision``). It sees a
picture of 8 x 6 pixels, of which a misaligned part may have two: normalising two nearly equal
values magnifies their difference up to 60 times, and with it every rounding before.
"""

from __future__ import annotations

from typing import Self

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
from pipeline.networks.layers import resize_nearest, size_hw
from pipeline.networks.regions import TAPS, RegionMap, region_map, room_for
from pipeline.networks.statistics import Normal

SINGLE = 1  # coarsest blocks that stay in single precision
DENSE_FROM = 0.5  # share of border pixels from which convolving everything is the lesser work


def _both_convs(norm: AliasNorm) -> tuple[Tensor, Tensor]:
    """Weight and bias of one convolution for scale and shift; the 1 of the scale is in the bias."""
    assert norm.conv_gamma.bias is not None and norm.conv_beta.bias is not None
    weight = torch.cat((norm.conv_gamma.weight, norm.conv_beta.weight)).detach()
    return weight, torch.cat((1 + norm.conv_gamma.bias, norm.conv_beta.bias)).detach()


class DenseModulation(nn.Module):
    """Scale and shift of every pixel by convolution, for any segmentation."""

    def __init__(self, norm: AliasNorm) -> None:
        super().__init__()
        self.conv_shared = norm.conv_shared
        weight, bias = _both_convs(norm)
        with torch.device("meta"):
            self.conv = nn.Conv2d(HIDDEN, len(weight), weight.shape[2], padding=1)
        self.conv.weight = nn.Parameter(weight, requires_grad=False)
        self.conv.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, seg: Tensor) -> tuple[Tensor, Tensor]:
        """(B, regions, H, W) → scale and shift, each (B, C, H, W)."""
        scale, shift = self.conv(self.conv_shared(seg)).chunk(2, 1)
        return scale, shift


class TableModulation(nn.Module):
    """The same for a one-hot segmentation, by table and, near borders, by sparse convolution."""

    first: Tensor
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor
    constants: Tensor

    def __init__(self, norm: AliasNorm) -> None:
        super().__init__()
        self.dense = DenseModulation(norm)  # for maps that are nearly all border
        shared = norm.conv_shared[0]
        assert isinstance(shared, nn.Conv2d) and shared.bias is not None
        regions = shared.in_channels
        tables = shared.weight.detach().permute(2, 3, 1, 0).reshape(TAPS, regions, HIDDEN)
        tables = F.pad(tables, (0, 0, 0, 1))  # a region of zeros: what lies outside the picture
        weights, bias = _both_convs(norm)
        hidden = torch.relu(tables[:, :regions].sum(0) + shared.bias.detach())
        constants = hidden @ weights.sum((2, 3)).T + bias
        self.register_buffer("first", tables.flatten(0, 1).contiguous())
        self.register_buffer("first_bias", shared.bias.detach().clone())
        self.register_buffer("second", weights.permute(2, 3, 1, 0).reshape(TAPS * HIDDEN, -1))
        self.register_buffer("second_bias", bias)
        self.register_buffer("constants", constants)

    def forward(self, regions: RegionMap | Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift, each (B, C, H, W), channels last in memory."""
        if isinstance(regions, Tensor):
            scale, shift = self.dense(regions)
            return scale, shift
        values = F.embedding(regions.rows, self.table(regions))
        scale, shift = values.permute(0, 3, 1, 2).chunk(2, 1)
        return scale, shift

    def table(self, regions: RegionMap) -> Tensor:
        """Scales and shifts of ``RegionMap.rows``: (rows, 2 C)."""
        hidden = F.embedding_bag(regions.hidden_taps, self.first, mode="sum")
        hidden = F.pad(torch.relu(hidden + self.first_bias), (0, 0, 0, 1))
        around = hidden[regions.border_taps].flatten(1)
        near_border = torch.addmm(self.second_bias, around, self.second)
        return torch.cat((self.constants, near_border))


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
        x = x.to(self.conv_0.weight.dtype)
        regions = regions.to(x.dtype) if isinstance(regions, Tensor) else regions
        normal = Normal(x, mask)
        shortcut = x
        if self.learned_shortcut:
            shortcut = self.conv_s(_modulated(normal, self.norm_s, regions))
        y = self.conv_0(_modulated(normal, self.norm_0, regions, SLOPE))
        y = self.conv_1(_modulated(Normal(y, mask), self.norm_1, regions, SLOPE))
        result: Tensor = shortcut + y
        return result


def _modulated(
    normal: Normal,
    modulation: DenseModulation | TableModulation,
    regions: Tensor | RegionMap,
    slope: float = 1.0,
) -> Tensor:
    if isinstance(regions, RegionMap):
        assert isinstance(modulation, TableModulation)
        return normal.looked_up(regions.rows, modulation.table(regions), slope)
    scale, shift = modulation(regions)
    return normal.scaled(scale, shift, slope)


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

    def in_precision(self, dtype: torch.dtype) -> Self:
        """Compute in ``dtype`` where that costs no accuracy; the coarsest block stays single.

        Inputs should be single then, the segmentation excepted, which is exact in any precision.
        """
        for level in range(SINGLE, len(self.features)):
            self.features[level].to(dtype)
        for block in (*self.masked[SINGLE:], *self.one_hot):
            block.to(dtype)
        self.conv_img.to(dtype)
        return self

    def forward(self, x: Tensor, seg: Tensor, seg_div: Tensor, misalign_mask: Tensor) -> Tensor:
        """As ``AliasGenerator``; ``seg`` must be one-hot. The picture is in single precision."""
        return self._synthesized(x, seg, seg_div, misalign_mask, fixed_room=False)[0]

    def within_room(
        self, x: Tensor, seg: Tensor, seg_div: Tensor, misalign_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same with work that depends on the sizes alone, so that a GPU can record it.

        Returns:
            The picture, and () bool: it is exact. Otherwise ``seg`` has more borders than there
            is room for, and ``forward`` must be asked.
        """
        return self._synthesized(x, seg, seg_div, misalign_mask, fixed_room=True)

    def _synthesized(
        self, x: Tensor, seg: Tensor, seg_div: Tensor, misalign_mask: Tensor, fixed_room: bool
    ) -> tuple[Tensor, Tensor]:
        """The largest blocks see one picture after the other.

        One alone fills a GPU there, and eight at once would take gigabytes of memory.
        """
        coarse = self._masked_blocks(x, seg_div, misalign_mask)
        singles = zip(torch.split(x, 1), torch.split(coarse, 1), torch.split(seg, 1), strict=True)
        pictures, whole = zip(
            *(self._one_hot_blocks(*single, fixed_room=fixed_room) for single in singles),
            strict=True,
        )
        return torch.cat(pictures), torch.stack(whole).all()

    def _one_hot_blocks(
        self, x: Tensor, y: Tensor, seg: Tensor, fixed_room: bool
    ) -> tuple[Tensor, Tensor]:
        whole = torch.ones((), dtype=torch.bool, device=x.device)
        for level, block in enumerate(self.one_hot, start=len(self.masked)):
            y = self._enlarged(x, y, level)
            small = resize_nearest(seg, size_hw(y))
            regions = region_map(small, room_for(*size_hw(y)) if fixed_room else None)
            whole = whole & regions.whole
            dense = not fixed_room and regions.border_share > DENSE_FROM
            y = block(y, small if dense else regions, None)
        return self._picture(y), whole

    def _masked_blocks(self, x: Tensor, seg_div: Tensor, misalign_mask: Tensor) -> Tensor:
        height, width = size_hw(x)
        small = resize_nearest(x, (height // LATENT_STRIDE, width // LATENT_STRIDE))
        y: Tensor = _conv(self.features[0], small)
        for level, block in enumerate(self.masked):
            if level:
                y = self._enlarged(x, y, level)
            mask = resize_nearest(misalign_mask, size_hw(y))
            y = block(y, resize_nearest(seg_div, size_hw(y)), mask)
        return y

    def _picture(self, y: Tensor) -> Tensor:
        return torch.tanh(self.conv_img(F.leaky_relu(y, SLOPE)).float())

    def _enlarged(self, x: Tensor, y: Tensor, level: int) -> Tensor:
        height, width = 2 * y.shape[2], 2 * y.shape[3]
        features = _conv(self.features[level], resize_nearest(x, (height, width)))
        return torch.cat((resize_nearest(y.to(features), (height, width)), features), 1)


def _conv(layer: nn.Module, x: Tensor) -> Tensor:
    """A convolution of inputs in its own precision."""
    y: Tensor = layer(x.to(next(layer.parameters()).dtype))
    return y
