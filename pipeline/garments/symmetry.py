"""How symmetric a silhouette is about a vertical axis, and at what angle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.garments.regions import Mask, opened

SIZE = 112  # px; coarse is enough for an angle
FILL = 0.62  # of that square: the rest is room to turn
SHIFTS = range(-8, 9)  # px; the axis need not run through the centre of mass
MAX_SKEW_DEG = 24.0
SKEW_STEP_DEG = 1.5
UPRIGHT_BIAS = 0.0015  # symmetry that each degree of turn must earn


@dataclass(frozen=True, slots=True)
class Symmetry:
    """The most symmetric pose of a mask.

    Attributes:
        skew_deg: turn that gets it there, positive = counter-clockwise in the picture.
        overlap: intersection over union of the turned mask with its mirror image, 0..1.
        axis_x: column of the mirror axis in the unturned mask, px; exact for small turns.
    """

    skew_deg: float
    overlap: float
    axis_x: float


def all_angles() -> list[float]:
    """Every angle that ``find_symmetry`` tries when nothing else is asked for."""
    count = round(MAX_SKEW_DEG / SKEW_STEP_DEG)
    return [SKEW_STEP_DEG * i for i in range(-count, count + 1)]


def find_symmetry(mask: Mask, angles: Sequence[float] | None = None) -> Symmetry:
    """Try angles; the torso alone counts as much as the whole, so that a bent sleeve does not tilt.

    Args:
        mask: (h, w) bool, not empty.
        angles: degrees to try; ``all_angles()`` by default.
    """
    small, scale, centre_x = _centred(mask)
    torso = opened(small, SIZE // 4)
    best_score, best = -1.0, Symmetry(0.0, 0.0, centre_x)
    for angle in all_angles() if angles is None else angles:
        whole, shift = _mirror_overlap(small, angle)
        body = _mirror_overlap(torso, angle)[0] if torso.any() else whole
        score = 0.5 * (whole + body) - UPRIGHT_BIAS * abs(angle)
        if score > best_score:
            best_score = score
            best = Symmetry(angle, whole, centre_x + 0.5 * shift / scale)
    return best


def _centred(mask: Mask) -> tuple[Mask, float, float]:
    """The mask scaled into a square, its centre of mass in the middle; scale and that centre."""
    y, x = np.nonzero(mask)
    scale = FILL * SIZE / (max(np.ptp(x), np.ptp(y)) + 1)
    middle = 0.5 * (SIZE - 1)
    shift = middle - scale * np.array([x.mean(), y.mean()])
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    moved = cv2.warpAffine(mask.astype(np.uint8) * 255, matrix, (SIZE, SIZE))
    return moved > 127, float(scale), float(x.mean())


def _mirror_overlap(mask: Mask, angle: float) -> tuple[float, int]:
    middle = 0.5 * (SIZE - 1)
    matrix = cv2.getRotationMatrix2D((middle, middle), angle, 1.0)
    turned = cv2.warpAffine(mask.astype(np.uint8) * 255, matrix, (SIZE, SIZE)) > 127
    mirrored = turned[:, ::-1]
    area = 2 * np.count_nonzero(turned)
    best, best_shift = 0.0, 0
    for shift in SHIFTS:
        both = np.count_nonzero(turned & np.roll(mirrored, shift, axis=1))
        overlap = both / max(1, area - both)
        if overlap > best:
            best, best_shift = overlap, shift
    return best, best_shift
