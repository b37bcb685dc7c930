"""What the background of a photo looks like, learnt from the photo's own border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BORDER_SHARE = 0.03  # of the shorter side: thick enough to average noise, thin enough to be bare
FIT_ROUNDS = 8
MIN_TOLERANCE = 3.0  # ΔE; less is JPEG noise
OUTLIER_FACTOR = 2.5  # times the median residual
MIN_INLIERS = 0.3  # below this the border is mostly not background: trust the calmer half
NOISE_FLOOR = (1.6, 1.0, 1.0)  # ΔE per channel that even a studio wall shows after JPEG


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
    return Background(
        fitted, sigma, float(inlier.mean()), np.linalg.norm(offset, axis=-1).astype(np.float32)
    )


def _calm_start(colours: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Begin with the half of the border nearest to its median colour."""
    far = np.linalg.norm(colours - np.median(colours, axis=0), axis=1)
    return np.asarray(far <= np.quantile(far, 0.6), np.bool_)
