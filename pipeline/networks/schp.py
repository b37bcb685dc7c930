"""The human parser behind Self-Correction-Human-Parsing: a ResNet-101 with context and edges.

Source: Li et al. 2020, "Self-correction for human parsing"; Ruan et al. 2019, "Devil in the
details: towards accurate single and multiple human parsing". Module names, also the odd
``fushion``, are those of the published checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.networks.layers import AbsScaleNorm, resize_bilinear, size_hw

LEAKY_SLOPE = 0.01  # of every activation outside the backbone
EXPANSION = 4  # a residual block leaves with four times its inner channels
POOL_SIZES = (1, 2, 3, 6)
EDGE_CLASSES = 2
DROPOUT = 0.1


class Parsing(NamedTuple):
    """What the parser says, all at a quarter of the input's size.

    Attributes:
        parsing: (B, classes, h, w) logits before edges are taken into account.
        fusion: (B, classes, h, w) logits with edges: the ones to use.
        edge: (B, 2, h, w) logits of "no border" and "border between parts".
    """

    parsing: Tensor
    fusion: Tensor
    edge: Tensor


def _conv_norm(in_channels: int, out_channels: int, kernel: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=False)
    return [conv, AbsScaleNorm(out_channels, LEAKY_SLOPE)]


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions with a shortcut; the 3x3 carries stride and dilation."""

    def __init__(
        self, in_channels: int, planes: int, stride: int, dilation: int, project: bool
    ) -> None:
        super().__init__()
        out = planes * EXPANSION
        self.conv1 = nn.Conv2d(in_channels, planes, 1, bias=False)
        self.bn1 = AbsScaleNorm(planes)
        self.conv2 = nn.Conv2d(
            planes, planes, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
        )
        self.bn2 = AbsScaleNorm(planes)
        self.conv3 = nn.Conv2d(planes, out, 1, bias=False)
        self.bn3 = AbsScaleNorm(out)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(in_channels, out, 1, stride=stride, bias=False), AbsScaleNorm(out)
            )
            if project
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) → (B, 4 * planes, H / stride, W / stride)."""
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


def _layer(in_channels: int, planes: int, blocks: int, stride: int, dilation: int) -> nn.Sequential:
    first = Bottleneck(in_channels, planes, stride, dilation, project=True)
    more = [
        Bottleneck(planes * EXPANSION, planes, 1, dilation, project=False)
        for _ in range(blocks - 1)
    ]
    return nn.Sequential(first, *more)


class ContextEncoding(nn.Module):
    """Averages over ever finer grids, put back beside the features they came from."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(size), *_conv_norm(in_channels, out_channels))
            for size in POOL_SIZES
        )
        joined = in_channels + len(POOL_SIZES) * out_channels
        self.bottleneck = nn.Sequential(*_conv_norm(joined, out_channels, kernel=3))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, h, w) → (B, out, h, w)."""
        pooled = [
            resize_bilinear(stage(x), size_hw(x), align_corners=True) for stage in self.stages
        ]
        y: Tensor = self.bottleneck(torch.cat((*pooled, x), 1))
        return y


class Edge(nn.Module):
    """Borders between parts, seen at three depths of the backbone."""

    def __init__(self, in_channels: Sequence[int], out_channels: int) -> None:
        super().__init__()
        low, middle, high = in_channels
        self.conv1 = nn.Sequential(*_conv_norm(low, out_channels))
        self.conv2 = nn.Sequential(*_conv_norm(middle, out_channels))
        self.conv3 = nn.Sequential(*_conv_norm(high, out_channels))
        self.conv4 = nn.Conv2d(out_channels, EDGE_CLASSES, 3, padding=1)  # shared by all depths
        self.conv5 = nn.Conv2d(3 * EDGE_CLASSES, EDGE_CLASSES, 1)

    def forward(self, low: Tensor, middle: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        """Backbone features, finest first → edge logits and features, (B, 2 and 3 * out, h, w)."""
        features = [self.conv1(low), self.conv2(middle), self.conv3(high)]
        edges = [self.conv4(feature) for feature in features]
        full = size_hw(features[0])
        edges = [resize_bilinear(edge, full, align_corners=True) for edge in edges]
        features = [resize_bilinear(feature, full, align_corners=True) for feature in features]
        return self.conv5(torch.cat(edges, 1)), torch.cat(features, 1)


class Decoder(nn.Module):
    """Parts at the resolution of the first residual layer."""

    def __init__(self, deep: int, low: int, low_out: int, out_channels: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(*_conv_norm(deep, out_channels))
        self.conv2 = nn.Sequential(*_conv_norm(low, low_out))
        self.conv3 = nn.Sequential(
            *_conv_norm(out_channels + low_out, out_channels),
            *_conv_norm(out_channels, out_channels),
        )
        self.conv4 = nn.Conv2d(out_channels, classes, 1)

    def forward(self, deep: Tensor, low: Tensor) -> tuple[Tensor, Tensor]:
        """Context and layer-1 features → logits (B, classes, h, w), features (B, out, h, w)."""
        up = resize_bilinear(self.conv1(deep), size_hw(low), align_corners=True)
        feature = self.conv3(torch.cat((up, self.conv2(low)), 1))
        return self.conv4(feature), feature


class Schp(nn.Module):
    """The whole parser.

    Args:
        classes: number of parts.
        width: channels of the narrowest layer (64 as published); all others follow.
        blocks: residual blocks in each of the four layers.

    Shapes: (B, 3, H, W), normalised **BGR** of any size → ``Parsing`` at (H / 4, W / 4),
        rounded up.
    """

    def __init__(
        self, classes: int, width: int = 64, blocks: Sequence[int] = (3, 4, 23, 3)
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False)
        self.bn1 = AbsScaleNorm(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = AbsScaleNorm(width)
        self.conv3 = nn.Conv2d(width, 2 * width, 3, padding=1, bias=False)
        self.bn3 = AbsScaleNorm(2 * width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _layer(2 * width, width, blocks[0], stride=1, dilation=1)
        self.layer2 = _layer(4 * width, 2 * width, blocks[1], stride=2, dilation=1)
        self.layer3 = _layer(8 * width, 4 * width, blocks[2], stride=2, dilation=1)
        self.layer4 = _layer(16 * width, 8 * width, blocks[3], stride=1, dilation=2)
        head = 4 * width
        self.context_encoding = ContextEncoding(32 * width, 8 * width)
        self.edge = Edge((4 * width, 8 * width, 16 * width), head)
        self.decoder = Decoder(8 * width, 4 * width, 3 * width // 4, head, classes)
        self.fushion = nn.Sequential(
            *_conv_norm(4 * head, head), nn.Dropout2d(DROPOUT), nn.Conv2d(head, classes, 1)
        )

    def forward(self, x: Tensor) -> Parsing:
        """See the class."""
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        x = self.maxpool(torch.relu(self.bn3(self.conv3(x))))
        low = self.layer1(x)
        middle = self.layer2(low)
        high = self.layer3(middle)
        context = self.context_encoding(self.layer4(high))
        parsing, part_features = self.decoder(context, low)
        edge, edge_features = self.edge(low, middle, high)
        fusion = self.fushion(torch.cat((part_features, edge_features), 1))
        return Parsing(parsing, fusion, edge)
