"""Sleeves on arms: a ruled surface between the outer and the inner edge of an arm.

The edges are measured on the person (``limbs.py``); where they are not seen they are a usual arm's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pipeline.compiled import compiled, ease, inner, interpolate
from pipeline.geometry import ease as eased
from pipeline.limbs import STATIONS, USUAL, USUAL_AT, USUAL_HALF, Bones, Pair, bones_between
from pipeline.looks.elbow import bend_between, bend_point
from pipeline.looks.sleeve_map import SleeveMap
from pipeline.structures import Arm, Body, Points, Side, Sleeves
from pipeline.trunk import OUTWARD

COVER = 1.05  # cloth / arm: it must hide the arm
SNUG = 1.12  # cloth / arm on the outer side, where it lies on the arm
WIDEST = {Sleeves.LONG: 1.45, Sleeves.SHORT: 1.90}  # on the inner side, where the ease hangs
LONG_FROM, LONG_SURELY = 0.55, 0.70  # of the arm: long sleeves that nearly reach the wrist do reach
CAP = 0.08  # of the upper arm: where the shoulder is as wide as the arm
ARMPIT_EASE = 0.40  # of the upper arm: where the inner edge has left the armpit for the arm
TUCK = 0.03  # hw: the inner edge lies this far on the torso, so that no gap shows between them
BESIDE = (0.15, 0.5)  # usual half widths between bone and torso of arms before and beside it
CUFF_SLANT = 0.08  # tl along the arm between the ends of a short sleeve's cuff
FULL_EASE_RAD = 1.0  # angle between arm and torso from which a sleeve hangs freely
PAST_WRIST = 1.00  # of the forearm
CROOK_UPPER, CROOK_FORE = 0.65, 1.35  # stations where the halves of a sharply bent arm meet


class _Edges(NamedTuple):
    """Where the edges of a sleeve lie on an arm, px along the seen arm and outwards from it.

    ``widest`` is cloth / arm on the inner side, ``room`` how far inwards of the bone it may reach.
    """

    outer_from: float
    outer_to: float
    inner_from: float
    inner_to: float
    tip_out: float
    armpit_out: float
    widest: float
    room: float


def lay_sleeve(
    vertices: Points,
    sleeve: SleeveMap,
    kind: Sleeves,
    body: Body,
    side: Side,
    armpit: Pair,
    scale: float,
) -> float:
    """Lay a sleeve on an arm.

    Args:
        vertices: (n, 2) frame px, as the torso carries them; moved as far as the sleeve's weight
            says.
        sleeve: coordinates of all vertices.
        kind: long or short.
        body: whose arm.
        side: which arm.
        armpit: where the garment's armpit lies, frame px.
        scale: frame px per texture px.

    Returns:
        How far the sleeve reaches: 0 shoulder, 1 elbow, 2 wrist.
    """
    arm = body.arms[side]
    joints = np.array([arm.shoulder, arm.elbow, arm.wrist], np.float64)
    bones: Bones = bones_between(joints, body.half_chest_px, OUTWARD[side])
    up_x, up_y = body.up.tolist()
    hangs = -(bones.upper[0] * up_x + bones.upper[1] * up_y)
    # an arm that hangs beside the torso leaves no room for ease between them
    lifted = eased(math.acos(min(max(hangs, -1.0), 1.0)) / FULL_EASE_RAD)
    widest = COVER + (WIDEST.get(kind, COVER) - COVER) * lifted
    edges = _edges(sleeve, kind, arm, bones, armpit, scale, body.torso_px, widest)
    if kind is not Sleeves.LONG:
        edges = edges._replace(room=_room(body, side, bones, edges.inner_to, lifted))
    thickness_px = arm.thickness_px
    if thickness_px is None:
        thickness_px = np.stack([USUAL * body.half_chest_px] * 2).astype(np.float32)
    places = (sleeve.along, sleeve.across, sleeve.half_tex, sleeve.weight)
    _lay(vertices, places, bones, edges, thickness_px, body.half_chest_px, scale)
    end = 0.5 * (edges.outer_to + edges.inner_to)
    past = (end - bones.upper_px) / bones.fore_px
    return max(end / bones.upper_px if past < 0.0 else 1.0 + past, 0.0)


def _edges(
    sleeve: SleeveMap,
    kind: Sleeves,
    arm: Arm,
    bones: Bones,
    armpit: Pair,
    scale: float,
    torso_px: float,
    widest: float,
) -> _Edges:
    tip_x, tip_y = arm.shoulder_tip.tolist()
    outer_from, tip_out = _place(bones, (tip_x, tip_y))
    inner_from, armpit_out = _place(bones, armpit)
    whole_px = arm.upper_px + arm.fore_px
    natural = (outer_from + sleeve.outer_tex * scale) / whole_px
    if kind is Sleeves.LONG:
        surely = eased((natural - LONG_FROM) / (LONG_SURELY - LONG_FROM))
        reach = natural + surely * (1.0 - natural)
    else:
        reach = min(natural, 0.9)
    longest = bones.upper_px + PAST_WRIST * bones.fore_px
    outer_to = min(_seen(reach * whole_px, arm, bones), longest)
    if kind is Sleeves.LONG and reach > 0.95:
        outer_to = inner_to = longest
    else:
        shrink = bones.upper_px / arm.upper_px
        inner_to = inner_from + sleeve.inner_tex * scale * shrink
        # the cuff stays about square to the arm, however far the cloth below has to stretch
        slant = CUFF_SLANT * torso_px * shrink
        inner_to = min(max(inner_to, outer_to - slant), outer_to + slant)
        inner_to = max(inner_to, inner_from + 0.5 * slant)
    return _Edges(outer_from, outer_to, inner_from, inner_to, tip_out, armpit_out, widest, math.inf)


def _room(body: Body, side: Side, bones: Bones, along: float, lifted: float) -> float:
    """How far inwards of the bone, px, the end of a sleeve on a hanging arm may reach.

    Beside the torso a cuff ends where the torso begins: the arm's own inner edge cannot be seen
    there, and a corner that stands out over the chest looks like a notch in it.
    """
    depths = (body.levels * body.torso_px)[:, None]
    aside = body.half_widths_px[side][:, None] * body.right * (1 if side is Side.LEFT else -1)
    edge = body.mid_shoulder - body.up * depths + aside
    places = np.array([_place(bones, (x, y)) for x, y in edge.tolist()])
    order = np.argsort(places[:, 0])
    beside = -float(np.interp(along, places[order, 0], places[order, 1]))
    usual = body.half_chest_px * float(np.interp(along / bones.upper_px, USUAL_AT, USUAL_HALF))
    hanging = (1.0 - lifted) * eased((beside / usual - BESIDE[0]) / (BESIDE[1] - BESIDE[0]))
    return beside / hanging if hanging > 0.0 else math.inf


def _place(bones: Bones, point: Pair) -> Pair:
    """Position along the upper arm and outwards from it, px."""
    x, y = point[0] - bones.start[0], point[1] - bones.start[1]
    upper, normal = bones.upper, bones.normal
    return x * upper[0] + y * upper[1], x * normal[0] + y * normal[1]


def _seen(true_px: float, arm: Arm, bones: Bones) -> float:
    """A length along the arm as it is seen: both bones may be foreshortened."""
    if true_px <= arm.upper_px:
        return true_px * bones.upper_px / arm.upper_px
    return bones.upper_px + (true_px - arm.upper_px) * bones.fore_px / arm.fore_px


@compiled
def _lay(vertices, places, bones, edges, thickness_px, half_chest_px, scale):  # type: ignore[no-untyped-def]
    """Move ``vertices`` (n, 2) onto the arm; ``places`` are the arrays of a ``SleeveMap``."""
    along, across, half_tex, weight = places
    upper_px = interpolate(CROOK_UPPER, STATIONS, thickness_px[0 if bones.outer_is_inside else 1])
    fore_px = interpolate(CROOK_FORE, STATIONS, thickness_px[0 if bones.outer_is_inside else 1])
    bend = bend_between(bones, upper_px, fore_px)
    # from the tip the cloth goes round the shoulder's muscle
    cap_px = CAP * bones.upper_px - min(edges.outer_from, 0.0)
    tuck_px = TUCK * half_chest_px
    length_px = max(edges.outer_to - edges.outer_from, 1.0)
    for n in range(vertices.shape[0]):
        if weight[n] == 0.0:
            continue
        t, s = along[n], across[n]
        outer_at = edges.outer_from + (edges.outer_to - edges.outer_from) * t
        inner_at = edges.inner_from + (edges.inner_to - edges.inner_from) * t
        at = inner_at + (outer_at - inner_at) * s
        outer_px, inner_px = _half_widths(
            _station(bones, at), half_tex[n] * scale, thickness_px, half_chest_px, edges.widest
        )
        below = t * length_px
        rest = 1.0 - min(max(below / cap_px, 0.0), 1.0)
        high = edges.tip_out + (outer_px - edges.tip_out) * math.sqrt(1.0 - rest * rest)
        grown = ease(below / (ARMPIT_EASE * bones.upper_px))
        low = edges.armpit_out - (inner_px + edges.armpit_out) * grown - tuck_px
        if low < -edges.room:
            low += (-edges.room - low) * grown
        x, y = bend_point(bones, bend, at, low + (high - low) * s)
        vertices[n, 0] += weight[n] * (x - vertices[n, 0])
        vertices[n, 1] += weight[n] * (y - vertices[n, 1])


@inner
def _station(bones, at):  # type: ignore[no-untyped-def]
    """Station of a place along the arm: 0 shoulder, 1 elbow, 2 wrist."""
    past = at - bones.upper_px
    return at / bones.upper_px if past < 0.0 else 1.0 + past / bones.fore_px


@inner
def _half_widths(station, own_px, thickness_px, half_chest_px, widest):  # type: ignore[no-untyped-def]
    """Half width of the cloth on the outer and the inner side; ``own_px`` is its own."""
    outer_arm = interpolate(station, STATIONS, thickness_px[0])
    inner_arm = interpolate(station, STATIONS, thickness_px[1])
    bare = half_chest_px * interpolate(station, USUAL_AT, USUAL_HALF)
    outer = min(max(own_px, COVER * outer_arm), SNUG * outer_arm)
    inner = min(2.0 * own_px - outer, widest * min(bare, inner_arm))
    return outer, max(COVER * inner_arm, inner)
