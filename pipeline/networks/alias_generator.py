"""VITON-HD's synthesis: the dressed person, with misaligned garment pixels normalised apart.

Source: Choi et al. 2021, "VITON-HD: High-resolution virtual try-on via misalignment-aware
normalization"; Park et al. 2019 (SPADE). Module names are those of the published checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.networks.layers import NORM_EPS, SpectralConv2d, resize_nearest, size_hw

SLOPE = 0.2  # of every leaky ReLU
HIDDEN = 128  # channels between the segmentation and its scale and shift
FEATURES = 16  # channels that the input adds at every scale but the first
LATENT_STRIDE = 128  # the input is this many times larger than where synthesis starts

NoiseSource = Callable[[int, int, int], Tensor]
"""(batch, height, width) → (batch, 1, height, width) standard normal noise."""


def seeded_noise(seed: int) -> NoiseSource:
    """Noise planes drawn one after the other from ``seed``, in the published order and layout."""
    generator = torch.Generator().manual_seed(seed)

    def draw(batch: int, height: int, width: int) -> Tensor:
        return torch.randn(batch, width, height, 1, generator=generator).permute(0, 3, 2, 1)

    return draw


class MaskNorm(nn.Module):
    """Instance normalisation of two regions, each with its own statistics.

    Outside its region each half is filled with the region's mean, normalised, and scaled back by
    the root of the region's share; the two halves are added.

    Shapes: x (B, C, H, W), mask (B, 1, H, W) in 0..1, fractional allowed → (B, C, H, W).
    """

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """See the class."""
        return self._region(x, mask) + self._region(x, 1 - mask)

    @staticmethod
    def _region(x: Tensor, mask: Tensor) -> Tensor:
        inside = x * mask
        count = mask.sum((2, 3), keepdim=True)
        count = torch.where(count == 0, torch.ones_like(count), count)
        mean = inside.sum((2, 3), keepdim=True) / count
        share = count / (x.shape[2] * x.shape[3])
        return F.instance_norm(inside + (1 - mask) * mean, eps=NORM_EPS) * share.sqrt()


def instance_norm(channels: int) -> nn.Module:
    """Normalisation over each picture."""
    return nn.InstanceNorm2d(channels)


def batch_norm(channels: int) -> nn.Module:
    """Normalisation with stored statistics."""
    return nn.BatchNorm2d(channels, affine=False)


def mask_norm(channels: int) -> nn.Module:
    """Normalisation of two regions apart."""
    return MaskNorm()


class AliasNorm(nn.Module):
    """Normalisation whose scale and shift come from a segmentation, pixel by pixel.

    Args:
        norm: the bare normalisation, called with (x) or, for ``MaskNorm``, with (x, mask).
        channels: of the features.
        regions: channels of the segmentation.
    """

    def __init__(self, norm: nn.Module, channels: int, regions: int) -> None:
        super().__init__()
        self.noise_scale = nn.Parameter(torch.zeros(channels))
        self.norm = norm
        self.conv_shared = nn.Sequential(nn.Conv2d(regions, HIDDEN, 3, padding=1), nn.ReLU())
        self.conv_gamma = nn.Conv2d(HIDDEN, channels, 3, padding=1)
        self.conv_beta = nn.Conv2d(HIDDEN, channels, 3, padding=1)

    def modulation(self, seg: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift, each (B, C, H, W), from seg (B, regions, H, W)."""
        hidden = self.conv_shared(seg)
        return 1 + self.conv_gamma(hidden), self.conv_beta(hidden)

    def forward(
        self, x: Tensor, seg: Tensor, mask: Tensor | None = None, noise: NoiseSource | None = None
    ) -> Tensor:
        """Features (B, C, H, W), seg and mask at the same size → (B, C, H, W)."""
        if noise is not None:
            plane = noise(x.shape[0], x.shape[2], x.shape[3]).to(x)
            x = x + plane * self.noise_scale.view(1, -1, 1, 1)
        normal = self.norm(x) if mask is None else self.norm(x, mask)
        scale, shift = self.modulation(seg)
        result: Tensor = normal * scale + shift
        return result


class AliasBlock(nn.Module):
    """Two normalised convolutions with a shortcut, learned when the width changes.

    Args:
        in_channels, out_channels: widths.
        regions: channels of the segmentation.
        norm: makes the bare normalisation for a number of channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        regions: int,
        norm: Callable[[int], nn.Module],
    ) -> None:
        super().__init__()
        middle = min(in_channels, out_channels)
        learned = in_channels != out_channels
        self.conv_0 = SpectralConv2d(in_channels, middle, 3)
        self.conv_1 = SpectralConv2d(middle, out_channels, 3)
        if learned:
            self.conv_s = SpectralConv2d(in_channels, out_channels, 1, bias=False)
        self.norm_0 = AliasNorm(norm(in_channels), in_channels, regions)
        self.norm_1 = AliasNorm(norm(middle), middle, regions)
        if learned:
            self.norm_s = AliasNorm(norm(in_channels), in_channels, regions)
        self.learned_shortcut = learned

    def forward(
        self, x: Tensor, seg: Tensor, mask: Tensor | None = None, noise: NoiseSource | None = None
    ) -> Tensor:
        """(B, in, H, W) → (B, out, H, W); seg and mask of any size are brought to (H, W)."""
        seg = resize_nearest(seg, size_hw(x))
        mask = None if mask is None else resize_nearest(mask, size_hw(x))
        shortcut = x
        if self.learned_shortcut:  # first, because noise is drawn in this order
            shortcut = self.conv_s(self.norm_s(x, seg, mask, noise))
        y = self.conv_0(F.leaky_relu(self.norm_0(x, seg, mask, noise), SLOPE))
        y = self.conv_1(F.leaky_relu(self.norm_1(y, seg, mask, noise), SLOPE))
        result: Tensor = shortcut + y
        return result


class AliasGenerator(nn.Module):
    """The synthesis network.

    Args:
        in_channels: agnostic picture 3, pose picture 3, warped garment 3.
        regions: of the segmentation (``labels.VitonRegion``).
        width: 64 as published; the coarsest features have 16 times as many channels.

    Shapes: x (B, 9, H, W) in -1..1, seg (B, 7, H, W) one-hot, seg_div (B, 8, H, W), misalign_mask
        (B, 1, H, W) in 0..1, H and W multiples of 128 → (B, 3, H, W) RGB in -1..1.
    """

    def __init__(self, in_channels: int = 9, regions: int = 7, width: int = 64) -> None:
        super().__init__()
        wide = 16 * width
        self.conv_0 = nn.Conv2d(in_channels, wide, 3, padding=1)
        for level in range(1, 8):
            self.add_module(f"conv_{level}", nn.Conv2d(in_channels, FEATURES, 3, padding=1))
        masked = regions + 1
        self.head_0 = AliasBlock(wide, wide, masked, mask_norm)
        self.G_middle_0 = AliasBlock(wide + FEATURES, wide, masked, mask_norm)
        self.G_middle_1 = AliasBlock(wide + FEATURES, wide, masked, mask_norm)
        self.up_0 = AliasBlock(wide + FEATURES, wide // 2, masked, mask_norm)
        self.up_1 = AliasBlock(wide // 2 + FEATURES, wide // 4, masked, mask_norm)
        self.up_2 = AliasBlock(wide // 4 + FEATURES, wide // 8, regions, instance_norm)
        self.up_3 = AliasBlock(wide // 8 + FEATURES, wide // 16, regions, instance_norm)
        self.up_4 = AliasBlock(wide // 16 + FEATURES, wide // 32, regions, instance_norm)
        self.conv_img = nn.Conv2d(wide // 32, 3, 3, padding=1)

    def forward(
        self,
        x: Tensor,
        seg: Tensor,
        seg_div: Tensor,
        misalign_mask: Tensor,
        noise: NoiseSource | None = None,
    ) -> Tensor:
        """See the class. Without ``noise`` its planes are zero, so the result is repeatable."""
        height, width = size_hw(x)
        if height % LATENT_STRIDE or width % LATENT_STRIDE:
            raise ValueError(
                f"height and width must be multiples of {LATENT_STRIDE}, got {height}x{width}"
            )
        small = resize_nearest(x, (height // LATENT_STRIDE, width // LATENT_STRIDE))
        y = self.head_0(self.conv_0(small), seg_div, misalign_mask, noise)
        masked = (self.G_middle_0, self.G_middle_1, self.up_0, self.up_1)
        for level, block in enumerate((*masked, self.up_2, self.up_3, self.up_4), start=1):
            y = resize_nearest(y, (2 * y.shape[2], 2 * y.shape[3]))
            feature = getattr(self, f"conv_{level}")(resize_nearest(x, size_hw(y)))
            y = torch.cat((y, feature), 1)
            if level <= len(masked):
                y = block(y, seg_div, misalign_mask, noise)
            else:
                y = block(y, seg, None, noise)
        return torch.tanh(self.conv_img(F.leaky_relu(y, SLOPE)))
