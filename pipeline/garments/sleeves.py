"""Sleeves: which pixels belong to them, where their cuffs are, how long they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.garments.landmarks import Frame, Point
from pipeline.garments.regions import Mask, components, contour, grow, largest
from pipeline.garments.shape import SIGN, Shape
from pipeline.structures import PART_CODES, Part, Side, Sleeves

PART_OF = {Side.LEFT: Part.LEFT_SLEEVE, Side.RIGHT: Part.RIGHT_SLEEVE}
LEAST_AREA = 0.012  # of the garment: less is a wrinkle, not a sleeve
FUSED_ROWS = 0.06  # of the height
FUSED_OUT = 0.08  # of the torso width; a dress flares less within those rows
LONG_FROM = 0.74  # sleeve length ÷ size of the torso; long ones 0.79, puffed ones 0.70
HEM_REACH = 3  # px below the hem that are still its own
CUFF_ASIDE = 0.3  # of the torso width: cuffs hang farther from the axis
SAMPLES = 70  # points along the sleeve's outline, shoulder to armpit
ALIKE = 1.18  # outline lengths within this ratio: both sleeves get the same cuff
MIN_CUFF_GAP = 2  # samples between the cuff's corners


@dataclass(frozen=True, slots=True, eq=False)
class Sleeve:
    """One sleeve. Attributes: its pixels and the cuff's corners, (2,) texture px."""

    mask: Mask
    cuff_outer: Point
    cuff_inner: Point


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """All possible cuffs of one sleeve: corner points and the score of each pair."""

    points: NDArray[np.float32]
    scores: NDArray[np.float32]
    outline_px: float


def find_sleeves(shape: Shape, frame: Frame) -> dict[Side, Sleeve]:
    """Split off the sleeves and find their cuffs."""
    masks = {side: _sleeve_mask(shape, frame, side) for side in Side if frame.sleeved[side]}
    least = LEAST_AREA * float(shape.mask.sum())
    masks = {side: mask for side, mask in masks.items() if mask.sum() >= least}
    options = {side: _cuff_options(mask, frame, side) for side, mask in masks.items()}
    sleeves = {}
    for side, (outer, inner) in _choose(options).items():
        points = options[side].points
        sleeves[side] = Sleeve(masks[side], points[outer], points[inner])
    return sleeves


def whole_sleeves(shape: Shape, sleeves: Mapping[Side, Sleeve]) -> dict[Side, Sleeve]:
    """Give back to the sleeves what hangs beside them below the hem: a cuff wider than the gap."""
    torso = part_map(shape.mask, sleeves) == PART_CODES[Part.TORSO]
    torso[: shape.hem_y + HEM_REACH] = False
    labels, areas = components(torso)
    whole = {}
    for side, sleeve in sleeves.items():
        beside = np.zeros(areas.size + 1, bool)
        beside[labels[grow(sleeve.mask, 3)]] = True
        beside[0] = False
        columns = np.arange(shape.mask.shape[1])[None]
        outside = SIGN[side] * (columns - shape.axis_x) > CUFF_ASIDE * shape.torso_width
        mask = sleeve.mask | (beside[labels] & outside)
        whole[side] = Sleeve(mask, sleeve.cuff_outer, sleeve.cuff_inner)
    return whole


def part_map(mask: Mask, sleeves: Mapping[Side, Sleeve]) -> NDArray[np.uint8]:
    """(h, w) uint8 of ``PART_CODES``."""
    parts = np.where(mask, PART_CODES[Part.TORSO], 0).astype(np.uint8)
    for side, sleeve in sleeves.items():
        parts[sleeve.mask & mask] = PART_CODES[PART_OF[side]]
    return parts


def sleeve_kind(
    frame: Frame, sleeves: Mapping[Side, Sleeve], hems: Mapping[Side, Point]
) -> Sleeves:
    """Long, short or sleeveless, from the sleeves' length against the torso's size.

    The mean of length and width is a better measure than length: tops may be cropped.
    """
    if not sleeves:
        return Sleeves.SLEEVELESS
    lengths = []
    for side, sleeve in sleeves.items():
        root = 0.5 * (frame.shoulders[side] + frame.armpits[side])
        lengths.append(np.linalg.norm(0.5 * (sleeve.cuff_outer + sleeve.cuff_inner) - root))
    torso = np.mean([np.linalg.norm(hems[s] - frame.shoulders[s]) for s in Side])
    chest = np.linalg.norm(frame.armpits[Side.LEFT] - frame.armpits[Side.RIGHT])
    size = float(np.sqrt(torso * chest))
    return Sleeves.LONG if np.mean(lengths) > LONG_FROM * size else Sleeves.SHORT


def _sleeve_mask(shape: Shape, frame: Frame, side: Side) -> Mask:
    """The garment outside the armhole line, less the torso's own flare below the armpit."""
    armpit, shoulder, sign = frame.armpits[side], frame.shoulders[side], SIGN[side]
    height, width = shape.mask.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = shoulder - armpit
    outside = sign * ((y - armpit[1]) * along[0] - (x - armpit[0]) * along[1]) > 0
    below = y > armpit[1]
    sleeve = shape.mask & outside & ~(below & (sign * (x - armpit[0]) <= 0))
    sleeve &= sign * (x - shape.axis_x) > 0
    if not frame.batwing:
        sleeve &= ~shape.slits
        if not _is_fused(shape, armpit, side):
            sleeve &= ~_torso_below(shape, armpit)
    return largest(sleeve)


def _is_fused(shape: Shape, armpit: Point, side: Side) -> bool:
    """The outline right below the armpit is that of a sleeve: no gap shows between the two."""
    first = int(armpit[1]) + 1
    rows = slice(first, first + max(2, round(FUSED_ROWS * shape.height)))
    edge = shape.edges[rows, 0 if side is Side.RIGHT else 1]
    beyond = SIGN[side] * (edge[np.isfinite(edge)] - armpit[0])
    return beyond.size > 0 and float(np.median(beyond)) > FUSED_OUT * shape.torso_width


def _torso_below(shape: Shape, armpit: Point) -> Mask:
    """The torso's own pixels below the armpit, however wide it flares."""
    columns = np.arange(shape.mask.shape[1])[None]
    first, last = shape.edges[:, :1], shape.edges[:, 1:]
    rows = np.arange(shape.mask.shape[0])[:, None]
    return np.asarray((columns >= first) & (columns <= last) & (rows > armpit[1]), np.bool_)


def _cuff_options(mask: Mask, frame: Frame, side: Side) -> _Candidates:
    """Score every pair of outline points as the corners of the cuff.

    A good cuff makes a large quadrilateral with shoulder and armpit, is straight itself, leaves
    straight edges beside it, and lies at the far end of the sleeve.
    """
    shoulder, armpit = frame.shoulders[side], frame.armpits[side]
    path = _outer_path(contour(grow(mask, 3)), shoulder, armpit)
    steps = np.linspace(0, len(path) - 1, SAMPLES).round().astype(int)
    points = path[steps]
    hole = float(np.linalg.norm(shoulder - armpit))
    outer, inner = points[:, None], points[None]
    area = 0.5 * np.abs(
        _cross(shoulder, outer)
        + _cross(outer, inner)
        + _cross(inner, armpit)
        + _cross(armpit, shoulder)
    )
    bend = _chord_deviation(np.concatenate([shoulder[None], points, armpit[None]]))
    cuff = np.linalg.norm(outer - inner, axis=-1)
    roughness = 1.0 * bend[1:-1, 1:-1] + 0.8 * bend[1:-1, -1][None] + 0.35 * bend[0, 1:-1][:, None]
    score = area / hole**2 - roughness / hole - 0.08 * cuff / hole
    score -= np.where(_plausible(points, shoulder, armpit, hole), 0.0, 0.5)
    index = np.arange(SAMPLES)
    score[index[:, None] + MIN_CUFF_GAP > index[None]] = -np.inf
    return _Candidates(points, score.astype(np.float32), float(len(path)))


def _outer_path(outline: NDArray[np.float32], start: Point, end: Point) -> NDArray[np.float32]:
    """The way along the outline from start to end that passes the farthest point."""
    first = int(np.argmin(np.linalg.norm(outline - start, axis=1)))
    outline = np.roll(outline, -first, axis=0)
    last = int(np.argmin(np.linalg.norm(outline - end, axis=1)))
    far = int(np.argmax(np.linalg.norm(outline - 0.5 * (start + end), axis=1)))
    return outline[: last + 1] if far <= last else outline[last:][::-1]


def _cross(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0], np.float32)


def _chord_deviation(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, n) farthest distance of the points between i and j from the straight line i-j."""
    count = len(points)
    deviation = np.zeros((count, count), np.float32)
    for i in range(count - 2):
        chord = points[i + 2 :] - points[i]  # (m, 2)
        offset = points[i + 1 :] - points[i]
        distance = np.abs(_cross(chord[:, None], offset[None]))
        reach = np.arange(len(offset))[None] <= np.arange(len(chord))[:, None]
        longest = np.linalg.norm(chord, axis=1) + 1e-6
        deviation[i, i + 2 :] = np.where(reach, distance, 0).max(axis=1) / longest
    return deviation


def _plausible(
    points: NDArray[np.float32], shoulder: Point, armpit: Point, hole: float
) -> NDArray[np.bool_]:
    outer, inner = points[:, None], points[None]
    root = 0.5 * (shoulder + armpit)
    reach = float(np.linalg.norm(points - root, axis=1).max())
    is_long = reach > 1.3 * hole
    middle = np.linalg.norm(0.5 * (outer + inner) - root, axis=-1)
    cuff = np.linalg.norm(outer - inner, axis=-1)
    upper = np.linalg.norm(outer - shoulder, axis=-1)
    under = np.linalg.norm(inner - armpit, axis=-1)
    good = middle >= (0.82 if is_long else 0.6) * reach
    good &= cuff < (0.8 if is_long else 1.15) * hole
    good &= cuff > (0.18 if is_long else 0.3) * hole
    good &= upper >= (0.85 if is_long else 0.5) * reach
    return np.asarray(good & (upper >= 0.8 * under), np.bool_)


def _choose(options: Mapping[Side, _Candidates]) -> dict[Side, tuple[int, int]]:
    """The best cuff of each sleeve; sleeves laid out alike decide together."""
    lengths = [option.outline_px for option in options.values()]
    scores = {side: option.scores for side, option in options.items()}
    if len(lengths) == 2 and max(lengths) < ALIKE * min(lengths):
        both = np.sum(list(scores.values()), axis=0)
        scores = dict.fromkeys(options, both)
    return {side: _argmax2(score) for side, score in scores.items()}


def _argmax2(score: NDArray[np.float32]) -> tuple[int, int]:
    i, j = np.unravel_index(int(np.argmax(score)), score.shape)
    return int(i), int(j)
