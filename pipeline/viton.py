"""The data path between VITON-HD's three networks, on tensors.

Convention: pictures are (B, 3, 1024, 768) float32 RGB in -1..1, masks (B, 1, 1024, 768) in 0..1;
the segmentation generator and the matching network see both at 256 x 192.

Source: Choi et al. 2021 (VITON-HD) and the published inference code's data path.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipeline.labels import VitonGroup, VitonRegion
from pipeline.networks.layers import resize_bilinear, resize_nearest
from pipeline.parsing import ParseMap, groups_to_regions
from pipeline.structures import Image

SIZE_HW = (1024, 768)
NETWORK_HW = (256, 192)  # of segmentation and matching
MASK_THRESHOLD = 128  # a garment mask's pixel from here on is garment
NOISE_SHARE = 0.1587  # of ones in the noise plane: a normal deviate above one sigma
BLUR_PX = 15
BLUR_SIGMA = 3.0


class Regions(NamedTuple):
    """What the synthesis is told about every pixel, all (B, n, H, W) float32.

    Attributes:
        seg: (B, 7, H, W) one-hot ``labels.VitonRegion``.
        seg_div: (B, 8, H, W), the same with the misaligned part of the garment as its own channel.
        misalign: (B, 1, H, W) in 0..1: garment region that the warped garment does not cover.
    """

    seg: Tensor
    seg_div: Tensor
    misalign: Tensor


def picture_tensor(image: Image, device: torch.device | str = "cpu") -> Tensor:
    """(H, W, 3) uint8 RGB → (1, 3, H, W) float32 in -1..1."""
    planes = torch.from_numpy(np.ascontiguousarray(image)).to(device).permute(2, 0, 1)
    return ((planes.float() / 255 - 0.5) / 0.5)[None]


def mask_tensor(mask: NDArray[np.uint8], device: torch.device | str = "cpu") -> Tensor:
    """(H, W) uint8 → (1, 1, H, W) float32, 0 or 1."""
    return torch.from_numpy(mask >= MASK_THRESHOLD).to(device).float()[None, None]


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """(B, H, W) integers → (B, classes, H, W) float32."""
    return F.one_hot(labels.long(), classes).permute(0, 3, 1, 2).float()


def group_tensor(groups: ParseMap, device: torch.device | str = "cpu") -> Tensor:
    """(H, W) ``VitonGroup`` → (1, 13, H, W) one-hot float32."""
    return one_hot(torch.from_numpy(groups).to(device)[None], len(VitonGroup))


def noise_plane(seed: int) -> Tensor:
    """(1, 1, 256, 192) float32 noise for the segmentation generator: 0, and 1 on 16 %.

    The reference casts Gaussian noise to bytes twice, which leaves exactly this.
    """
    draws = np.random.default_rng(seed).random(NETWORK_HW)
    return torch.from_numpy((draws < NOISE_SHARE).astype(np.float32))[None, None]


def segmentation_input(
    garment: Tensor, garment_mask: Tensor, groups: Tensor, pose: Tensor, noise: Tensor
) -> Tensor:
    """Input of ``viton_seg``.

    Args:
        garment: picture. garment_mask: its mask. groups: (B, 13, H, W) one-hot agnostic parse.
        pose: skeleton picture. noise: (B, 1, 256, 192), see ``noise_plane``.

    Returns:
        (B, 21, 256, 192): mask, masked garment, groups, pose, noise.
    """
    planes = torch.cat((garment_mask, garment * garment_mask, groups, pose), 1)
    small = resize_bilinear(planes, NETWORK_HW, align_corners=False)
    return torch.cat((small, noise.to(small)), 1)


def blur_kernel() -> Tensor:
    """(15,) float32 weights of the Gaussian along one axis, summing to 1."""
    distance = torch.arange(BLUR_PX, dtype=torch.float64) - BLUR_PX // 2
    weights = torch.exp(-distance.square() / (2 * BLUR_SIGMA**2))
    return (weights / weights.sum()).float()


def enlarge_probabilities(probabilities: Tensor) -> Tensor:
    """(B, 13, 256, 192) → (B, 13, 1024, 768), bilinear, then blurred; beyond the border is 0."""
    large = resize_bilinear(probabilities, SIZE_HW, align_corners=False)
    channels, reach = large.shape[1], BLUR_PX // 2
    kernel = blur_kernel().to(large).expand(channels, 1, 1, -1)
    large = F.conv2d(large, kernel, padding=(0, reach), groups=channels)
    return F.conv2d(large, kernel.transpose(2, 3), padding=(reach, 0), groups=channels)


def likeliest_groups(probabilities: Tensor) -> Tensor:
    """Enlarged probabilities → (B, H, W) int64 ``VitonGroup``; the lowest of equals."""
    return probabilities.argmax(1)


def region_tensor(groups: Tensor) -> Tensor:
    """(B, H, W) ``VitonGroup`` → (B, 7, H, W) one-hot ``VitonRegion``."""
    return one_hot(groups_to_regions(groups), len(VitonRegion))


def matching_inputs(
    seg: Tensor, pose: Tensor, agnostic: Tensor, garment: Tensor
) -> tuple[Tensor, Tensor]:
    """Person (B, 7, 256, 192) and garment (B, 3, 256, 192) input of ``viton_gmm``.

    The garment keeps its white background.
    """
    upper = seg[:, [VitonRegion.UPPER]]
    person = torch.cat((upper, pose, agnostic), 1)
    return resize_nearest(person, NETWORK_HW), resize_nearest(garment, NETWORK_HW)


def divide_regions(seg: Tensor, warped_mask: Tensor) -> Regions:
    """Set apart what the warped garment leaves uncovered of the garment region.

    Args:
        seg: (B, 7, H, W) one-hot.
        warped_mask: (B, 1, H, W) in 0..1.
    """
    upper = seg[:, [VitonRegion.UPPER]]
    misalign = (upper - warped_mask).clamp(min=0)
    seg_div = torch.cat((seg, misalign), 1)
    seg_div[:, [VitonRegion.UPPER]] -= misalign
    return Regions(seg, seg_div, misalign)


def synthesis_input(agnostic: Tensor, pose: Tensor, warped_garment: Tensor) -> Tensor:
    """First input of ``viton_alias``: (B, 9, H, W)."""
    return torch.cat((agnostic, pose, warped_garment), 1)


def image_from_tensor(output: Tensor) -> Image:
    """(1, 3, H, W) in -1..1 → (H, W, 3) uint8 RGB, truncated like the reference."""
    scaled = ((output[0].float() + 1) / 2 * 255).clamp(0, 255)
    return np.asarray(scaled.permute(1, 2, 0).to(torch.uint8).cpu().numpy(), np.uint8)
