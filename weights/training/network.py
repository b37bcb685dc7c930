"""The parser's network: a small encoder and decoder for pictures of 256×192.

The picture enters as blocks of 2×2 pixels and leaves the same way, so that nothing is computed at
full resolution; the pose joins at a quarter of it. Depthwise 5×5 convolutions give reach.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.labels import OwnPart
from pipeline.own_parser import INPUT_HW, PICTURE_PLANES, POSE_PLANES
from weights.training.fast_cpu import DepthwiseConv, doubled

BLOCK = 2  # side of the blocks of pixels that enter and leave as one
WIDTHS = (24, 40, 80, 144, 192)  # channels at 1/2, 1/4, 1/8, 1/16, 1/32
DEPTHS = (1, 2, 3, 4, 2)  # residual blocks on the way down
HEAD = 32  # channels before the last layer


class ConvNorm(nn.Sequential):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inside: int, outside: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inside, outside, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):
    """Inverted residual: widen, look around channel by channel, narrow, add.

    Source: Sandler et al. 2018, MobileNetV2.
    """

    def __init__(self, channels: int, expand: int = 2, kernel: int = 5) -> None:
        super().__init__()
        wide = channels * expand
        self.widen = ConvNorm(channels, wide, 1)
        self.look = nn.Sequential(
            DepthwiseConv(wide, kernel),
            nn.BatchNorm2d(wide),
            nn.ReLU(inplace=True),
        )
        self.narrow = nn.Sequential(
            nn.Conv2d(wide, channels, 1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same shape."""
        return x + self.narrow(self.look(self.widen(x)))


class OwnParserNet(nn.Module):
    """See the module. 1.2 M parameters, 0.4 G multiplications."""

    def __init__(self, classes: int = len(OwnPart)) -> None:
        super().__init__()
        enter = PICTURE_PLANES * BLOCK**2
        self.stem = nn.Sequential(ConvNorm(enter, WIDTHS[0]), Residual(WIDTHS[0], 1, 3))
        self.down = nn.ModuleList(ConvNorm(a, b, 3, 2) for a, b in pairwise(WIDTHS))
        self.pose = ConvNorm(WIDTHS[1] + POSE_PLANES, WIDTHS[1], 1)
        self.stages = nn.ModuleList(
            nn.Sequential(*(Residual(width) for _ in range(depth)))
            for width, depth in zip(WIDTHS[1:], DEPTHS[1:], strict=True)
        )
        outside = (HEAD, *WIDTHS[1:])
        self.join = nn.ModuleList(
            ConvNorm(skip + below, out, 1)
            for skip, below, out in zip(WIDTHS[:-1], WIDTHS[1:], outside[:-1], strict=True)
        )
        self.refine = nn.ModuleList(
            Residual(width, 1 if i == 0 else 2, 3 if i == 0 else 5)
            for i, width in enumerate(outside[:-1])
        )
        self.classify = nn.Conv2d(HEAD, classes * BLOCK**2, 1)

    def forward(self, picture: Tensor, pose: Tensor) -> Tensor:
        """Logits.

        Args:
            picture: (B, 4, 256, 192), as ``own_parser.picture_planes`` makes it.
            pose: (B, 12, 64, 48), as ``own_parser.pose_planes`` makes it.

        Returns:
            (B, classes, 256, 192).
        """
        x = self.stem(functional.pixel_unshuffle(picture, BLOCK))
        kept = []
        for i, (down, stage) in enumerate(zip(self.down, self.stages, strict=True)):
            kept.append(x)
            x = down(x)
            if i == 0:
                x = self.pose(torch.cat([x, pose], 1))
            x = stage(x)
        for skip, join, refine in zip(
            reversed(kept), reversed(self.join), reversed(self.refine), strict=True
        ):
            x = refine(join(torch.cat([skip, doubled(x)], 1)))
        return functional.pixel_shuffle(self.classify(x), BLOCK)


def example_inputs(batch: int = 1) -> tuple[Tensor, Tensor]:
    """Blank inputs of the right shapes."""
    height, width = INPUT_HW
    return (
        torch.zeros(batch, PICTURE_PLANES, height, width),
        torch.zeros(batch, POSE_PLANES, height // 4, width // 4),
    )
