"""Sleeves on arms: a ruled surface between the outer and the inner edge of an arm.

The edges are measured on the person (``limbs.py``); where they are not seen they are a usual arm's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.body import OUTWARD
from pipeline.geometry import Floats, smoothstep
from pipeline.limbs import STATIONS, Bones, usual_half
from pipeline.looks.elbow import bend_sleeve
from pipeline.looks.sleeve_map import MARGIN, PROFILE_STATIONS, SleeveMap
from pipeline.structures import Arm, Body, Side, Sleeves

Vector = NDArray[np.float64]

COVER = 1.05  # cloth / arm: it must hide the arm
SNUG = 1.12  # cloth / arm on the outer side, where it lies on the arm
WIDEST = {Sleeves.LONG: 1.45, Sleeves.SHORT: 1.90}  # on the inner side, where the ease hangs
LONG_FROM, LONG_SURELY = 0.55, 0.70  # of the arm: long sleeves that nearly reach the wrist do reach
CAP = 0.20  # of the upper arm: where the shoulder is as wide as the arm
CUFF_SLANT = 0.08  # tl along the arm between the ends of a short sleeve's cuff
FULL_EASE_RAD = 1.0  # angle between arm and torso from which a sleeve hangs freely
PAST_WRIST = 1.02  # of the forearm
CROOK_STATIONS = np.array([0.65, 1.35])  # where the halves of a sharply bent arm meet


def _seen(true_px: float, arm: Arm, bones: Bones) -> float:
    """A length along the arm as it is seen: both bones may be foreshortened."""
    if true_px <= arm.upper_px:
        return true_px * bones.upper_px / arm.upper_px
    return bones.upper_px + (true_px - arm.upper_px) * bones.fore_px / arm.fore_px


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where the outer and the inner edge start and stop, px along the seen arm."""

    outer_from: float
    outer_to: float
    inner_from: float
    inner_to: float


def _ends(
    sleeve: SleeveMap,
    kind: Sleeves,
    arm: Arm,
    bones: Bones,
    inner_from: float,
    scale: float,
    torso_px: float,
) -> _Ends:
    outer_from, _ = _place(bones, arm.shoulder_tip)
    whole_px = arm.upper_px + arm.fore_px
    natural = (outer_from + sleeve.outer_tex * scale) / whole_px
    if kind is Sleeves.LONG:
        surely = float(smoothstep((natural - LONG_FROM) / (LONG_SURELY - LONG_FROM)))
        reach = natural + surely * (1.0 - natural)
    else:
        reach = min(natural, 0.9)
    longest = bones.upper_px + PAST_WRIST * bones.fore_px
    outer_to = min(_seen(reach * whole_px, arm, bones), longest)
    if kind is Sleeves.LONG and reach > 0.95:
        return _Ends(outer_from, longest, inner_from, longest)
    shrink = bones.upper_px / arm.upper_px
    inner_to = inner_from + sleeve.inner_tex * scale * shrink
    # the cuff stays about square to the arm, however far the cloth below has to stretch
    slant = CUFF_SLANT * torso_px * shrink
    inner_to = max(min(max(inner_to, outer_to - slant), outer_to + slant), inner_from + 0.5 * slant)
    return _Ends(outer_from, outer_to, inner_from, inner_to)


def lay_sleeve(
    sleeve: SleeveMap, kind: Sleeves, body: Body, side: Side, armpit: Vector, scale: float
) -> tuple[Vector, float]:
    """Lay a sleeve on an arm.

    Args:
        sleeve: coordinates of all vertices.
        kind: long or short.
        body: whose arm.
        side: which arm.
        armpit: (2,) where the garment's armpit lies, frame px.
        scale: frame px per texture px.

    Returns:
        (n, 2) frame px for every vertex (meaningful where the weight is above 0), and how far
        the sleeve reaches: 0 shoulder, 1 elbow, 2 wrist.
    """
    arm = body.arms[side]
    bones = Bones.of(arm.shoulder, arm.elbow, arm.wrist, body.half_chest_px, OUTWARD[side])
    inner_from, armpit_out = _place(bones, armpit)
    ends = _ends(sleeve, kind, arm, bones, inner_from, scale, body.torso_px)
    t, s = sleeve.along, sleeve.across
    outer_at = ends.outer_from + (ends.outer_to - ends.outer_from) * t
    inner_at = ends.inner_from + (ends.inner_to - ends.inner_from) * t
    at = inner_at + (outer_at - inner_at) * np.clip(s, -MARGIN, 1.0 + MARGIN)
    angle = float(np.arccos(np.clip(-(bones.upper @ body.up), -1.0, 1.0)))
    lifted = float(smoothstep(angle / FULL_EASE_RAD))
    outer_half, inner_half = _half_widths(
        sleeve, kind, arm, _stations(bones, at), body.half_chest_px, scale, lifted
    )
    below = t * max(ends.outer_to - ends.outer_from, 1.0)
    grown = smoothstep(below / (0.40 * bones.upper_px))
    _, tip_out = _place(bones, arm.shoulder_tip)
    # from the tip the cloth goes round the shoulder's muscle
    cap_px = CAP * bones.upper_px - min(ends.outer_from, 0.0)
    rest = 1.0 - np.clip(below / cap_px, 0.0, 1.0)
    high = tip_out + (outer_half - tip_out) * np.sqrt(1.0 - rest * rest)
    low = armpit_out + (-inner_half - armpit_out) * grown
    lateral = low + (high - low) * s
    end = 0.5 * (ends.outer_to + ends.inner_to)
    past = (end - bones.upper_px) / bones.fore_px
    reach = end / bones.upper_px if past < 0.0 else 1.0 + past
    laid = bend_sleeve(bones, at, lateral, _crook(arm, bones, body.half_chest_px))
    return laid, float(max(reach, 0.0))


def _place(bones: Bones, point: Floats) -> tuple[float, float]:
    """Position along the upper arm and outwards from it, px."""
    offset = point - bones.start
    return float(offset @ bones.upper), float(offset @ bones.normal)


def _stations(bones: Bones, at: Vector) -> Vector:
    """Stations of positions along the arm: 0 shoulder, 1 elbow, 2 wrist."""
    past = at - bones.upper_px
    station: Vector = np.where(past < 0.0, at / bones.upper_px, 1.0 + past / bones.fore_px)
    return np.clip(station, 0.0, 2.1)


def _crook(arm: Arm, bones: Bones, half_chest_px: float) -> tuple[float, float]:
    """Half thickness of upper arm and forearm where they meet on the inner side of a bend."""
    if arm.thickness_px is None:
        upper, fore = half_chest_px * usual_half(CROOK_STATIONS)
    else:
        row = arm.thickness_px[0 if bones.outer_is_inside else 1]
        upper, fore = np.interp(CROOK_STATIONS, STATIONS, row)
    return float(upper), float(fore)


def _half_widths(
    sleeve: SleeveMap,
    kind: Sleeves,
    arm: Arm,
    stations: Vector,
    half_chest_px: float,
    scale: float,
    lifted: float,
) -> tuple[Vector, Vector]:
    """Half width of the cloth on the outer and the inner side at every vertex."""
    bare = half_chest_px * usual_half(stations)
    outer_arm, inner_arm = bare, bare
    if arm.thickness_px is not None:
        outer_arm, inner_arm = (np.interp(stations, STATIONS, row) for row in arm.thickness_px)
    own = np.interp(sleeve.along, PROFILE_STATIONS, sleeve.profile) * scale
    outer = np.clip(own, COVER * outer_arm, SNUG * outer_arm)
    # an arm that hangs beside the torso leaves no room for ease between them
    widest = COVER + (WIDEST.get(kind, COVER) - COVER) * lifted
    inner = np.maximum(
        COVER * inner_arm, np.minimum(2.0 * own - outer, widest * np.minimum(bare, inner_arm))
    )
    return outer, inner
