"""What the background of a photo looks like, learnt from the photo's own border."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BORDER_SHARE = 0.03  # of the shorter side: thick enough to average noise, thin enough to be bare
FIT_ROUNDS = 8
MIN_TOLERANCE = 3.0  # ΔE; less is JPEG noise
OUTLIER_FACTOR = 2.5  # times the median residual
MIN_INLIERS = 0.3  # below this the border is mostly not background: trust the calmer half
NOISE_FLOOR = (1.6, 1.0, 1.0)  # ΔE per channel that even a studio wall shows after JPEG

SHADOW_WEIGHT = 0.3  # a cast shadow changes lightness and little else
PATCHES = 6
PATCH_SHARE = 0.08  # of the border: less may be a sleeve that touches it
PATCH_NOISE_LIMIT = 2.5  # a patch that varies more is not one thing
SEED = 7  # k-means starts at random


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A smooth background and how far each pixel is from it.

    Attributes:
        lab: (h, w, 3) float32, the fitted colour behind every pixel.
        sigma: (3,) float32, its noise per Lab channel, ΔE.
        inliers: share of the border that the fit explains, 0..1.
        distance: (h, w) float32, difference of each pixel from the background, in ΔE of a calm
            background: a channel in which the background is noisy counts less.
    """

    lab: NDArray[np.float32]
    sigma: NDArray[np.float32]
    inliers: float
    distance: NDArray[np.float32]
    shadowless: NDArray[np.float32]
    patchwise: NDArray[np.float32]


def _quadratic_terms(height: int, width: int) -> NDArray[np.float32]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width - 0.5, y / height - 0.5
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], -1)


def _border(height: int, width: int) -> NDArray[np.bool_]:
    band = max(4, round(BORDER_SHARE * min(height, width)))
    border = np.ones((height, width), bool)
    border[band:-band, band:-band] = False
    return border


def fit_background(lab: NDArray[np.float32]) -> Background:
    """Fit a quadratic surface to the border in Lab, ignoring what does not belong to it.

    Args:
        lab: (h, w, 3) float32 Lab, L in 0..100.

    Source: iteratively trimmed least squares.
    """
    height, width = lab.shape[:2]
    terms = _quadratic_terms(height, width)
    border = _border(height, width)
    design, seen = terms[border], lab[border]
    inlier = _calm_start(seen)
    for _ in range(FIT_ROUNDS):
        weights, *_ = np.linalg.lstsq(design[inlier], seen[inlier], rcond=None)
        residual = np.linalg.norm(seen - design @ weights, axis=1)
        limit = max(MIN_TOLERANCE, OUTLIER_FACTOR * float(np.median(residual[inlier])))
        inlier = residual < limit
        if inlier.mean() < MIN_INLIERS:
            inlier = residual <= np.quantile(residual, 0.5)
    fitted = np.asarray(terms @ weights, np.float32)
    noise = np.std((seen - design @ weights)[inlier], axis=0)
    sigma = np.maximum(noise, NOISE_FLOOR).astype(np.float32)
    offset = (lab - fitted) / (sigma / np.asarray(NOISE_FLOOR, np.float32))
    darker = offset[..., 0] < 0
    lit = offset.copy()
    lit[..., 0] *= np.where(darker, SHADOW_WEIGHT, 1.0)
    return Background(
        lab=fitted,
        sigma=sigma,
        inliers=float(inlier.mean()),
        distance=np.linalg.norm(offset, axis=-1).astype(np.float32),
        shadowless=np.linalg.norm(lit, axis=-1).astype(np.float32),
        patchwise=_patchwise(lab, border),
    )


def _patchwise(lab: NDArray[np.float32], border: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance from the nearest main colour of the border."""
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    seen = np.ascontiguousarray(lab[border])
    none = np.zeros((0, 1), np.int32)
    _, labels, centres = cv2.kmeans(seen, PATCHES, none, stop, 2, cv2.KMEANS_PP_CENTERS)
    nearest = np.full(lab.shape[:2], np.inf, np.float32)
    for index, centre in enumerate(centres):
        members = seen[labels.ravel() == index]
        if len(members) < PATCH_SHARE * len(seen):
            continue
        noise = np.maximum(members.std(axis=0), NOISE_FLOOR) / np.asarray(NOISE_FLOOR)
        offset = (lab - centre) / np.minimum(noise, PATCH_NOISE_LIMIT).astype(np.float32)
        nearest = np.minimum(nearest, np.linalg.norm(offset, axis=-1))
    return np.asarray(nearest, np.float32)


def _calm_start(colours: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Begin with the half of the border nearest to its median colour."""
    far = np.linalg.norm(colours - np.median(colours, axis=0), axis=1)
    return np.asarray(far <= np.quantile(far, 0.6), np.bool_)
