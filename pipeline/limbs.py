"""How thick an arm is seen: rays from its bones to the edge of the person, on both sides.

An arm is two straight bones in the picture. A place along it is a *station*: 0 at the shoulder,
1 at the elbow, 2 at the wrist. The *outer* side is away from the body when the arm hangs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled, inner
from pipeline.silhouette import cast, distance_to_segment, evened
from pipeline.steady import Estimate
from pipeline.structures import Alpha

Vector = NDArray[np.float64]
Pair = tuple[float, float]

STATIONS = np.array([0.05, 0.22, 0.40, 0.60, 0.82, 1.0, 1.16, 1.34, 1.55, 1.75, 1.95])
"""Where the thickness is measured; at the elbow halfway between the normals of both bones."""

_COUNT = len(STATIONS)
_ELBOW = int(np.flatnonzero(STATIONS == 1.0)[0])
_TAPER_FROM = int(np.flatnonzero(STATIONS > 1.5)[0])
TAPER = 1.02  # from one station to the next

USUAL_AT = np.array([0.0, 0.47, 0.94, 1.15, 2.0])
USUAL_HALF = np.array([0.345, 0.30, 0.255, 0.24, 0.165])  # hw, of a bare arm
USUAL = np.interp(STATIONS, USUAL_AT, USUAL_HALF)
"""Half thickness of a bare arm at ``STATIONS``, half chests."""

ELBOW_RISE = 0.055  # hw: the middle of the flesh lies outside of the joint when an arm bends
LONGEST_UPPER, LONGEST_FORE = 1.7, 3.2  # usual half thicknesses; more is hair, or not one arm
THINNEST = 0.45  # usual half thicknesses: joints are placed that badly at most
THICKEST = 2.2  # usual thicknesses, both sides together: a baggy sleeve, an arm near the lens
THIN_LIMB = 0.24  # hw; these limits do not shrink with the wrist
NEIGHBOUR = 0.35  # stations: as far as a seen edge speaks for a hidden one
SURE, CUT, IMPLIED, FADING = 1.0, 0.5, 0.3, 0.08
"""Confidence: edge seen, cut by the picture, told by a neighbour or the other side, hidden."""
SETTLE_S = 0.12
STEPS_PER_HALF_CHEST = 60.0  # of a ray; below one pixel a step shows no more


class Bones(NamedTuple):
    """An arm as two straight bones in the picture. Points and vectors are x and y.

    Attributes:
        start, bend, end: px; ``bend`` is where the bones meet, close to the elbow.
        upper, fore: unit vectors from start to bend and from bend to end.
        normal, fore_normal: unit vectors to the outer side of the upper arm and the forearm.
        upper_px, fore_px: lengths as seen, above 0.
        outer_is_inside: the outer side of the arm lies in the crook of the bend.
    """

    start: Pair
    bend: Pair
    end: Pair
    upper: Pair
    fore: Pair
    normal: Pair
    fore_normal: Pair
    upper_px: float
    fore_px: float
    outer_is_inside: bool


@compiled
def bones_between(joints, half_chest_px, outward):  # type: ignore[no-untyped-def]
    """The ``Bones`` of an arm.

    Args:
        joints: (3, 2) float64, shoulder, elbow and wrist, px.
        half_chest_px: of the body the arm belongs to.
        outward: +1 or -1, the arm's own of ``trunk.OUTWARD``.
    """
    start, end = (joints[0, 0], joints[0, 1]), (joints[2, 0], joints[2, 1])
    upper, _ = _direction(start, (joints[1, 0], joints[1, 1]))
    fore, _ = _direction((joints[1, 0], joints[1, 1]), end)
    rise_px = ELBOW_RISE * half_chest_px
    bend = (
        joints[1, 0] + rise_px * (upper[0] - fore[0]),
        joints[1, 1] + rise_px * (upper[1] - fore[1]),
    )
    upper, upper_px = _direction(start, bend)
    fore, fore_px = _direction(bend, end)
    normal = (upper[1] * outward, -upper[0] * outward)
    return Bones(
        start,
        bend,
        end,
        upper,
        fore,
        normal,
        (fore[1] * outward, -fore[0] * outward),
        upper_px + 1e-6,
        fore_px + 1e-6,
        normal[0] * fore[0] + normal[1] * fore[1] > 0.0,
    )


@inner
def _direction(start, end):  # type: ignore[no-untyped-def]
    """Unit vector and distance between two points."""
    x, y = end[0] - start[0], end[1] - start[1]
    length = np.hypot(x, y)
    scale = 1.0 / max(length, 1e-6)
    return (x * scale, y * scale), length


class LimbMeasure:
    """Remembers the thickness of one arm. Belongs to one tracked person."""

    def __init__(self) -> None:
        """Start from a bare arm's proportions."""
        self._thickness = Estimate(np.stack([USUAL] * 2), SETTLE_S)

    def update(
        self, alpha: Alpha, bones: Bones, half_chest_px: float, dt_s: float
    ) -> NDArray[np.float32]:
        """Measure the arm in one frame.

        Args:
            alpha: (H, W) uint8, the person.
            bones: of the arm, px.
            half_chest_px: of the body the arm belongs to.
            dt_s: time since the last frame.

        Returns:
            (2, k) px, half thickness at ``STATIONS``: on the outer side, on the inner side.
            Where an edge cannot be seen (an arm before the chest) it fades to the usual.
        """
        share, sure = _measure(alpha, bones, half_chest_px)
        thickness = self._thickness.update(share, dt_s, sure)
        smooth: NDArray[np.float64] = _smooth(thickness, bones.outer_is_inside)
        return (smooth * half_chest_px).astype(np.float32)


@compiled
def _measure(alpha, bones, half_chest_px):  # type: ignore[no-untyped-def]
    """Half thickness, (2, k) hw, and how far to believe it, (2, k)."""
    seen, trust = np.empty((2, _COUNT)), np.empty((2, _COUNT))
    for side in range(2):
        for k in range(_COUNT):
            reach_px, trust[side, k] = _judge(alpha, bones, k, 1.0 - 2.0 * side, half_chest_px)
            seen[side, k] = reach_px / half_chest_px
    trust[0 if bones.outer_is_inside else 1, _ELBOW] = 0.0
    for k in range(_COUNT):
        too_thick = seen[0, k] + seen[1, k] > 2.0 * THICKEST * max(USUAL[k], THIN_LIMB)
        if too_thick and trust[0, k] > 0.0 and trust[1, k] > 0.0:
            trust[0, k] = trust[1, k] = 0.0
    share, sure = np.empty((2, _COUNT)), np.empty((2, _COUNT))
    for side in range(2):
        for k in range(_COUNT):
            share[side, k], sure[side, k] = seen[side, k], trust[side, k]
            if trust[side, k] == 0.0:
                share[side, k], sure[side, k] = _hidden(seen, trust, side, k)
            share[side, k] = max(share[side, k], THINNEST * USUAL[k])
    return share, sure


@inner
def _judge(alpha, bones, k, side, half_chest_px):  # type: ignore[no-untyped-def]
    """What the ray at station ``k`` says, px, and how far to believe it."""
    station, usual_px = STATIONS[k], USUAL[k] * half_chest_px
    on_upper = station < 1.0
    first, last = (bones.start, bones.bend) if on_upper else (bones.bend, bones.end)
    along = station if on_upper else station - 1.0
    origin = (first[0] + along * (last[0] - first[0]), first[1] + along * (last[1] - first[1]))
    normal = bones.normal if on_upper else bones.fore_normal
    if k == _ELBOW:
        both = (bones.normal[0] + bones.fore_normal[0], bones.normal[1] + bones.fore_normal[1])
        normal, _ = _direction((0.0, 0.0), both)
    direction = (side * normal[0], side * normal[1])
    step_px = max(1.0, half_chest_px / STEPS_PER_HALF_CHEST)
    length_px = LONGEST_FORE * THIN_LIMB * half_chest_px
    reach_px, inside, left = cast(alpha, origin, direction, length_px, step_px)
    # in the crook of an elbow the edge that is met belongs to the other half of the arm
    walked_px = int(reach_px / step_px) * step_px
    edge = (origin[0] + direction[0] * walked_px, origin[1] + direction[1] * walked_px)
    other, other_end = (bones.bend, bones.end) if on_upper else (bones.start, bones.bend)
    alone = k == _ELBOW or distance_to_segment(edge, other, other_end) > 0.99 * reach_px
    longest_px = LONGEST_UPPER * usual_px
    if not on_upper:
        longest_px = LONGEST_FORE * max(usual_px, THIN_LIMB * half_chest_px)
    ended = reach_px < (np.ceil(length_px / step_px) - 2.0) * step_px
    if not (inside and ended and alone and reach_px < longest_px):
        return reach_px, 0.0
    # an arm cut by the picture goes on behind its border
    return (reach_px, SURE) if left else (max(reach_px, usual_px), CUT)


@inner
def _hidden(seen, trust, side, k):  # type: ignore[no-untyped-def]
    """What is not seen is told by its neighbours, else by the other side: hw and confidence."""
    before = after = -1
    for other in range(_COUNT):
        if trust[side, other] > 0.0:
            if other < k:
                before = other
            elif after < 0:
                after = other
    gap_before = STATIONS[k] - STATIONS[before] if before >= 0 else np.inf
    gap_after = STATIONS[after] - STATIONS[k] if after >= 0 else np.inf
    if min(gap_before, gap_after) < NEIGHBOUR:
        low = seen[side, before] / USUAL[before]
        high = seen[side, after] / USUAL[after]
        if before < 0 or after < 0:
            return (high if before < 0 else low) * USUAL[k], IMPLIED
        between = gap_before / (gap_before + gap_after)
        return (low + between * (high - low)) * USUAL[k], IMPLIED
    if trust[1 - side, k] > 0.0:
        implied = 0.5 * (USUAL[k] + seen[1 - side, k])
        return min(max(implied, 0.75 * USUAL[k]), 1.15 * USUAL[k]), IMPLIED
    return USUAL[k], FADING


@compiled
def _smooth(thickness, outer_is_inside):  # type: ignore[no-untyped-def]
    """Neighbours agree, forearms do not widen to the wrist: that would be the hand.

    The tip of the elbow keeps its own thickness, its crook has none.
    """
    smooth = evened(thickness)
    tip, crook = (1, 0) if outer_is_inside else (0, 1)
    smooth[tip, _ELBOW] = thickness[tip, _ELBOW]
    smooth[crook, _ELBOW] = 0.5 * (smooth[crook, _ELBOW - 1] + smooth[crook, _ELBOW + 1])
    for k in range(_TAPER_FROM, _COUNT):
        for side in range(2):
            smooth[side, k] = min(smooth[side, k], TAPER * smooth[side, k - 1])
    return smooth
