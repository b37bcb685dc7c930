"""The soft edge of a cut-out: how much of each rim pixel is garment, and in which colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask, disc, grow, opened, reached_from_border, shrink
from pipeline.structures import Image

CORE_INSET = 5  # px diameter: this far inside, a pixel is garment alone
RIM = 13  # px diameter of the band in which the mask may be wrong
MIXED_RIM = 9  # px diameter of the band in which a mask that is too wide shows the background
MIXED_SHARE, MIXED_APART = 0.7, 0.25  # share of garment; distance from the line between both
SHADOW_RIM = 31  # px diameter of the band in which a mask may hold a cast shadow
SHADE = 4.0  # RGB levels that a shadow is darker, and may differ in colour
PALE_RIM_SHARE = 0.45  # of the garment's usual difference: a paler rim is shadow or background
TRUST_FROM, TRUST_SPAN = 25.0, 40.0  # RGB distance at which unmixing starts to be reliable
FEATHER = 0.8  # px
BODY = 41  # px diameter: thinner things than sleeves are straps, ties and what they enclose
PITCH = 21  # px diameter in which a striped or printed cloth shows its palest colour


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
    core = shrink(mask, CORE_INSET) & ~grow(_mixed(image, mask, background), CORE_INSET)
    if core.sum() < 0.5 * mask.sum():  # all straps and lace
        core = shrink(mask, 3)
    if not core.any():
        core = mask
    inner = _nearest_inner_colour(image, core)
    alpha = _alpha(image, mask, core, inner, background)
    colour = np.where(core[..., None], image.astype(np.float32), inner)
    return pack(colour, alpha)


def _mixed(image: Image, mask: Mask, background: NDArray[np.float32]) -> Mask:
    """Near the outline, and in straps: what is half background, its colour tells."""
    inside = shrink(mask, RIM)
    if not inside.any():
        return np.zeros_like(mask)
    span = _nearest_inner_colour(image, inside) - background
    offset = image.astype(np.float32) - background
    length = np.linalg.norm(span, axis=-1)
    share = np.sum(offset * span, axis=-1) / np.maximum(length**2, 1.0)
    apart = np.linalg.norm(offset - share[..., None] * span, axis=-1)
    explained = (apart < MIXED_APART * length) & (length > TRUST_FROM)
    pale = share * length < MIXED_SHARE * _palest_inside(image, mask, background)
    near_edge = mask & ~(shrink(mask, MIXED_RIM) & opened(mask, BODY))
    return np.asarray(near_edge & explained & pale, np.bool_)


def pack(colour: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(h, w, 3) colour 0..255 and (h, w) alpha 0..1 → premultiplied (h, w, 4) uint8."""
    solid = np.rint(255.0 * np.clip(alpha, 0.0, 1.0))[..., None]
    scaled = np.clip(colour, 0.0, 255.0) * (solid / 255.0)  # never above alpha
    return np.asarray(np.concatenate([np.rint(scaled), solid], axis=-1), np.uint8)


def _without_pale_rim(image: Image, mask: Mask, background: NDArray[np.float32]) -> Mask:
    """Take the cast shadow off the outside of the mask.

    A stripe or a pattern that is pale also farther inside is no shadow.
    """
    if not mask.any():
        return mask
    difference = _from_background(image, background)
    usual = np.minimum(_palest_inside(image, mask, background), np.median(difference[mask]))
    pale = reached_from_border(~mask | (difference < PALE_RIM_SHARE * usual))
    rim = ~(shrink(mask, RIM) & opened(mask, BODY))
    rim |= ~shrink(mask, SHADOW_RIM) & _darker(image, background)
    return opened(mask & ~(rim & pale), 3)


def _darker(image: Image, background: NDArray[np.float32]) -> Mask:
    """Where there is less light than on the bare wall, of the same colour."""
    offset = image.astype(np.float32) - background
    light = offset.mean(axis=-1)
    return np.asarray((light < -SHADE) & (np.ptp(offset, axis=-1) < SHADE - 0.5 * light), np.bool_)


def _from_background(image: Image, background: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.linalg.norm(image.astype(np.float32) - background, axis=-1), np.float32)


def _palest_inside(
    image: Image, mask: Mask, background: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(h, w) smallest difference from the background that the nearest cloth well inside has."""
    # opened: what ties and straps enclose may be wall
    inside = shrink(mask, SHADOW_RIM) & opened(mask, BODY)
    if not inside.any():
        return _from_background(image, background)
    inner = np.linalg.norm(_nearest_inner_colour(image, inside) - background, axis=-1)
    return np.asarray(cv2.erode(inner, disc(PITCH)), np.float32)


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
