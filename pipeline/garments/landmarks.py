"""Named points of an upright upper garment, read off its outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.garments.regions import Mask
from pipeline.garments.shape import SIGN, Shape, find_armpits
from pipeline.structures import Side

Point = NDArray[np.float32]

BATWING_FROM = 0.66  # of the height: a notch this low is a fold of a batwing, not an armpit
BATWING_ARMPIT = 0.46  # where a batwing's armpit is taken to be
MIRRORED_DEPTH = 0.05  # of the height: a notch this deep vouches for a hidden one opposite
SEAM_INSET = 0.10  # of the half chest: the shoulder tip lies this far inside the armpit
NECK_SEARCH = (0.12, 0.95)  # of the half chest, from the axis
NECK_INWARD = 0.10  # px of height that one px nearer to the axis is worth
COLLAR_BEND = 0.018  # of the height: a deeper bend of the shoulder line is the foot of a collar
HEM_FROM = 0.55  # of the height
HEM_OUTWARD = 0.7  # px of depth that one px outward is worth
COLLAR_STEEP = 0.7  # rise ÷ run from a collar's foot to its top, at least
STRAP_RISE = 0.06  # of the height
HOOD_STEP = 0.12  # of the height: shoulders differ by less
SHOULDER_SPAN = (0.50, 1.0)  # of the half chest, from the axis: where shoulders lie
SHOULDER_STEPS = 31
SHOULDER_SLOPE = 0.6  # drop ÷ run; a halter falls faster
SHOULDER_DROP = 1.3  # drop ÷ run at which the armhole begins
COLLAR_RISE = 0.035  # of the height: what stands up less is a label or a loop
NECK_LEAST, NECK_USUAL = 0.25, 0.40  # of the half chest, from the axis
LEVEL = 0.07  # of the height that armpits may differ
ARMHOLE_RANGE = (0.08, 0.55)  # of the height, where a sleeveless armhole ends


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The points that hold a garment together, per wearer's side, texture px.

    Attributes:
        armpits, shoulders, necks: (2,) float32.
        collar_tops: (2,), highest point of the collar; equals ``necks`` without a collar.
        sleeved: whether there is a sleeve.
        batwing: the sleeve grows out of the side seam.
    """

    armpits: Mapping[Side, Point]
    shoulders: Mapping[Side, Point]
    necks: Mapping[Side, Point]
    collar_tops: Mapping[Side, Point]
    sleeved: Mapping[Side, bool]
    batwing: bool


def top_profile(mask: Mask) -> NDArray[np.float32]:
    """(w,) first row of the mask in every column; the height of the picture where there is none."""
    first = np.argmax(mask, axis=0).astype(np.float32)
    return np.where(mask.any(axis=0), first, np.float32(mask.shape[0]))


def find_frame(shape: Shape) -> Frame:
    """Find armpits, shoulder tips and neck points."""
    armpits, sleeved, batwing = _armpits(shape)
    half_chest = 0.5 * float(armpits[Side.LEFT][0] - armpits[Side.RIGHT][0])
    if any(sleeved.values()):
        shoulders = {side: _shoulder(shape, side, armpits[side], half_chest) for side in Side}
        shoulders = _without_hood(shape, shoulders)
    elif all(_has_shoulder(shape, side, half_chest) for side in Side):
        shoulders = {side: _shoulder_end(shape, side, half_chest) for side in Side}
    else:
        straps = {side: _strap(shape, side, half_chest) for side in Side}
        necks = {side: strap[0] for side, strap in straps.items()}
        ends = {side: strap[1] for side, strap in straps.items()}
        return Frame(armpits, ends, necks, necks, sleeved, batwing)
    pairs = _necks(shape, shoulders, half_chest)
    necks = {side: pair[0] for side, pair in pairs.items()}
    tops = {side: pair[1] for side, pair in pairs.items()}
    return Frame(armpits, shoulders, necks, tops, sleeved, batwing)


def _armpits(shape: Shape) -> tuple[dict[Side, Point], dict[Side, bool], bool]:
    found = find_armpits(shape)
    if len(found) == 1:
        (side,) = found
        other = Side.LEFT if side is Side.RIGHT else Side.RIGHT
        x, y, depth = found[side]
        if depth > MIRRORED_DEPTH * shape.height:
            found[other] = np.array([2 * shape.axis_x - x, y, depth], np.float32)
        else:
            found = {}
    if not found:
        return _armhole_ends(shape), dict.fromkeys(Side, False), False
    _level(found, shape)
    batwing = any(point[1] > shape.row(BATWING_FROM) for point in found.values())
    row = float(shape.row(BATWING_ARMPIT))
    armpits = {
        side: np.array([point[0], row if batwing else point[1]], np.float32)
        for side, point in found.items()
    }
    return armpits, dict.fromkeys(Side, True), batwing


def _side_columns(shape: Shape, side: Side) -> NDArray[np.float32]:
    """(h,) outermost column of the solid garment on one side; NaN in empty rows."""
    columns = np.where(shape.solid, np.arange(shape.solid.shape[1])[None], np.nan)
    filled = shape.solid.any(axis=1)
    outer = np.full(shape.solid.shape[0], np.nan, np.float32)
    pick = np.nanmin if side is Side.RIGHT else np.nanmax
    outer[filled] = pick(columns[filled], axis=1)
    return outer


def _level(armpits: dict[Side, NDArray[np.float32]], shape: Shape) -> None:
    """When one armpit is much lower it is a waist or a fold: put it opposite the other one."""
    high, low = sorted(armpits, key=lambda side: float(armpits[side][1]))
    if armpits[low][1] - armpits[high][1] > LEVEL * shape.height:
        x, y, depth = armpits[high]
        armpits[low] = np.array([2 * shape.axis_x - x, y, depth], np.float32)


def _armhole_ends(shape: Shape) -> dict[Side, Point]:
    """Where the armholes of a sleeveless garment meet its side seams: its outermost corners.

    They are the points farthest outside the lines from shoulder to hem, on one row.
    """
    first, last = (shape.row(share) for share in ARMHOLE_RANGE)
    bottom = shape.row(0.9)
    rows = np.arange(first, last + 1)
    outer = {side: _side_columns(shape, side) for side in Side}
    bulge = np.zeros(len(rows))
    for side, columns in outer.items():
        out = np.nan_to_num(SIGN[side] * (columns - shape.axis_x))
        chord = np.linspace(out[first], out[bottom], bottom - first + 1)[: len(rows)]
        bulge += out[rows] - chord
    row = int(rows[int(np.argmax(bulge))])
    return {side: np.array([outer[side][row], row], np.float32) for side in Side}


def find_hems(shape: Shape, torso: Mask) -> dict[Side, Point]:
    """The lowest and outermost torso point on each side.

    Args:
        shape: of the whole garment.
        torso: (h, w) bool, the garment without its sleeves.
    """
    first, last = shape.row(HEM_FROM), min(shape.hem_y + round(0.06 * shape.height), shape.bottom)
    y, x = np.nonzero(torso[first : last + 1] & shape.solid[first : last + 1])
    hems = {}
    for side in Side:
        out = SIGN[side] * (x - shape.axis_x)
        score = np.where(out > 0, y + HEM_OUTWARD * out, -np.inf)
        best = int(np.argmax(score)) if score.size else -1
        found = score.size and np.isfinite(score[best])
        corner = (x[best], y[best] + first) if found else (shape.axis_x, last)
        hems[side] = np.array(corner, np.float32)
    return hems


def _shoulder(shape: Shape, side: Side, armpit: Point, half_chest: float) -> Point:
    """Where the armhole seam meets the shoulder: above the armpit and a little inside."""
    profile = top_profile(shape.solid)
    x = round(float(armpit[0]) - SIGN[side] * SEAM_INSET * half_chest)
    x = int(np.clip(x, 0, len(profile) - 1))
    y = profile[x] if profile[x] < shape.mask.shape[0] else float(shape.top)
    return np.array([x, y], np.float32)


def _without_hood(shape: Shape, shoulders: dict[Side, Point]) -> dict[Side, Point]:
    """A hood that lies over one shoulder hides it: take it to be where the other one is."""
    high, low = sorted(shoulders, key=lambda side: float(shoulders[side][1]))
    if shoulders[low][1] - shoulders[high][1] < HOOD_STEP * shape.height:
        return shoulders
    x, y = shoulders[low]
    return {low: shoulders[low], high: np.array([2 * shape.axis_x - x, y], np.float32)}


def _outward(shape: Shape, side: Side, half_chest: float) -> tuple[NDArray[np.intp], Point]:
    """Columns from the neck to beyond the armhole, going outward, and their top rows."""
    shares = np.linspace(*SHOULDER_SPAN, SHOULDER_STEPS)
    columns = np.rint(shape.axis_x + SIGN[side] * shares * half_chest).astype(np.intp)
    columns = np.clip(columns, 0, shape.solid.shape[1] - 1)
    return columns, top_profile(shape.solid)[columns]


def _has_shoulder(shape: Shape, side: Side, half_chest: float) -> bool:
    """A sleeveless garment whose top is a gentle slope beside the neck, no strap or halter."""
    columns, rows = _outward(shape, side, half_chest)
    if float(rows.min() - top_profile(shape.mask)[columns].min()) > STRAP_RISE * shape.height:
        return False  # straps, too thin to be solid, rise above the body
    first, last = 0, round(0.4 * SHOULDER_STEPS)
    run = (SHOULDER_SPAN[1] - SHOULDER_SPAN[0]) * half_chest * last / (SHOULDER_STEPS - 1)
    level = rows[first : last + 1]
    gentle = abs(float(rows[last] - rows[first])) < SHOULDER_SLOPE * run
    return gentle and float(np.ptp(level)) < SHOULDER_SLOPE * run + 2.0


def _shoulder_end(shape: Shape, side: Side, half_chest: float) -> Point:
    """Where the gentle slope of the shoulder drops into the armhole."""
    columns, rows = _outward(shape, side, half_chest)
    step = (SHOULDER_SPAN[1] - SHOULDER_SPAN[0]) * half_chest / (SHOULDER_STEPS - 1)
    steep = np.nonzero(np.diff(rows) > SHOULDER_DROP * step)[0]
    end = int(steep[0]) if steep.size else len(rows) - 1
    return np.array([columns[end], rows[end]], np.float32)


def _necks(
    shape: Shape, shoulders: Mapping[Side, Point], half_chest: float
) -> dict[Side, tuple[Point, Point]]:
    """Per side the foot of the collar and its top; the same point where there is no collar."""
    tops = {side: _collar_top(shape, side, half_chest) for side in Side}
    profile = top_profile(shape.solid)
    least = COLLAR_BEND * shape.height
    feet = {side: _collar_foot(profile, shoulders[side], tops[side], least) for side in Side}
    found = {side: foot for side, foot in feet.items() if foot is not None}
    if len(found) == 2 and abs(float(np.subtract(*found.values())[1])) > LEVEL * shape.height:
        del found[min(found, key=lambda side: float(found[side][1]))]  # the edge of a hood
    pairs = {}
    for side in Side:
        foot, top = found.get(side), tops[side]
        if foot is None and found:  # a hood that leans to one side
            (other,) = found.values()
            foot = _on_profile(shape, profile, 2 * shape.axis_x - float(other[0]))
            if other[1] - foot[1] > HOOD_STEP * shape.height:  # it hides this foot
                foot = np.array([foot[0], other[1]], np.float32)
            foot = foot if foot[1] - top[1] > least else None
        narrow = abs(float(top[0]) - shape.axis_x) < NECK_LEAST * half_chest
        if foot is None and narrow:  # the wings of a shirt collar, a label, a loop
            foot = _on_profile(shape, profile, shape.axis_x + SIGN[side] * NECK_USUAL * half_chest)
            low = foot[1] - top[1] < COLLAR_RISE * shape.height
            top = foot if low else top
        pairs[side] = (top if foot is None else foot, top)
    return pairs


def _on_profile(shape: Shape, profile: NDArray[np.float32], x: float) -> Point:
    column = int(np.clip(round(x), 0, len(profile) - 1))
    return np.array([column, min(float(profile[column]), shape.row(0.5))], np.float32)


def _collar_top(shape: Shape, side: Side, half_chest: float) -> Point:
    profile = top_profile(shape.solid)
    near, far = (shape.axis_x + SIGN[side] * share * half_chest for share in NECK_SEARCH)
    columns = np.arange(*sorted((int(near), int(far))))
    columns = columns[(columns >= 0) & (columns < len(profile))]
    if not columns.size:
        return np.array([shape.axis_x, shape.top], np.float32)
    cost = profile[columns] + NECK_INWARD * np.abs(columns - shape.axis_x)
    x = int(columns[int(np.argmin(cost))])
    return np.array([x, _exact_top(shape, x)], np.float32)


def _exact_top(shape: Shape, x: int) -> float:
    """Top row of the full mask at a column, unless a hanger or loop sticks out there."""
    solid, full = top_profile(shape.solid)[x], top_profile(shape.mask)[x]
    return float(full if solid - full < 0.03 * shape.height else solid)


def _collar_foot(
    profile: NDArray[np.float32], shoulder: Point, top: Point, least_px: float
) -> Point | None:
    """The concave corner between shoulder and collar top, if there is one."""
    x0, x1 = sorted((int(shoulder[0]), int(top[0])))
    if x1 - x0 < 4 or top[1] > shoulder[1]:
        return None
    columns = np.arange(x0, x1 + 1)
    chord = np.interp(columns, *_sorted_chord(shoulder, top))
    length = float(np.hypot(*(top - shoulder)))
    below = (profile[columns] - chord) * (x1 - x0) / length  # distance from the chord
    best = int(np.argmax(below))
    if below[best] < least_px:
        return None
    if profile[columns[best]] > shoulder[1]:  # a dent beside a puffed shoulder
        return None
    rise, run = profile[columns[best]] - top[1], abs(columns[best] - top[0])
    if rise < COLLAR_STEEP * run:  # a puffed sleeve or a sloping shoulder, no collar
        return None
    return np.array([columns[best], profile[columns[best]]], np.float32)


def _sorted_chord(a: Point, b: Point) -> tuple[list[float], list[float]]:
    first, second = sorted(((float(a[0]), float(a[1])), (float(b[0]), float(b[1]))))
    return [first[0], second[0]], [first[1], second[1]]


def _strap(shape: Shape, side: Side, half_chest: float) -> tuple[Point, Point]:
    """Inner and outer end of a strap's or sleeveless shoulder's top edge."""
    profile = top_profile(shape.mask)
    sign = SIGN[side]
    columns = np.arange(len(profile))
    out = sign * (columns - shape.axis_x)
    usable = (out > 0.15 * half_chest) & (out < 1.1 * half_chest)
    usable &= profile < shape.row(0.45)
    if not usable.any():
        point = np.array([shape.axis_x + sign * 0.5 * half_chest, shape.top], np.float32)
        return point, point
    peak = int(np.argmin(np.where(usable, profile - 0.1 * out, 1e9)))
    reach = max(2.0, 0.03 * shape.height)  # the edge ends where the outline drops by this much
    inner = outer = peak
    while _continues(profile, inner - int(sign), peak, reach):
        inner -= int(sign)
    while _continues(profile, outer + int(sign), peak, reach):
        outer += int(sign)
    inner_x = inner if sign * (inner - shape.axis_x) > 0.1 * half_chest else peak
    return (
        np.array([inner_x, profile[inner_x]], np.float32),
        np.array([outer, profile[outer]], np.float32),
    )


def _continues(profile: NDArray[np.float32], x: int, peak: int, reach: float) -> bool:
    return 0 <= x < len(profile) and bool(profile[x] - profile[peak] < reach)
