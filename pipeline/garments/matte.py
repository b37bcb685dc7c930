"""The soft edge of a cut-out: how much of each rim pixel is garment, and in which colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask, grow, opened, reached_from_border, shrink
from pipeline.structures import Image

CORE_INSET = 5  # px diameter: this far inside, a pixel is garment alone
RIM = 13  # px diameter of the band in which the mask may be wrong
PALE_RIM_SHARE = 0.45  # of the garment's usual difference: a paler rim is shadow or background
TRUST_FROM, TRUST_SPAN = 25.0, 40.0  # RGB distance at which unmixing starts to be reliable
FEATHER = 0.8  # px


def premultiplied(image: Image, mask: Mask, background: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Unmix the rim of a garment from the background.

    Args:
        image: (h, w, 3) uint8 RGB.
        mask: (h, w) bool.
        background: (h, w, 3) float32 RGB 0..255, what lies behind.

    Returns:
        (h, w, 4) uint8 RGBA, colour premultiplied by alpha. Rim pixels have the colour of the
        nearest pixel well inside, so that nothing of the old background travels along.
    """
    mask = _without_pale_rim(image, mask, background)
    core = shrink(mask, CORE_INSET)
    if core.sum() < 0.5 * mask.sum():  # all straps and lace
        core = shrink(mask, 3)
    if not core.any():
        core = mask
    inner = _nearest_inner_colour(image, core)
    alpha = _alpha(image, mask, core, inner, background)
    colour = np.where(core[..., None], image.astype(np.float32), inner)
    return pack(colour, alpha)


def pack(colour: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(h, w, 3) colour 0..255 and (h, w) alpha 0..1 → premultiplied (h, w, 4) uint8."""
    solid = np.rint(255.0 * np.clip(alpha, 0.0, 1.0))[..., None]
    scaled = np.clip(colour, 0.0, 255.0) * (solid / 255.0)  # never above alpha
    return np.asarray(np.concatenate([np.rint(scaled), solid], axis=-1), np.uint8)


def _without_pale_rim(image: Image, mask: Mask, background: NDArray[np.float32]) -> Mask:
    """Take the cast shadow off the outside of the mask."""
    difference = np.linalg.norm(image.astype(np.float32) - background, axis=-1)
    if not mask.any():
        return mask
    pale = ~mask | (difference < PALE_RIM_SHARE * float(np.median(difference[mask])))
    rim = mask & ~shrink(mask, RIM)
    return opened(mask & ~(rim & reached_from_border(pale)), 3)


def _nearest_inner_colour(image: Image, core: Mask) -> NDArray[np.float32]:
    _, nearest = cv2.distanceTransformWithLabels(
        (~core).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros((int(nearest.max()) + 1, 3), np.float32)
    blurred = cv2.GaussianBlur(image, (0, 0), 1.0).astype(np.float32)
    table[nearest[core]] = blurred[core]
    return np.asarray(table[nearest], np.float32)


def _alpha(
    image: Image,
    mask: Mask,
    core: Mask,
    inner: NDArray[np.float32],
    background: NDArray[np.float32],
) -> NDArray[np.float32]:
    span = inner - background
    length2 = np.sum(span * span, axis=-1)
    mixed = np.sum((image.astype(np.float32) - background) * span, axis=-1)
    unmixed = np.clip(mixed / np.maximum(length2, 200.0), 0.0, 1.0)
    trust = np.clip((np.sqrt(length2) - TRUST_FROM) / TRUST_SPAN, 0.0, 1.0)
    alpha = trust * unmixed + (1.0 - trust) * _feathered(shrink(mask, 3))
    alpha = np.where(core, 1.0, np.minimum(alpha, _feathered(grow(mask, 3))))
    alpha[~grow(mask, 3)] = 0.0
    return np.asarray(alpha, np.float32)


def _feathered(mask: Mask) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), FEATHER), np.float32)
