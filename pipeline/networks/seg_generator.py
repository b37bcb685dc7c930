"""VITON-HD's segmentation generator: what the person's parts will be in the new garment.

Source: Choi et al. 2021, "VITON-HD: High-resolution virtual try-on via misalignment-aware
normalization". Module names are those of the published checkpoint.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

DROPOUT = 0.5


def _conv_norm(in_channels: int, out_channels: int) -> list[nn.Module]:
    conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
    return [conv, nn.InstanceNorm2d(out_channels), nn.ReLU()]


def _twice(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        *_conv_norm(in_channels, out_channels), *_conv_norm(out_channels, out_channels)
    )


def _up(in_channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Upsample(scale_factor=2), *_conv_norm(in_channels, in_channels // 2))


class SegGenerator(nn.Module):
    """A U-Net with instance normalisation.

    Args:
        in_channels: garment mask 1, masked garment 3, agnostic parse 13, pose picture 3, noise 1.
        classes: parts it tells apart (``labels.VitonGroup``).
        width: channels at full size (64 as published); they double at every halving.

    Shapes: (B, in, H, W) with H and W multiples of 16 (256 and 192 in use) →
        (B, classes, H, W) independent probabilities in 0..1.
    """

    def __init__(self, in_channels: int = 21, classes: int = 13, width: int = 64) -> None:
        super().__init__()
        self.conv1 = _twice(in_channels, width)
        self.conv2 = _twice(width, 2 * width)
        self.conv3 = _twice(2 * width, 4 * width)
        self.conv4 = _twice(4 * width, 8 * width)
        self.conv5 = _twice(8 * width, 16 * width)
        self.up6, self.conv6 = _up(16 * width), _twice(16 * width, 8 * width)
        self.up7, self.conv7 = _up(8 * width), _twice(8 * width, 4 * width)
        self.up8, self.conv8 = _up(4 * width), _twice(4 * width, 2 * width)
        self.up9 = _up(2 * width)
        self.conv9 = nn.Sequential(
            *_twice(2 * width, width), nn.Conv2d(width, classes, 3, padding=1)
        )
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        skip1 = self.conv1(x)
        skip2 = self.conv2(self.pool(skip1))
        skip3 = self.conv3(self.pool(skip2))
        skip4 = self.drop(self.conv4(self.pool(skip3)))
        y = self.drop(self.conv5(self.pool(skip4)))
        y = self.conv6(torch.cat((skip4, self.up6(y)), 1))
        y = self.conv7(torch.cat((skip3, self.up7(y)), 1))
        y = self.conv8(torch.cat((skip2, self.up8(y)), 1))
        y = self.conv9(torch.cat((skip1, self.up9(y)), 1))
        return torch.sigmoid(y)
