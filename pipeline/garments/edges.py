"""How much a curve across a garment looks like an edge of its cloth: a neckline, a hem."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask, shrink
from pipeline.images import to_lab
from pipeline.structures import Image

SMOOTH_PX = 1.2
INSET = 9  # px diameter: nearer to the outline than this the background mixes in
ASIDE_PX = 3.0  # how far above and below a curve its two sides are compared
CONTRAST_CAP = 20.0  # Lab difference; more proves no more
WEAK_PART = 0.25  # a print is strong in places; an edge of cloth is one all along


@dataclass(frozen=True, slots=True, eq=False)
class EdgeScores:
    """Of n curves.

    Attributes:
        contrast: (n,) float32; an edge that is strong and alike all along scores high.
        step: (n, 3) float32, usual Lab difference of what is below a curve from what is above.
        inside: (n,) float32, share of a curve that lies on the garment, 0..1.
    """

    contrast: NDArray[np.float32]
    step: NDArray[np.float32]
    inside: NDArray[np.float32]


class EdgeSearch:
    """Scores curves by how alike the difference between their two sides is all along.

    Args:
        image: (h, w, 3) uint8 RGB.
        mask: (h, w) bool, where curves may lie.
    """

    def __init__(self, image: Image, mask: Mask) -> None:
        self._lab = np.asarray(cv2.GaussianBlur(to_lab(image), (0, 0), SMOOTH_PX), np.float32)
        self._inside = shrink(mask, INSET).astype(np.float32)

    def scores(self, curves: NDArray[np.float32], central: float) -> EdgeScores:
        """Score (n, k, 2) curves that run from left to right.

        Args:
            curves: px.
            central: share of a curve about its middle that counts; its ends lie on the outline.
        """
        counts = np.abs(np.linspace(-1.0, 1.0, curves.shape[1])) < central
        along = np.gradient(curves, axis=1)
        down = np.stack([-along[..., 1], along[..., 0]], axis=-1)
        down = ASIDE_PX * down / np.maximum(np.linalg.norm(down, axis=-1, keepdims=True), 1e-6)
        on, down = curves[:, counts], down[:, counts]
        places = (on - down, on, on + down)
        valid = np.prod([_sample(self._inside, place) for place in places], axis=0)
        steps = (_sample(self._lab, places[2]) - _sample(self._lab, places[0])) * valid[..., None]
        size = np.minimum(np.linalg.norm(steps, axis=-1), CONTRAST_CAP)
        strength = 0.5 * (size.mean(axis=1) + np.quantile(size, WEAK_PART, axis=1))
        usual = np.median(steps, axis=1)
        contrast = strength + np.linalg.norm(usual, axis=-1)
        return EdgeScores(
            contrast.astype(np.float32),
            usual.astype(np.float32),
            valid.mean(axis=1).astype(np.float32),
        )


def _sample(values: NDArray[np.float32], places: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y = (np.ascontiguousarray(places[..., k], np.float32) for k in (0, 1))
    picked = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picked, np.float32)
