"""Which pixels of a photo are the garment, found from colour and edges alone.

The background is taken from the photo's border. A calm background gives the mask directly, an
uneven one (sheet, rug, floor) starts GrabCut, and a garment in the background's own colour is
found by its outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.background import Background, fit_background
from pipeline.garments.regions import (
    Mask,
    closed,
    components,
    grow,
    holes,
    largest,
    opened,
    reached_from_border,
    shrink,
)
from pipeline.images import to_lab
from pipeline.structures import Image

# Distances are ΔE from the background, scaled by its noise (see ``Background.distance``).
LEAST_CONTRAST = 6.0  # below this, colour cannot tell garment from background
LEAST_FOREGROUND = 0.06  # share of the picture; a garment fills more
STUDIO_CONTRAST = 14.0
STUDIO_NOISE = 2.0  # L sigma of a plain wall
STUDIO_INLIERS = 0.93
NEAR_SHARE, NEAR_LEAST = 0.35, 3.5  # nearer than this: certainly background
SPLIT_SHARE = 0.62  # of the Otsu threshold: the first guess on an uneven background
FAR_SHARE, FAR_LEAST = 0.8, 6.0  # farther than this: certainly not background
HOLE_DISTANCE, HOLE_SPREAD = 2.2, 1.2  # an opening shows the background: near in colour, and flat
HOLE_LEAST_PX = 40
SEED = 7  # GrabCut starts its colour clusters at random
GRABCUT_ROUNDS = 4
EDGE_QUANTILES = (0.97, 0.95, 0.92, 0.90, 0.87, 0.84)
PIECE_SHARE = 0.05  # a studio garment may lie in pieces (a belt, a bow) of at least this size


class CutoutMode(StrEnum):
    """How the mask was found."""

    STUDIO = "studio"
    COLOUR = "colour"
    EDGE = "edge"


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """The garment's pixels in a photo.

    Attributes:
        mask: (h, w) bool.
        background: what lies behind.
        mode: how the mask was found.
        contrast: typical difference between garment and background, ΔE.
    """

    mask: Mask
    background: Background
    mode: CutoutMode
    contrast: float


def cut_out(image: Image) -> Cutout:
    """Find the one object in front of the background.

    Args:
        image: (h, w, 3) uint8 RGB, about 512 px long.

    Returns:
        A mask that may be empty or wrong: ``checks`` judges it.
    """
    smooth = cv2.bilateralFilter(to_lab(image), 5, 6, 3).astype(np.float32)
    background = fit_background(smooth)
    contrast = _otsu(background.distance)
    far = max(FAR_LEAST, FAR_SHARE * contrast)
    if contrast < LEAST_CONTRAST or (background.distance > far).mean() < LEAST_FOREGROUND:
        mask = _by_outline(image, smooth)
        return Cutout(mask, background, CutoutMode.EDGE, contrast)
    studio = (
        background.inliers > STUDIO_INLIERS
        and background.sigma[0] < STUDIO_NOISE
        and contrast > STUDIO_CONTRAST
    )
    if studio:
        mask = _by_flood(smooth, background, max(NEAR_LEAST, NEAR_SHARE * contrast))
        return Cutout(_main_pieces(mask, PIECE_SHARE), background, CutoutMode.STUDIO, contrast)
    mask = _by_grabcut(image, smooth, background, contrast)
    return Cutout(mask, background, CutoutMode.COLOUR, contrast)


def _otsu(distance: NDArray[np.float32]) -> float:
    scale = 4.0  # quarter ΔE steps in 8 bits: up to 64
    level, _ = cv2.threshold(
        np.clip(distance * scale, 0, 255).astype(np.uint8), 0, 255, cv2.THRESH_OTSU
    )
    return float(level) / scale


def _by_flood(smooth: NDArray[np.float32], background: Background, near: float) -> Mask:
    """Everything that the background does not reach from the border, less its openings."""
    mask = ~reached_from_border(background.distance < near)
    return opened(mask & ~_openings(mask, smooth, background, near), 3)


def _openings(mask: Mask, smooth: NDArray[np.float32], background: Background, near: float) -> Mask:
    """Places inside the outline where the background shows (between straps, inside a sleeve)."""
    limit = min(near, 4.0)
    labels, areas = components(shrink((background.distance < limit) & mask, 3))
    found = np.zeros_like(mask)
    for label in 1 + np.nonzero(areas > HOLE_LEAST_PX)[0]:
        here = labels == label
        flat = float(smooth[..., 0][here].std()) < HOLE_SPREAD
        if flat and float(np.median(background.distance[here])) < HOLE_DISTANCE:
            found |= here
    return grow(found, 3)


def _main_pieces(mask: Mask, least_share: float) -> Mask:
    labels, areas = components(mask)
    if not areas.size:
        return mask
    wanted = np.concatenate([[False], areas >= least_share * areas.max()])
    return np.asarray(wanted[labels], np.bool_)


def _by_grabcut(
    image: Image, smooth: NDArray[np.float32], background: Background, contrast: float
) -> Mask:
    near = max(NEAR_LEAST, NEAR_SHARE * contrast)
    far = max(FAR_LEAST, FAR_SHARE * contrast)
    guess = _by_flood(smooth, background, max(near, SPLIT_SHARE * contrast))
    guess = _central_piece(opened(closed(guess, 3), 9))
    certain = shrink(guess, 11) & (background.distance > far)
    refined = _grabcut(image, guess, certain, background.distance < 0.8 * near)
    if not 0.5 < refined.sum() / max(1, guess.sum()) < 1.6:
        refined = guess
    refined = largest(opened(closed(refined, 3), 7))
    smoothed = cv2.medianBlur(refined.astype(np.uint8), 7) > 0
    return _fill_garment_holes(largest(smoothed), background, near)


def _central_piece(mask: Mask) -> Mask:
    """Of the large pieces, the one that lies most in the middle of the picture."""
    labels, areas = components(mask)
    if not areas.size:
        return mask
    height, width = mask.shape
    y, x = np.mgrid[0:height, 0:width]
    weight = np.exp(-(((x / width - 0.5) / 0.3) ** 2) - ((y / height - 0.5) / 0.3) ** 2)
    score = np.bincount(labels.ravel(), weight.ravel(), minlength=areas.size + 1)
    score[0] = 0.0
    return np.asarray(labels == int(score.argmax()), np.bool_)


def _grabcut(image: Image, guess: Mask, certain: Mask, doubtful: Mask) -> Mask:
    """Refine a guess. The result depends on the inputs alone."""
    trimap = np.full(guess.shape, cv2.GC_BGD, np.uint8)
    trimap[grow(guess, 25)] = cv2.GC_PR_BGD
    trimap[guess] = cv2.GC_PR_FGD
    trimap[doubtful & guess] = cv2.GC_PR_BGD
    trimap[certain] = cv2.GC_FGD
    if not certain.any():
        return guess
    cv2.setRNGSeed(SEED)
    whole = (0, 0, trimap.shape[1], trimap.shape[0])  # ignored when a trimap is given
    behind, front = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image, trimap, whole, behind, front, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD), np.bool_)


def _fill_garment_holes(mask: Mask, background: Background, near: float) -> Mask:
    """Close the holes of a mask that do not clearly show the background."""
    labels, areas = components(holes(mask))
    filled = mask.copy()
    for label, area in enumerate(areas, start=1):
        here = labels == label
        if area < HOLE_LEAST_PX or float(np.median(background.distance[here])) > min(near, 4.0):
            filled |= here
    return filled


def _by_outline(image: Image, smooth: NDArray[np.float32]) -> Mask:
    """A garment in the colour of its background: whatever a closed outline keeps from the border.

    The outline is looked for at falling edge strength until it closes around something large.
    """
    lightness = cv2.GaussianBlur(smooth[..., 0], (0, 0), 1.0)
    slope = np.hypot(cv2.Scharr(lightness, -1, 1, 0), cv2.Scharr(lightness, -1, 0, 1))
    height, width = lightness.shape
    for quantile in EDGE_QUANTILES:
        wall = grow(slope > np.quantile(slope, quantile), 5)
        inside = ~reached_from_border(~wall)
        body = largest(opened(shrink(inside, 5), 9))
        if 0.12 < body.mean() < 0.85:
            return body
    return np.zeros((height, width), bool)
