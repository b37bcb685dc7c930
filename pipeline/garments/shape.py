"""The build of a garment's silhouette: its axis, torso, hem and the notches under its arms."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask, components, contour, holes, opened, runs
from pipeline.garments.symmetry import find_symmetry
from pipeline.structures import Side

SIGN = {Side.RIGHT: -1.0, Side.LEFT: 1.0}
"""Direction of a wearer's side in the picture of a garment seen from the front."""

STRAP_SHARE = 0.05  # of the height: thinner than this is a strap, a knot or a hanger
NECK_ZONE = 0.15  # of the torso width around the axis: notches that begin here are necklines
ARMPIT_RANGE = (0.10, 0.90)  # of the height
ARMPIT_DEPTH = 0.02  # of the height
LOCKED_SHARE = 0.002  # of the garment: a smaller hole is a fold
LOCKED_ASIDE = 0.12  # of the width: gaps beside the torso are farther from the axis
AXIS_DRIFT = 0.04  # of the width
UPRIGHT = (0.0,)  # the garment is upright already
LOCKED_DEPTH = 0.2  # of the height: the gap beside a sleeve whose cuff rests on the hip
LOCKED_NEAR = 0.3  # of the torso width: such a gap is farther from the axis
SLEEVE_OUT = 0.035  # of the torso width: a sleeve reaches farther out than its armpit by this
FOLD_DEPTH, FOLD_SLANT = 0.04, 0.8  # of the height; drop ÷ run, of a cuff 0.4 at most
CORNER_ASIDE = 1.18  # as far from the axis as the tip; a bent elbow is farther
CORNER_SHARE = 0.12  # of the way from cuff to tip: a straight sleeve bends less
HEM_WIDTH = 0.6  # of the torso width: narrower rows below belong to ties and tails


@dataclass(frozen=True, slots=True, eq=False)
class Notch:
    """A dent of the outline.

    Attributes:
        tip: (2,) its deepest point.
        depth: distance of the tip from the mouth, px.
        upper, lower: (2,) the corners of its mouth.
        wall: (n, 2) the outline from corner to corner.
    """

    tip: NDArray[np.float32]
    depth: float
    upper: NDArray[np.float32]
    lower: NDArray[np.float32]
    wall: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Measurements of an upright silhouette. All in texture px.

    Attributes:
        mask: (h, w) bool.
        solid: the same without straps, knots and hangers.
        slits: (h, w) bool, cuts that part a sleeve from the hip it touches.
        top, bottom: first and last row.
        axis_x: column of the vertical axis.
        torso_width: typical width of the lower torso.
        edges: (h, 2) float32, first and last column of the run through the axis; NaN without one.
        hem_y: last row of the torso.
        notches: the dents of the outline.
    """

    mask: Mask
    solid: Mask
    slits: Mask
    top: int
    bottom: int
    axis_x: float
    torso_width: float
    edges: NDArray[np.float32]
    hem_y: int
    notches: list[Notch]

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
    axis_x = _axis(solid, top, height, find_symmetry(solid, UPRIGHT).axis_x)
    free = _unlocked(solid, axis_x)
    edges = _central_edges(free, axis_x)
    widths = edges[:, 1] - edges[:, 0]
    lower = widths[top + round(0.5 * height) : top + round(0.8 * height)]
    known = lower[np.isfinite(lower)]
    torso_width = float(np.median(known)) if known.size else float(np.ptp(np.nonzero(mask)[1]))
    wide = np.nonzero(np.nan_to_num(widths) >= HEM_WIDTH * torso_width)[0]
    hem_y = int(wide[-1]) if wide.size else bottom
    notches = _notches(free)
    return Shape(
        mask, solid, solid & ~free, top, bottom, axis_x, torso_width, edges, hem_y, notches
    )


def _axis(solid: Mask, top: int, height: int, mirror_x: float) -> float:
    """The middle of the torso; the mirror axis where no torso lies on it (trousers)."""
    centres = []
    for y in range(top + round(0.45 * height), top + round(0.85 * height)):
        for first, last in runs(solid[y]):
            if first - 2 <= mirror_x <= last + 2:
                centres.append((first + last) / 2)
    if len(centres) < 0.2 * height:
        return mirror_x
    middle = float(np.median(centres))
    # trousers with one leg across the mirror axis: the middle of a leg is no axis
    return (
        middle
        if abs(middle - mirror_x) < AXIS_DRIFT * float(np.ptp(np.nonzero(solid)[1]))
        else mirror_x
    )


def _central_edges(solid: Mask, axis_x: float) -> NDArray[np.float32]:
    edges = np.full((solid.shape[0], 2), np.nan, np.float32)
    for y in range(solid.shape[0]):
        for first, last in runs(solid[y]):
            if first - 2 <= axis_x <= last + 2:
                edges[y] = first, last
    return edges


def _notches(free: Mask) -> list[Notch]:
    points = contour(free)
    if len(points) < 8:
        return []
    outline = points.astype(np.int32).reshape(-1, 1, 2)
    hull = np.asarray(cv2.convexHull(outline, returnPoints=False))
    # OpenCV refuses a hull whose indices are not monotonous
    hull = np.ascontiguousarray(np.sort(hull.ravel())[::-1].reshape(-1, 1))
    defects: NDArray[np.int32] | None = cv2.convexityDefects(outline, hull)  # type: ignore[assignment]
    if defects is None:
        return []
    found = []
    for start, end, deepest, depth in defects.reshape(-1, 4):
        first, last = sorted((int(start), int(end)))
        inside = points[first : last + 1]
        if not first <= deepest <= last:  # the dent runs over the start of the outline
            inside = np.concatenate([points[last:], points[: first + 1]])
        corners = sorted((points[start], points[end]), key=lambda p: float(p[1]))
        found.append(Notch(points[deepest], depth / 256.0, corners[0], corners[1], inside))
    return found


def _unlocked(solid: Mask, axis_x: float) -> Mask:
    """Open the gaps between sleeve and torso that a cuff resting on the hip has closed.

    A slit is cut straight down from the lowest point of each large hole beside the axis.
    """
    labels, areas = components(holes(solid))
    free = solid.copy()
    for label in 1 + np.nonzero(areas > LOCKED_SHARE * solid.sum())[0]:
        y, x = np.nonzero(labels == label)
        if np.ptp(y) < np.ptp(x):  # wider than high: not a gap beside a hanging sleeve
            continue
        if abs(float(x.mean()) - axis_x) < LOCKED_ASIDE * float(np.ptp(np.nonzero(solid)[1])):
            continue
        column = int(x[int(np.argmax(y))])
        free[int(y.max()) :, max(0, column - 1) : column + 2] = False
    return free


def find_armpits(shape: Shape) -> dict[Side, NDArray[np.float32]]:
    """The deepest notch under each arm.

    Returns:
        Per side that has one: (3,) x, y and the notch's depth, px.
    """
    low, high = (shape.row(share) for share in ARMPIT_RANGE)
    found: dict[Side, NDArray[np.float32]] = {}
    for notch in shape.notches:
        for side, part in _by_side(notch, shape):
            x, y = _corner_before_tip(part, shape.axis_x)
            deep = part.depth > ARMPIT_DEPTH * shape.height
            if not deep or not low <= y <= high or not _under_an_arm(part, shape, side):
                continue
            if side not in found or part.depth > found[side][2]:
                found[side] = np.array([x, y, part.depth], np.float32)
    return found


def sleeves_are_folded(shape: Shape, from_row: int) -> bool:
    """Below ``from_row`` an outline runs in to the torso on a slant: an elbow, and no cuff.

    The sleeve goes on in front of the torso, where a silhouette does not show it.
    """
    for notch in shape.notches:
        deep = notch.depth > FOLD_DEPTH * shape.height
        if not deep or notch.tip[1] < from_row or notch.upper[1] > notch.tip[1]:
            continue
        run, drop = np.abs(notch.tip - notch.upper)
        for side, part in _by_side(notch, shape):
            if _under_an_arm(part, shape, side) and drop > FOLD_SLANT * run:
                return True
    return False


def _by_side(notch: Notch, shape: Shape) -> list[tuple[Side, Notch]]:
    """A notch with its side; cuffs below the hem make one notch that holds both armpits."""
    left_x, right_x = sorted((float(notch.upper[0]), float(notch.lower[0])))
    spans = left_x < shape.axis_x < right_x and notch.upper[1] > notch.tip[1]
    if not spans:
        return [(Side.RIGHT if notch.tip[0] < shape.axis_x else Side.LEFT, notch)]
    middle = int(np.argmin(np.abs(notch.wall[:, 0] - shape.axis_x)))
    halves = []
    for wall in (notch.wall[: middle + 1], notch.wall[middle:]):
        if len(wall) > 2:
            side = Side.RIGHT if wall[:, 0].mean() < shape.axis_x else Side.LEFT
            halves.append((side, _as_notch(wall)))
    return halves


def _as_notch(wall: NDArray[np.float32]) -> Notch:
    away = np.abs(_off_chord(wall, wall[0], wall[-1]))
    deepest = int(np.argmax(away))
    corners = sorted((wall[0], wall[-1]), key=lambda p: float(p[1]))
    return Notch(wall[deepest], float(away[deepest]), corners[0], corners[1], wall)


def _off_chord(
    points: NDArray[np.float32], start: NDArray[np.float32], end: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Signed distance of each point from the line through start and end."""
    along = (end - start) / max(float(np.hypot(*(end - start))), 1e-6)
    offset = points - start
    return np.asarray(offset[:, 0] * along[1] - offset[:, 1] * along[0], np.float32)


def _under_an_arm(notch: Notch, shape: Shape, side: Side) -> bool:
    """It opens down and outward: one corner of its mouth is a cuff, farther out than the tip."""
    sign = SIGN[side]
    corners = [sign * (float(c[0]) - shape.axis_x) for c in (notch.upper, notch.lower)]
    sleeve_from = sign * (float(notch.tip[0]) - shape.axis_x) + SLEEVE_OUT * shape.torso_width
    if notch.upper[1] > notch.tip[1]:  # both corners below: a sleeve that hangs down
        aside = sign * (float(notch.tip[0]) - shape.axis_x) > LOCKED_NEAR * shape.torso_width
        unlocked = aside and notch.depth > LOCKED_DEPTH * shape.height
        return unlocked or max(corners) > sleeve_from
    beside_neck = NECK_ZONE * shape.torso_width
    opens_down = notch.lower[1] > notch.tip[1]
    return min(corners) > beside_neck and corners[0] > sleeve_from and bool(opens_down)


def _corner_before_tip(notch: Notch, axis_x: float) -> tuple[float, float]:
    """The armpit on the way from the cuff to the deepest point.

    The deepest point of a flaring dress is its waist; its armpit is a hollow corner above that.
    """
    tip = int(np.argmin(np.linalg.norm(notch.wall - notch.tip, axis=1)))
    stretch = notch.wall[: tip + 1]
    if not np.allclose(notch.wall[0], notch.upper):
        stretch = notch.wall[tip:][::-1]
    length = float(np.hypot(*(stretch[-1] - stretch[0])))
    open_side = _off_chord(notch.lower[None], stretch[0], stretch[-1])[0]
    hollow = -np.sign(open_side) * _off_chord(stretch, stretch[0], stretch[-1])
    corner = int(np.argmax(hollow))
    at_torso = abs(stretch[corner, 0] - axis_x) < CORNER_ASIDE * abs(float(notch.tip[0]) - axis_x)
    above = stretch[corner, 1] < notch.tip[1]
    bends = hollow[corner] > CORNER_SHARE * length
    x, y = stretch[corner] if bends and above and at_torso else notch.tip
    return float(x), float(y)
