"""From a photo to the garment's own upright frame, in which textures and landmarks live."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask
from pipeline.garments.symmetry import find_symmetry
from pipeline.structures import Image

TEXTURE_HEIGHT = 512  # px of the garment itself
TEXTURE_LIMIT = 640  # px, no side of the texture is longer
MARGIN = 8  # px of clear texture around the garment
LEAST_SKEW_DEG = 1.5  # below this a picture looks straight: leave its pixels alone


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """A garment turned upright and scaled.

    Attributes:
        image: (h, w, 3) uint8 RGB.
        mask: (h, w) bool.
        background: (h, w, 3) float32 RGB 0..255, what lies behind.
        to_texture: (2, 3) float64, affine map from photo pixels.
        symmetry: overlap of the garment with its mirror image, 0..1.
        skew_deg: by how much it was turned.
    """

    image: Image
    mask: Mask
    background: NDArray[np.float32]
    to_texture: NDArray[np.float64]
    symmetry: float
    skew_deg: float


def make_upright(
    photo: Image, mask: Mask, background: NDArray[np.float32], deskew: bool = True
) -> Upright:
    """Turn, scale and crop.

    Args:
        photo: (H, W, 3) uint8 RGB at its full size.
        mask: (h, w) bool at the working size, not empty.
        background: (h, w, 3) float32 RGB 0..255 at the working size.
        deskew: False keeps the angle.
    """
    symmetry = find_symmetry(mask)
    turned = deskew and abs(symmetry.skew_deg) >= LEAST_SKEW_DEG
    skew = symmetry.skew_deg if turned else 0.0
    turn = cv2.getRotationMatrix2D((mask.shape[1] / 2, mask.shape[0] / 2), skew, 1.0)
    y, x = np.nonzero(mask)
    corners = np.stack([x, y, np.ones_like(x)]) * 1.0
    low, high = (turn @ corners).min(axis=1), (turn @ corners).max(axis=1)
    extent = high - low + 1
    room = TEXTURE_LIMIT - 2 * MARGIN
    scale = min(TEXTURE_HEIGHT / extent[1], room / extent[1], room / extent[0])
    from_work = turn * scale
    from_work[:, 2] += MARGIN - scale * low
    width, height = (int(v) for v in np.ceil(extent * scale) + 2 * MARGIN)
    zoom = photo.shape[1] / mask.shape[1]
    return Upright(
        _render(photo, from_work, zoom, (width, height)),
        _render_mask(mask, from_work, scale, (width, height)),
        _warp(background, from_work, (width, height), cv2.BORDER_REPLICATE),
        _photo_to_texture(from_work, zoom),
        symmetry.overlap,
        skew,
    )


def _photo_to_texture(from_work: NDArray[np.float64], zoom: float) -> NDArray[np.float64]:
    """Chain the resize of the photo (pixel centres are at integers) before the turn."""
    half = 0.5 / zoom - 0.5
    to_work = np.array([[1 / zoom, 0, half], [0, 1 / zoom, half], [0, 0, 1]])
    return np.asarray(from_work @ to_work, np.float64)


def _warp(
    array: NDArray[np.float32], matrix: NDArray[np.float64], size_wh: tuple[int, int], border: int
) -> NDArray[np.float32]:
    warped = cv2.warpAffine(array, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(warped, np.float32)


def _render(
    photo: Image, from_work: NDArray[np.float64], zoom: float, size_wh: tuple[int, int]
) -> Image:
    """Sample the photo; shrink by area first, because sampling alone would alias fine stripes."""
    reduction = float(np.hypot(*from_work[0, :2])) / zoom
    if reduction < 1.0:
        size = (round(photo.shape[1] * reduction), round(photo.shape[0] * reduction))
        photo = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
        zoom *= reduction
    matrix = _photo_to_texture(from_work, zoom)
    flags = cv2.INTER_CUBIC
    picture = cv2.warpAffine(photo, matrix, size_wh, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picture, np.uint8)


def _render_mask(
    mask: Mask, from_work: NDArray[np.float64], scale: float, size_wh: tuple[int, int]
) -> Mask:
    soft = mask.astype(np.float32)
    moved = _warp(soft, from_work, size_wh, cv2.BORDER_CONSTANT)
    if scale > 1.0:
        moved = np.asarray(cv2.GaussianBlur(moved, (0, 0), 0.5 * scale), np.float32)
    return moved > 0.5
