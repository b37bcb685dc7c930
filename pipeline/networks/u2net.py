"""U2-Net: a U of small Us that finds what stands out in a picture.

Source: Qin et al. 2020, "U2-Net: Going deeper with nested U-structure for salient object
detection". Module names are those of the published checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.networks.layers import resize_bilinear, size_hw

IMAGE_CHANNELS = 3
DILATED_ENCODER = (1, 2, 4, 8)
DILATED_DECODER = (4, 2, 1)
DEPTHS = (7, 6, 5, 4)  # of the first four stages; the two deepest are dilated instead of pooled


class Widths(NamedTuple):
    """Channels inside and at the end of one stage."""

    mid: int
    out: int


class ConvUnit(nn.Module):
    """3x3 convolution, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv_s1 = nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation)
        self.bn_s1 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) → (B, out, H, W)."""
        return torch.relu(self.bn_s1(self.conv_s1(x)))


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(2, stride=2, ceil_mode=True)  # odd sizes keep their last row and column


class ResidualU(nn.Module):
    """One small U-Net with a residual connection around it.

    Args:
        in_channels: of the input.
        widths: channels inside and out.
        encoder: dilation of each unit on the way down; the last one is the bottom.
        decoder: dilation of each unit on the way up, deepest first; one fewer.
        pooled: halve the size after every encoder unit but the last two.

    Shapes: (B, in, H, W) → (B, widths.out, H, W), any size.
    """

    def __init__(
        self,
        in_channels: int,
        widths: Widths,
        encoder: Sequence[int],
        decoder: Sequence[int],
        pooled: bool,
    ) -> None:
        super().__init__()
        mid, out = widths
        self.depth = len(encoder)
        self.rebnconvin = ConvUnit(in_channels, out)
        for level, dilation in enumerate(encoder, start=1):
            unit = ConvUnit(out if level == 1 else mid, mid, dilation)
            self.add_module(f"rebnconv{level}", unit)
        for level, dilation in zip(range(self.depth - 1, 0, -1), decoder, strict=True):
            unit = ConvUnit(2 * mid, out if level == 1 else mid, dilation)
            self.add_module(f"rebnconv{level}d", unit)
        self.pool = _pool() if pooled else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        entry = self.rebnconvin(x)
        y, skips = entry, []
        for level in range(1, self.depth):
            y = getattr(self, f"rebnconv{level}")(y)
            skips.append(y)
            if level < self.depth - 1:
                y = self.pool(y)
        y = getattr(self, f"rebnconv{self.depth}")(y)
        for level in range(self.depth - 1, 0, -1):
            skip = skips.pop()
            y = resize_bilinear(y, size_hw(skip), align_corners=False)
            y = getattr(self, f"rebnconv{level}d")(torch.cat((y, skip), 1))
        result: Tensor = y + entry
        return result


def _stage(level: int, in_channels: int, widths: Widths) -> ResidualU:
    if level > len(DEPTHS):
        return ResidualU(in_channels, widths, DILATED_ENCODER, DILATED_DECODER, pooled=False)
    depth = DEPTHS[level - 1]
    encoder = [1] * (depth - 1) + [2]  # the bottom is dilated instead of pooled once more
    return ResidualU(in_channels, widths, encoder, [1] * (depth - 1), pooled=True)


class U2Net(nn.Module):
    """The whole network: six stages down, five up, and a prediction at each of six scales.

    Args:
        encoder: widths of stages 1 to 6.
        decoder: widths of the decoder stages 5 to 1, deepest first.
        classes: channels of every prediction.
        activation: applied to every prediction last; ``torch.sigmoid`` for the salient-object
            models, None for raw logits (the garment model).

    Shapes: (B, 3, H, W), normalised RGB of any size → seven (B, classes, H, W); the first is the
        fused prediction that one normally wants, then those of the single scales, finest first.
    """

    def __init__(
        self,
        encoder: Sequence[Widths],
        decoder: Sequence[Widths],
        classes: int,
        activation: Callable[[Tensor], Tensor] | None,
    ) -> None:
        super().__init__()
        self.levels = len(encoder)
        self.activation = activation
        channels = IMAGE_CHANNELS
        for level, widths in enumerate(encoder, start=1):
            self.add_module(f"stage{level}", _stage(level, channels, widths))
            channels = widths.out
        heads = {self.levels: channels}
        for level, widths in zip(range(self.levels - 1, 0, -1), decoder, strict=True):
            joined = channels + encoder[level - 1].out
            self.add_module(f"stage{level}d", _stage(level, joined, widths))
            heads[level] = channels = widths.out
        for level in range(1, self.levels + 1):
            self.add_module(f"side{level}", nn.Conv2d(heads[level], classes, 3, padding=1))
        self.outconv = nn.Conv2d(self.levels * classes, classes, 1)
        self.pool = _pool()

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        skips = []
        for level in range(1, self.levels):
            x = getattr(self, f"stage{level}")(x)
            skips.append(x)
            x = self.pool(x)
        x = getattr(self, f"stage{self.levels}")(x)
        sides = [self._side(self.levels, x)]
        for level in range(self.levels - 1, 0, -1):
            skip = skips.pop()
            x = resize_bilinear(x, size_hw(skip), align_corners=False)
            x = getattr(self, f"stage{level}d")(torch.cat((x, skip), 1))
            sides.insert(0, self._side(level, x))
        full = size_hw(sides[0])
        sides = [resize_bilinear(side, full, align_corners=False) for side in sides]
        maps = (self.outconv(torch.cat(sides, 1)), *sides)
        return maps if self.activation is None else tuple(self.activation(m) for m in maps)

    def _side(self, level: int, x: Tensor) -> Tensor:
        side: Tensor = getattr(self, f"side{level}")(x)
        return side
