"""The front neckline, and what shows above it of the inside of the back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.edges import EdgeSearch
from pipeline.garments.landmarks import Frame, Point, top_profile
from pipeline.garments.regions import Mask
from pipeline.garments.shape import Shape
from pipeline.structures import Image, Points, Side

SAMPLES = 61
DEPTHS = np.linspace(0.12, 2.2, 80)  # of half the neck width
PROFILES = ((1.0, 1.0), (1.5, 1.0), (2.0, 0.75), (3.0, 0.75))  # V to square: (1 - |t|^a)^b
HOOD_RISE = 0.11  # of the height: a collar stands lower
HOOD_DEPTHS = np.linspace(0.25, 0.9, 27)  # of half the neck width
STRAPS_ABOVE = 0.1  # of the height: straps that cross in front of the neck rise this far
BODICE = 0.5  # of the height: it begins above
OPEN_DIP = 0.55  # of half the neck width: an outline this deep is itself the neckline
DARKER_GAIN, DARKER_RANGE = 0.5, (-6.0, 10.0)  # the inside of the back lies in shadow
GAIN_LEAST, SCORE_LEAST = 2.6, 9.0  # how far a neckline stands out from other curves
DEEP, DEEP_GAIN = 1.1, 5.0  # a round neckline this deep is rare, and a print is not
SHALLOW_V = 0.5  # of half the neck width: a V is deeper
INSIDE_LEAST = 0.6  # share of the curve that must lie on the garment
CENTRAL = 0.85  # of the half width; the ends meet the shoulder seams anyway
V_POWER, V_DEPTHS = 1.5, np.linspace(0.9, 2.2, 40)  # a V may begin anywhere on the shoulders
V_WIDTHS = (0.45, 0.50, 0.55, 0.60, 0.65, 0.70)  # of the half chest, from the axis
V_SHIFTS = (-0.06, 0.0, 0.06)  # of the half chest
V_BETTER, V_GAIN = 1.25, 3.5
LEVEL_ENDS = 0.5  # of their distance from the axis: how far its two ends may differ in height


@dataclass(frozen=True, slots=True, eq=False)
class Neckline:
    """The front neckline.

    Attributes:
        points: (k, 2) float32, picture left to right.
        behind: (h, w) bool, everything above it: inside of the back, label, hanger, hood.
        necks: per wearer's side, (2,) where the neckline meets the shoulder seam.
    """

    points: Points
    behind: Mask
    necks: Mapping[Side, Point]


def find_neckline(image: Image, shape: Shape, frame: Frame, sleeved: bool) -> Neckline:
    """Find the steadiest edge between the neck points; the outline when there is none.

    A hood or a hanger stands up between the neck points and is always cut away.

    Args:
        image: (h, w, 3) uint8 RGB.
        shape, frame: of the same garment.
        sleeved: False for straps and halters, whose necklines begin at their straps.
    """
    left, right = frame.collar_tops[Side.RIGHT], frame.collar_tops[Side.LEFT]
    feet = frame.necks[Side.RIGHT], frame.necks[Side.LEFT]
    search = EdgeSearch(image, shape.mask)
    if _stands_up(shape, *feet):
        curve = _hood_seam(search, *feet)
        if curve is not None:
            behind = _above(curve, shape.mask.shape)
            behind[: max(0, int(min(feet[0][1], feet[1][1])) - 1)] = True
            return Neckline(curve, behind, frame.necks)
    outline = _outline_between(shape, left, right, sleeved)
    half = 0.5 * float(right[0] - left[0])
    nowhere = np.zeros_like(shape.mask)
    if half < 3:
        return Neckline(np.stack([left, right]), nowhere, frame.necks)
    middle = outline[len(outline) // 2]
    if middle[1] - 0.5 * (left[1] + right[1]) > OPEN_DIP * half:
        return Neckline(outline, nowhere, frame.necks)
    curve, score = _best_curve(search, left, right)
    wide = _wide_v(search, shape, frame, max(score, SCORE_LEAST)) if sleeved else None
    if wide is not None:
        necks = {Side.RIGHT: wide[0], Side.LEFT: wide[-1]}
        return Neckline(wide, _above(wide, shape.mask.shape), necks)
    if curve is None:
        return Neckline(outline, nowhere, frame.necks)
    return Neckline(curve, _above(curve, shape.mask.shape), frame.necks)


def _stands_up(shape: Shape, left: Point, right: Point) -> bool:
    """Something higher than any collar rises between the neck points."""
    columns = np.arange(int(left[0]), int(right[0]) + 1)
    if len(columns) < 6:
        return False
    highest = float(top_profile(shape.mask)[columns].min())
    return 0.5 * float(left[1] + right[1]) - highest > HOOD_RISE * shape.height


def _outline_between(shape: Shape, left: Point, right: Point, sleeved: bool) -> Points:
    """The outline's upper edge; that of the bodice where crossed straps run above it."""
    columns = np.arange(int(left[0]), int(right[0]) + 1)
    tops, solid = top_profile(shape.mask), top_profile(shape.solid)
    middle = columns[len(columns) // 4 : len(columns) - len(columns) // 4]
    gap = float((solid - tops)[middle].max(initial=0.0))
    if not sleeved and gap > STRAPS_ABOVE * shape.height:
        tops = np.where(solid < shape.row(BODICE), solid, tops)
    points = np.stack([columns, tops[columns]], 1).astype(np.float32)
    return points if len(points) > 1 else np.stack([left, right]).astype(np.float32)


def _scores(search: EdgeSearch, curves: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) scores; 0 where too little of a curve lies on the garment."""
    found = search.scores(curves, CENTRAL)
    score = found.contrast + DARKER_GAIN * np.clip(found.step[:, 0], *DARKER_RANGE)
    return np.asarray(np.where(found.inside > INSIDE_LEAST, score, 0.0), np.float32)


def _hood_seam(search: EdgeSearch, left: Point, right: Point) -> Points | None:
    curves, _, _ = _curves(left, right, PROFILES, HOOD_DEPTHS)
    scores = _scores(search, curves)
    return curves[int(np.argmax(scores))] if scores.any() else None


def _best_curve(search: EdgeSearch, left: Point, right: Point) -> tuple[Points | None, float]:
    """The best curve between two points, None when it does not stand out; and its score."""
    curves, powers, depths = _curves(left, right, PROFILES, DEPTHS)
    scores = _scores(search, curves)
    if not scores.any():
        return None, 0.0
    usual = float(np.median(scores[scores > 0.0]))
    gain = np.where((powers >= 2.0) & (depths > DEEP), DEEP_GAIN, GAIN_LEAST)
    scores[scores < np.maximum(SCORE_LEAST, gain * usual)] = 0.0
    scores[(powers < 2.0) & (depths < SHALLOW_V)] = 0.0
    best = int(np.argmax(scores))
    return (curves[best] if scores[best] else None), float(scores[best])


def _wide_v(search: EdgeSearch, shape: Shape, frame: Frame, score: float) -> Points | None:
    """A V that begins farther out than the back of the neck, when it is clearly better."""
    half = 0.5 * float(frame.armpits[Side.LEFT][0] - frame.armpits[Side.RIGHT][0])
    tops = top_profile(shape.mask)
    profiles = [profile for profile in PROFILES if profile[0] <= V_POWER]
    found = []
    for width in V_WIDTHS:
        for shift in V_SHIFTS:
            x = shape.axis_x + half * (shift + width * np.array([-1.0, 1.0]))
            columns = np.clip(np.rint(x), 0, len(tops) - 1).astype(int)
            ends = np.stack([columns, tops[columns]], axis=1).astype(np.float32)
            if abs(float(ends[1, 1] - ends[0, 1])) < LEVEL_ENDS * width * half:
                found.append(_curves(ends[0], ends[1], profiles, V_DEPTHS)[0])
    if not found:
        return None
    curves = np.concatenate(found)
    scores = _scores(search, curves)
    if not scores.any():
        return None
    best = int(np.argmax(scores))
    least = max(V_BETTER * score, V_GAIN * float(np.median(scores[scores > 0.0])))
    return curves[best] if scores[best] > least else None


def _curves(
    left: Point,
    right: Point,
    profiles: Sequence[tuple[float, float]],
    depths: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """(n, k, 2) curves of every profile and depth; (n,) their powers and depths."""
    t = np.linspace(0.0, 1.0, SAMPLES)[:, None]
    straight = left * (1 - t) + right * t
    half = 0.5 * float(right[0] - left[0])
    curves, powers, used = [], [], []
    for power, shape_power in profiles:
        profile = (1 - np.abs(2 * t[:, 0] - 1) ** power) ** shape_power
        for depth in depths:
            curve = straight.copy()
            curve[:, 1] += depth * half * profile
            curves.append(curve)
            powers.append(power)
            used.append(depth)
    return np.asarray(curves, np.float32), np.asarray(powers), np.asarray(used)


def _above(curve: Points, shape_hw: tuple[int, ...]) -> Mask:
    corners = np.array([[curve[-1, 0], -1.0], [curve[0, 0], -1.0]], np.float32)
    polygon = np.concatenate([curve, corners])
    area = np.zeros(shape_hw, np.uint8)
    cv2.fillPoly(area, [np.rint(polygon).astype(np.int32)], (1,))
    return area > 0
