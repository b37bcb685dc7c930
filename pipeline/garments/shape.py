"""The build of a garment's silhouette: its axis, torso, hem and the notches under its arms."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask, contour, opened, runs
from pipeline.structures import Side

SIGN = {Side.RIGHT: -1.0, Side.LEFT: 1.0}
"""Direction of a wearer's side in the picture of a garment seen from the front."""

STRAP_SHARE = 0.05  # of the height: thinner than this is a strap, a knot or a hanger
NECK_ZONE = 0.15  # of the torso width around the axis: notches that begin here are necklines
ARMPIT_RANGE = (0.10, 0.88)  # of the height
ARMPIT_DEPTH = 0.02  # of the height
HEM_WIDTH = 0.6  # of the torso width: narrower rows below belong to ties and tails


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Measurements of an upright silhouette. All in texture px.

    Attributes:
        mask: (h, w) bool.
        solid: the same without straps, knots and hangers.
        top, bottom: first and last row.
        axis_x: column of the vertical axis.
        torso_width: typical width of the lower torso.
        edges: (h, 2) float32, first and last column of the run through the axis; NaN without one.
        hem_y: last row of the torso.
        notches: (n, 8) float32, dents of the outline: x, y, depth, 1 when a mouth corner lies lower
            than the tip, and the two corners of the mouth (x, y, x, y).
    """

    mask: Mask
    solid: Mask
    top: int
    bottom: int
    axis_x: float
    torso_width: float
    edges: NDArray[np.float32]
    hem_y: int
    notches: NDArray[np.float32]

    @property
    def height(self) -> int:
        """Rows from top to bottom, px."""
        return self.bottom - self.top + 1

    def row(self, share: float) -> int:
        """The row at a share of the height."""
        return round(self.top + share * (self.height - 1))


def measure_shape(mask: Mask) -> Shape:
    """Measure an upright garment.

    Args:
        mask: (h, w) bool, not empty.
    """
    rows = np.nonzero(mask.any(axis=1))[0]
    top, bottom = int(rows[0]), int(rows[-1])
    height = bottom - top + 1
    solid = opened(mask, max(3, round(STRAP_SHARE * height)))
    if solid.sum() < 0.5 * mask.sum():
        solid = mask
    axis_x = _axis(solid, top, height)
    edges = _central_edges(solid, axis_x)
    widths = edges[:, 1] - edges[:, 0]
    lower = widths[top + round(0.5 * height) : top + round(0.8 * height)]
    known = lower[np.isfinite(lower)]
    torso_width = float(np.median(known)) if known.size else float(np.ptp(np.nonzero(mask)[1]))
    wide = np.nonzero(np.nan_to_num(widths) >= HEM_WIDTH * torso_width)[0]
    hem_y = int(wide[-1]) if wide.size else bottom
    notches = _notches(solid)
    return Shape(mask, solid, top, bottom, axis_x, torso_width, edges, hem_y, notches)


def _axis(solid: Mask, top: int, height: int) -> float:
    centres = []
    for y in range(top + round(0.45 * height), top + round(0.85 * height)):
        found = runs(solid[y])
        if len(found):
            first, last = found[int(np.argmax(found[:, 1] - found[:, 0]))]
            centres.append((first + last) / 2)
    return float(np.median(centres)) if centres else float(np.mean(np.nonzero(solid)[1]))


def _central_edges(solid: Mask, axis_x: float) -> NDArray[np.float32]:
    edges = np.full((solid.shape[0], 2), np.nan, np.float32)
    for y in range(solid.shape[0]):
        for first, last in runs(solid[y]):
            if first - 2 <= axis_x <= last + 2:
                edges[y] = first, last
    return edges


def _notches(solid: Mask) -> NDArray[np.float32]:
    points = contour(solid)
    if len(points) < 8:
        return np.zeros((0, 8), np.float32)
    outline = points.astype(np.int32).reshape(-1, 1, 2)
    hull = cv2.convexHull(outline, returnPoints=False)
    # OpenCV refuses a hull whose indices are not monotonous
    hull = np.ascontiguousarray(np.sort(hull.ravel())[::-1].reshape(-1, 1))
    defects = cv2.convexityDefects(outline, hull)
    if defects is None:
        return np.zeros((0, 8), np.float32)
    found = []
    for start, end, deepest, depth in defects.reshape(-1, 4):
        tip, a, b = points[deepest], points[start], points[end]
        found.append((*tip, depth / 256.0, float(max(a[1], b[1]) > tip[1]), *a, *b))
    return np.asarray(found, np.float32)


def find_armpits(shape: Shape) -> dict[Side, NDArray[np.float32]]:
    """The deepest notch under each arm.

    Returns:
        Per side that has one: (3,) x, y and depth, px.
    """
    low, high = (shape.row(share) for share in ARMPIT_RANGE)
    found: dict[Side, NDArray[np.float32]] = {}
    for x, y, depth, opens_down, ax, _, bx, _ in shape.notches:
        starts_at_neck = min(abs(ax - shape.axis_x), abs(bx - shape.axis_x)) < (
            NECK_ZONE * shape.torso_width
        )
        if not low <= y <= high or starts_at_neck or not opens_down:
            continue
        if depth < ARMPIT_DEPTH * shape.height:
            continue
        side = Side.RIGHT if x < shape.axis_x else Side.LEFT
        if side not in found or depth > found[side][2]:
            found[side] = np.array([x, y, depth], np.float32)
    return found
