"""How believable a mask is as the outline of one garment."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask, contour, disc
from pipeline.garments.symmetry import find_symmetry

EDGE_HALF = 4.0  # Lab slope (ΔE per px) at which an edge counts half
EDGE_REACH = 5  # px diameter in which the edge may lie
QUICK_ANGLES = -12.0, -6.0, 0.0, 6.0, 12.0
SMOOTH_RATIO = 8.5  # perimeter ÷ √area of a garment with long sleeves
ROUGH_COST = 0.06  # per unit above
AREA_RANGE = 0.10, 0.85  # share of the picture
AREA_COST = 4.0  # per share outside
USUAL_AREA = 0.30  # a garment photo is usually filled at least this far
SMALL_COST = 2.0  # per share below
BORDER_FREE = 0.08  # share of the picture's border that a garment may touch without harm
BORDER_COST = 1.5


class Judge:
    """Scores masks of one picture.

    Args:
        lab: (h, w, 3) float32 Lab, lightly smoothed.
    """

    def __init__(self, lab: NDArray[np.float32]) -> None:
        down, across = cv2.Scharr(lab, -1, 0, 1) / 32.0, cv2.Scharr(lab, -1, 1, 0) / 32.0
        slope = np.sqrt(np.sum(down * down + across * across, axis=-1))
        nearby = cv2.dilate(slope, disc(EDGE_REACH))
        self._support = np.asarray(nearby / (nearby + EDGE_HALF), np.float32)

    def score(self, mask: Mask) -> float:
        """Edge support (0..1) plus symmetry (0..1), less what no garment's outline does."""
        share = float(mask.mean())
        if share < 0.5 * AREA_RANGE[0]:
            return -1.0
        low, high = AREA_RANGE
        cost = AREA_COST * (max(0.0, low - share) + max(0.0, share - high))
        cost += SMALL_COST * max(0.0, USUAL_AREA - share)
        cost += BORDER_COST * max(0.0, border_contact(mask) - BORDER_FREE)
        cost += ROUGH_COST * max(0.0, _roughness(mask) - SMOOTH_RATIO)
        return self.edge_support(mask) + find_symmetry(mask, QUICK_ANGLES).overlap - cost

    def edge_support(self, mask: Mask) -> float:
        """How much of the outline runs along edges of the picture, 0..1."""
        x, y = contour(mask).astype(int).T
        height, width = mask.shape
        inner = (x > 1) & (y > 1) & (x < width - 2) & (y < height - 2)
        return float(self._support[y[inner], x[inner]].mean()) if inner.any() else 0.0

    def support_at(self, outline: Mask) -> float:
        """The same for some pixels of an outline; 1 if there are none."""
        return float(self._support[outline].mean()) if outline.any() else 1.0


def border_contact(mask: Mask) -> float:
    """Share of the picture's border that the mask covers, 0..1."""
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return float(edge.mean())


def _roughness(mask: Mask) -> float:
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    length = sum(cv2.arcLength(piece, True) for piece in found)
    return float(length / np.sqrt(max(1, np.count_nonzero(mask))))
