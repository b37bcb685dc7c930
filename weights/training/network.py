"""The parser's network: a decoder of what two networks of MediaPipe see in pictures of 256×192.

What things are is known from their frozen features, which were learnt from real people
(``features``); a parser that learns that from renders alone is soon sure of things that only
renders show. Where things end is also seen by a stem of its own at half of the resolution. The
first convolution steps over two pixels and the last doubles, so that nothing in between is computed
at full size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.labels import OwnPart
from pipeline.own_crop import INPUT_HW, PICTURE_PLANES, POSE_PLANES, POSE_STRIDE
from weights.training.fast_cpu import DepthwiseConv, doubled
from weights.training.features import OUTLINE_CHANNELS, POSE_CHANNELS, Features

FINEST = 2  # stride of what is not computed at full size
ENTRY = 6  # px, side of the first kernel
WIDTHS = (24, 40, 80, 144, 192)  # channels at 1/2, 1/4, 1/8, 1/16, 1/32
DEPTHS = (2, 2, 2, 1)  # residual blocks behind the features, from 1/4
GUIDES = POSE_PLANES + 1  # planes that say who is meant: pose and outline
HEAD = 32  # channels before the last layer


class ConvNorm(nn.Sequential):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inside: int, outside: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inside, outside, kernel, stride, (kernel - 1) // 2, bias=False),
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
    """See the module. 0.7 M parameters of its own beside the 1.7 M of the features.

    Args:
        features: what is known of real people.
        classes: planes that come out.
    """

    def __init__(self, features: Features, classes: int = len(OwnPart)) -> None:
        super().__init__()
        self.features = features
        self.stem = nn.Sequential(
            ConvNorm(PICTURE_PLANES, WIDTHS[0], ENTRY, FINEST), Residual(WIDTHS[0], 1, 3)
        )
        self.edge = nn.Sequential(
            nn.Conv2d(OUTLINE_CHANNELS[FINEST], WIDTHS[0], 1, bias=False), nn.BatchNorm2d(WIDTHS[0])
        )
        self.down = ConvNorm(WIDTHS[0], WIDTHS[1], 3, 2)
        self.pose = ConvNorm(WIDTHS[1] + POSE_PLANES, WIDTHS[1], 1)
        self.known = nn.ModuleList(
            ConvNorm(channels + GUIDES + OUTLINE_CHANNELS.get(stride, 0), width, 1)
            for (stride, channels), width in zip(POSE_CHANNELS.items(), WIDTHS[1:], strict=True)
        )
        self.match = nn.Sequential(
            nn.Conv2d(WIDTHS[1], WIDTHS[1], 1, bias=False), nn.BatchNorm2d(WIDTHS[1])
        )
        self.stages = nn.ModuleList(
            nn.Sequential(*(Residual(width) for _ in range(depth)))
            for width, depth in zip(WIDTHS[1:], DEPTHS, strict=True)
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
        self.classify = nn.ConvTranspose2d(HEAD, classes, FINEST, FINEST)

    def forward(self, picture: Tensor, pose: Tensor) -> Tensor:
        """Logits.

        Args:
            picture: (B, 4, 256, 192), as ``own_crop.picture_planes`` makes it.
            pose: (B, 12, 64, 48), as ``own_crop.pose_planes`` makes it.

        Returns:
            (B, classes, 256, 192).
        """
        bodies, outlines = self.features((picture[:, :3] + 1) / 2)
        fine = self.stem(picture)
        fine = fine + self.edge(outlines[FINEST].to(fine.dtype))
        quarter = self.pose(torch.cat([self.down(fine), pose], 1))
        guide = torch.cat([pose, functional.avg_pool2d(picture[:, 3:], POSE_STRIDE)], 1)
        first, *others = self._known(bodies, outlines, guide)
        kept = [fine, self.stages[0](quarter + self.match(first))]
        kept += [stage(seen) for stage, seen in zip(self.stages[1:], others, strict=True)]
        x = kept.pop()
        for skip, join, refine in zip(
            reversed(kept), reversed(self.join), reversed(self.refine), strict=True
        ):
            x = refine(join(torch.cat([skip, doubled(x)], 1)))
        logits: Tensor = self.classify(x)
        return logits

    def _known(
        self, bodies: dict[int, Tensor], outlines: dict[int, Tensor], guide: Tensor
    ) -> list[Tensor]:
        """The features with who is meant, at 1/4 to 1/32, in the network's own widths."""
        found = []
        for known, (stride, seen) in zip(self.known, bodies.items(), strict=True):
            there = [seen, guide, outlines[stride]] if stride in outlines else [seen, guide]
            found.append(known(torch.cat([x.to(guide.dtype) for x in there], 1)))
            guide = functional.avg_pool2d(guide, 2)
        return found


def example_inputs(batch: int = 1) -> tuple[Tensor, Tensor]:
    """Blank inputs of the right shapes."""
    height, width = INPUT_HW
    return (
        torch.zeros(batch, PICTURE_PLANES, height, width),
        torch.zeros(batch, POSE_PLANES, height // 4, width // 4),
    )
