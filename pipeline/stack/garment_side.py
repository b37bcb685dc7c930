"""A garment as the networks see it: laid out once, not once per keyframe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipeline.structures import Alpha, Garment, Image
from pipeline.viton import MASK_THRESHOLD, NETWORK_HW

MARGIN = 0.06  # of the picture's shorter side, around the garment
AGREEMENT = 0.75  # overlap / union below which a network's mask is not about this garment
WHITE = 255

Masker = Callable[[Image], Alpha]
"""Garment picture (H, W, 3) uint8 RGB → its mask (H, W) uint8, from a network."""


@dataclass(frozen=True, slots=True, eq=False)
class GarmentPicture:
    """A garment alone on white, as a shop shows it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8, 255 on the garment and 0 elsewhere.
    """

    image: Image
    mask: Alpha


@dataclass(frozen=True, slots=True, eq=False)
class GarmentSide:
    """Everything about a garment that no person changes; on the networks' device.

    Attributes:
        garment: the one it was made of.
        planes: (4, H, W) uint8, RGB and mask.
        small: (4, 256, 192), the mask and the masked picture for the segmentation.
        features: (C, 16, 12) float32 of the matching network.
    """

    garment: Garment
    planes: Tensor
    small: Tensor
    features: Tensor


def lay_out(
    garment: Garment, size_hw: tuple[int, int], masker: Masker | None = None
) -> GarmentPicture:
    """Put a garment's cut-out in the middle of a white 3:4 picture.

    Args:
        garment: with its cut-out.
        size_hw: height and width of the picture, px.
        masker: another opinion on its mask; used where it roughly agrees with the cut-out.
    """
    planes = torch.from_numpy(_over_white(garment)).permute(2, 0, 1)[None].float()
    planes = _fit(planes, size_hw)
    image = planes[0, :3].permute(1, 2, 0).round().to(torch.uint8).numpy()
    mask = np.where(planes[0, 3].numpy() >= MASK_THRESHOLD, 255, 0).astype(np.uint8)
    if masker is not None:
        other = np.where(masker(image) >= MASK_THRESHOLD, 255, 0).astype(np.uint8)
        mask = other if _overlap(mask, other) >= AGREEMENT else mask
    return GarmentPicture(np.ascontiguousarray(image), mask)


def _over_white(garment: Garment) -> NDArray[np.uint8]:
    """The cut-out's box, the inside of the back collar behind it: RGB on white, and alpha."""
    back = garment.back_collar
    layers = [garment.texture] if back is None else [back, garment.texture]
    colour: NDArray[Any] = np.full((*garment.texture.shape[:2], 3), float(WHITE))
    clear: NDArray[Any] = np.ones((*garment.texture.shape[:2], 1))
    for layer in layers:
        rest = 1.0 - layer[..., 3:] / 255.0
        colour, clear = layer[..., :3] + colour * rest, clear * rest
    rgba = np.rint(np.dstack([colour, 255.0 * (1.0 - clear)])).astype(np.uint8)
    rows, columns = np.nonzero(rgba[..., 3] >= MASK_THRESHOLD)
    whole: NDArray[np.uint8] = rgba[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return whole


def _fit(planes: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """(1, 4, h, w) scaled into the middle of a clear white picture of the given size."""
    height, width = size_hw
    margin = MARGIN * min(size_hw)
    scale = min((height - 2 * margin) / planes.shape[2], (width - 2 * margin) / planes.shape[3])
    inner = max(1, round(planes.shape[2] * scale)), max(1, round(planes.shape[3] * scale))
    small = F.interpolate(planes, inner, mode="bilinear", align_corners=False, antialias=True)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    beside = (left, width - inner[1] - left, top, height - inner[0] - top)
    colour = F.pad(small[:, :3], beside, value=float(WHITE))
    return torch.cat((colour, F.pad(small[:, 3:], beside)), 1)


def _overlap(first: Alpha, second: Alpha) -> float:
    either = np.count_nonzero((first > 0) | (second > 0))
    return np.count_nonzero((first > 0) & (second > 0)) / max(either, 1)


def picture_planes(picture: GarmentPicture) -> NDArray[np.uint8]:
    """(4, H, W) uint8 of a garment's picture: RGB and mask."""
    return np.ascontiguousarray(np.dstack([picture.image, picture.mask]).transpose(2, 0, 1))


def unit_planes(planes: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 4, H, W) uint8 → picture (B, 3, H, W) in -1..1 and mask (B, 1, H, W), 0 or 1."""
    colour = planes[:, :3].float() / 127.5 - 1.0
    return colour, (planes[:, 3:] >= MASK_THRESHOLD).float()


def small_planes(planes: Tensor) -> Tensor:
    """(B, 4, H, W) uint8 → (B, 4, 256, 192): mask and masked picture, as the segmentation's."""
    colour, mask = unit_planes(planes)
    both = torch.cat((mask, colour * mask), 1)
    return F.interpolate(both, NETWORK_HW, mode="bilinear", align_corners=False)


def matching_picture(planes: Tensor) -> Tensor:
    """(B, 4, H, W) uint8 → (B, 3, 256, 192), the matching network's view; white stays white."""
    step_y, step_x = (planes.shape[2] // NETWORK_HW[0], planes.shape[3] // NETWORK_HW[1])
    return unit_planes(planes)[0][:, :, ::step_y, ::step_x]
