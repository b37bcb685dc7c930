"""The front neckline, and what shows above it of the inside of the back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.landmarks import Frame, Point, top_profile
from pipeline.garments.regions import Mask, shrink
from pipeline.garments.shape import Shape
from pipeline.images import to_lab
from pipeline.structures import Image, Points, Side

SAMPLES = 61
DEPTHS = np.linspace(0.15, 2.0, 75)  # of half the neck width
PROFILES = ((1.0, 1.0), (2.0, 0.75), (3.0, 0.75))  # V, round, square: (1 - |t|^a)^b
HOOD_RISE = 0.11  # of the height: a collar stands lower
HOOD_DEPTHS = np.linspace(0.25, 0.9, 27)  # of half the neck width
OPEN_DIP = 0.55  # of half the neck width: an outline this deep is itself the neckline
EDGE_GAIN = 1.6  # a neckline stands out this much from other curves
EDGE_LEAST = 6.0  # Lab slope; less is a wrinkle
EDGE_CAP = 40.0
WEAK_PART = 0.25  # a print is strong in places; a neckline is an edge all along
INSIDE_LEAST = 0.6  # share of the curve that must lie on the garment
CENTRAL = 0.85  # of the half width; the ends meet the shoulder seams anyway


@dataclass(frozen=True, slots=True, eq=False)
class Neckline:
    """The front neckline.

    Attributes:
        points: (k, 2) float32, picture left to right.
        behind: (h, w) bool, everything above it: inside of the back, label, hanger, hood.
    """

    points: Points
    behind: Mask


def find_neckline(image: Image, shape: Shape, frame: Frame) -> Neckline:
    """Find the strongest edge between the neck points; the outline when there is none.

    A hood or a hanger stands up between the neck points and is always cut away.
    """
    left, right = frame.collar_tops[Side.RIGHT], frame.collar_tops[Side.LEFT]
    feet = frame.necks[Side.RIGHT], frame.necks[Side.LEFT]
    nowhere = np.zeros_like(shape.mask)
    if _stands_up(shape, *feet):
        curve = _best_curve(image, shape.mask, *feet, HOOD_DEPTHS, certain=True)
        if curve is not None:
            behind = _above(curve, shape.mask.shape)
            behind[: max(0, int(min(feet[0][1], feet[1][1])) - 1)] = True
            return Neckline(curve, behind)
    outline = _outline_between(shape.mask, left, right)
    half = 0.5 * float(right[0] - left[0])
    if half < 3:
        return Neckline(np.stack([left, right]), nowhere)
    middle = outline[len(outline) // 2]
    if middle[1] - 0.5 * (left[1] + right[1]) > OPEN_DIP * half:
        return Neckline(outline, nowhere)
    curve = _best_curve(image, shape.mask, left, right, DEPTHS)
    if curve is None:
        return Neckline(outline, nowhere)
    return Neckline(curve, _above(curve, shape.mask.shape))


def _stands_up(shape: Shape, left: Point, right: Point) -> bool:
    """Something higher than any collar rises between the neck points."""
    columns = np.arange(int(left[0]), int(right[0]) + 1)
    if len(columns) < 6:
        return False
    highest = float(top_profile(shape.mask)[columns].min())
    return 0.5 * float(left[1] + right[1]) - highest > HOOD_RISE * shape.height


def _outline_between(mask: Mask, left: Point, right: Point) -> Points:
    columns = np.arange(int(left[0]), int(right[0]) + 1)
    points = np.stack([columns, top_profile(mask)[columns]], 1).astype(np.float32)
    return points if len(points) > 1 else np.stack([left, right]).astype(np.float32)


def _best_curve(
    image: Image,
    mask: Mask,
    left: Point,
    right: Point,
    depths: NDArray[np.float64],
    certain: bool = False,
) -> Points | None:
    """The curve with the strongest edge; None when it does not stand out, unless ``certain``."""
    strength = _edge_strength(image)
    inside = shrink(mask, 7)
    t = np.linspace(-1.0, 1.0, SAMPLES)
    central = np.abs(t) < CENTRAL
    best, best_score, scores = None, 0.0, []
    for power, shape_power in PROFILES:
        for depth in depths:
            curve = _curve(left, right, depth, (1 - np.abs(t) ** power) ** shape_power)
            x, y = np.rint(curve[central]).astype(int).T
            x, y = np.clip(x, 0, mask.shape[1] - 1), np.clip(y, 0, mask.shape[0] - 1)
            if inside[y, x].mean() < INSIDE_LEAST:
                continue
            along = strength[y, x] * inside[y, x]
            score = 0.5 * float(along.mean() + np.quantile(along, WEAK_PART))
            scores.append(score)
            if score > best_score:
                best, best_score = curve, score
    if certain:
        return best
    if best is None or best_score < max(EDGE_LEAST, EDGE_GAIN * float(np.median(scores))):
        return None
    return best


def _curve(left: Point, right: Point, depth: float, profile: NDArray[np.float64]) -> Points:
    t = np.linspace(0.0, 1.0, SAMPLES)[:, None]
    points = left * (1 - t) + right * t
    points[:, 1] += depth * 0.5 * (right[0] - left[0]) * profile
    return np.asarray(points, np.float32)


def _edge_strength(image: Image) -> NDArray[np.float32]:
    """(h, w) slope of the colour; across the vertical it counts less than along it."""
    lab = cv2.GaussianBlur(to_lab(image), (0, 0), 1.2)
    down = np.abs(cv2.Sobel(lab, cv2.CV_32F, 0, 1, ksize=3)).sum(-1)
    across = np.abs(cv2.Sobel(lab, cv2.CV_32F, 1, 0, ksize=3)).sum(-1)
    return np.asarray(np.minimum(down + 0.6 * across, EDGE_CAP), np.float32)


def _above(curve: Points, shape_hw: tuple[int, ...]) -> Mask:
    corners = np.array([[curve[-1, 0], -1.0], [curve[0, 0], -1.0]], np.float32)
    polygon = np.concatenate([curve, corners])
    area = np.zeros(shape_hw, np.uint8)
    cv2.fillPoly(area, [np.rint(polygon).astype(np.int32)], (1,))
    return area > 0
