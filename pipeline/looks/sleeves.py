"""Sleeves: a ruled surface between the outer and the inner edge of an arm.

Offline every vertex of a sleeve gets two coordinates: ``along`` (0 armhole, 1 cuff) and ``across``
(0 armpit side, 1 shoulder side). On every frame they are laid along the two straight bones, with
normals that fan out at the elbow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.body import ELBOW_STATION, OUTER_STATIONS, OUTWARD, arm_radius
from pipeline.geometry import smoothstep, unit
from pipeline.structures import Arm, Body, Side, Sleeves

Vector = NDArray[np.float64]

PROFILE_STATIONS = np.linspace(0.0, 1.0, 9)
ALONG_RANGE, ACROSS_RANGE = (-0.8, 1.3), (-0.6, 1.6)  # beyond, a quad's coordinates mean nothing
MARGIN = 0.30  # of the width: how far the mesh may reach past the cloth
NARROWEST = 1.06  # cloth / arm: it must hide the arm
SNUG = 1.12  # cloth / arm on the outer side, where it lies on the arm
WIDEST = {Sleeves.LONG: 1.45, Sleeves.SHORT: 1.90}  # on the inner side, where the ease hangs
LONG_FROM, LONG_SURELY = 0.55, 0.70  # of the arm: long sleeves that nearly reach the wrist do reach
CUFF_SLANT = 0.08  # tl along the arm between the ends of a short sleeve's cuff
FULL_EASE_RAD = 1.0  # angle between arm and torso from which a sleeve hangs freely
PAST_WRIST = 1.02  # of the forearm


@dataclass(frozen=True, slots=True, eq=False)
class SleeveMap:
    """A sleeve as it lies in the texture.

    Attributes:
        along, across: (n,) coordinates of the mesh's vertices.
        weight: (n,) 0 = moves with the torso, 1 = moves with the arm.
        profile: (9,) half width at ``PROFILE_STATIONS``, texture px.
        outer_tex, inner_tex: lengths of the two edges, texture px.
    """

    along: Vector
    across: Vector
    weight: Vector
    profile: Vector
    outer_tex: float
    inner_tex: float


@dataclass(frozen=True, slots=True, eq=False)
class _Quad:
    """Bilinear coordinates in armpit, shoulder, inner cuff, outer cuff."""

    armpit: Vector
    shoulder: Vector
    inner: Vector
    outer: Vector

    def coordinates(self, points: Vector) -> tuple[Vector, Vector]:
        """Across and along of ``points`` (n, 2), by damped Newton steps."""
        across, along = np.full(len(points), 0.5), np.full(len(points), 0.5)
        for _ in range(14):
            s, t = across[:, None], along[:, None]
            low = (1 - t) * self.armpit + t * self.inner
            high = (1 - t) * self.shoulder + t * self.outer
            miss = (1 - s) * low + s * high - points
            ds = high - low
            dt = (1 - s) * (self.inner - self.armpit) + s * (self.outer - self.shoulder)
            det = ds[:, 0] * dt[:, 1] - ds[:, 1] * dt[:, 0]
            det = np.where(np.abs(det) < 1e-3, 1e-3, det)
            step_s = (miss[:, 0] * dt[:, 1] - miss[:, 1] * dt[:, 0]) / det
            step_t = (ds[:, 0] * miss[:, 1] - ds[:, 1] * miss[:, 0]) / det
            across = np.clip(across - np.clip(step_s, -0.5, 0.5), *ACROSS_RANGE)
            along = np.clip(along - np.clip(step_t, -0.5, 0.5), *ALONG_RANGE)
        return across, along


@dataclass(frozen=True, slots=True)
class Armhole:
    """The line from armpit to shoulder, where a sleeve is sewn on.

    Distances are in armhole lengths; ``away`` is positive on the sleeve's side.
    """

    armpit: Vector
    line: Vector
    normal: Vector

    @classmethod
    def of(cls, landmarks: Mapping[str, Vector], side: Side) -> Armhole:
        """Find the armhole between a garment's landmarks."""
        armpit, shoulder = landmarks[f"armpit_{side}"], landmarks[f"shoulder_{side}"]
        line = (shoulder - armpit).astype(np.float64)
        normal = np.array([-line[1], line[0]])
        cuff = 0.5 * (landmarks[f"cuff_outer_{side}"] + landmarks[f"cuff_inner_{side}"])
        if normal @ (cuff - 0.5 * (armpit + shoulder)) < 0.0:
            normal = -normal
        return cls(armpit.astype(np.float64), line, normal)

    def height(self, points: Vector) -> Vector:
        """Place along the line: 0 armpit, 1 shoulder."""
        height: Vector = ((points - self.armpit) @ self.line) / (self.line @ self.line)
        return height

    def away(self, points: Vector) -> Vector:
        """Signed distance from the line, outwards."""
        away: Vector = ((points - self.armpit) @ self.normal) / (self.line @ self.line)
        return away

    def beyond(self, points: Vector) -> Vector:
        """How far out on the sleeve: as ``away``, but a sleeve that hangs down beside the torso
        gets further with every step below the armpit."""
        below = np.maximum(-self.height(points), 0.0)
        away = self.away(points)
        beyond: Vector = np.where(away > 0.0, np.hypot(away, below), away + below)
        return beyond


def map_sleeve(
    landmarks: Mapping[str, Vector],
    side: Side,
    region: NDArray[np.bool_],
    vertices: Vector,
    weight: Vector,
) -> SleeveMap:
    """Give every vertex its place on the sleeve.

    Args:
        landmarks: the garment's.
        side: whose sleeve.
        region: (h, w) the sleeve's pixels, texture px.
        vertices: (n, 2) texture px.
        weight: (n,) how far each follows the arm.
    """
    quad = _Quad(
        *(
            landmarks[f"{name}_{side}"].astype(np.float64)
            for name in ("armpit", "shoulder", "cuff_inner", "cuff_outer")
        )
    )
    across, along = quad.coordinates(vertices)
    low, high = _extent(quad, region)
    t = np.clip(along, 0.0, 1.0)
    floor, ceiling = np.interp(t, PROFILE_STATIONS, low), np.interp(t, PROFILE_STATIONS, high)
    across = np.clip((across - floor) / (ceiling - floor), -MARGIN, 1.0 + MARGIN)
    return SleeveMap(
        along=along,
        across=across,
        weight=weight,
        profile=_profile(quad, OUTWARD[side]) * (high - low),
        outer_tex=float(np.hypot(*(quad.outer - quad.shoulder))),
        inner_tex=float(np.hypot(*(quad.inner - quad.armpit))),
    )


def _extent(quad: _Quad, region: NDArray[np.bool_]) -> tuple[Vector, Vector]:
    """How far the cloth reaches across at each station: straightens curved sleeves."""
    rows, columns = np.nonzero(region)
    stride = max(1, len(rows) // 3000)
    pixels = np.column_stack([columns, rows])[::stride].astype(np.float64)
    across, along = quad.coordinates(pixels)
    low, high = np.zeros(len(PROFILE_STATIONS)), np.ones(len(PROFILE_STATIONS))
    for k in range(1, len(PROFILE_STATIONS)):
        here = np.abs(along - PROFILE_STATIONS[k]) < 0.09
        if here.sum() > 8:
            low[k], high[k] = np.quantile(across[here], [0.02, 0.98])
    return low, np.maximum(high, low + 0.2)


def _profile(quad: _Quad, outward: float) -> Vector:
    """Half width of the quad at each station, measured across the sleeve's axis."""
    axis = unit(quad.inner + quad.outer - quad.armpit - quad.shoulder)
    normal = np.array([axis[1], -axis[0]]) * outward
    t = PROFILE_STATIONS[:, None]
    edge = (1 - t) * (quad.shoulder - quad.armpit) + t * (quad.outer - quad.inner)
    half = np.abs(edge @ normal) / 2.0
    half[:2] = half[2]  # at the armhole the edge runs along the axis and says nothing
    return half


@dataclass(frozen=True, slots=True)
class _Bones:
    """An arm as two straight bones in the picture; ``normal`` points to its outer side."""

    start: Vector
    bend: Vector
    upper: Vector
    fore: Vector
    upper_px: float
    fore_px: float
    normal: Vector

    def place(self, point: NDArray[np.floating[Any]]) -> tuple[float, float]:
        """Position along the upper arm and outwards from it, px."""
        offset = point - self.start
        return float(offset @ self.upper), float(offset @ self.normal)


def _bones(arm: Arm, half_chest_px: float, outward: float) -> _Bones:
    start, elbow, wrist = (p.astype(np.float64) for p in (arm.shoulder, arm.elbow, arm.wrist))
    # cloth leaves the joint on the outer side of a bend
    elbow = elbow + 0.055 * half_chest_px * (unit(elbow - start) - unit(wrist - elbow))
    upper, fore = unit(elbow - start).astype(np.float64), unit(wrist - elbow).astype(np.float64)
    return _Bones(
        start=start,
        bend=elbow,
        upper=upper,
        fore=fore,
        upper_px=float(np.hypot(*(elbow - start))) + 1e-6,
        fore_px=float(np.hypot(*(wrist - elbow))) + 1e-6,
        normal=np.array([upper[1], -upper[0]]) * outward,
    )


def _seen(true_px: float, arm: Arm, bones: _Bones) -> float:
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
    bones: _Bones,
    inner_from: float,
    scale: float,
    torso_px: float,
) -> _Ends:
    outer_from, _ = bones.place(arm.shoulder_tip)
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
    bones = _bones(arm, body.half_chest_px, OUTWARD[side])
    inner_from, armpit_out = bones.place(armpit)
    ends = _ends(sleeve, kind, arm, bones, inner_from, scale, body.torso_px)
    t, s = sleeve.along, sleeve.across
    outer_at = ends.outer_from + (ends.outer_to - ends.outer_from) * t
    inner_at = ends.inner_from + (ends.inner_to - ends.inner_from) * t
    at = inner_at + (outer_at - inner_at) * np.clip(s, -MARGIN, 1.0 + MARGIN)
    angle = float(np.arccos(np.clip(-(bones.upper @ body.up), -1.0, 1.0)))
    lifted = float(smoothstep(angle / FULL_EASE_RAD))
    outer_half, inner_half = _half_widths(
        sleeve, kind, arm, bones, body.half_chest_px, scale, at, lifted
    )
    grown = smoothstep(
        t * max(ends.outer_to - ends.outer_from, 1.0) / (0.40 * max(bones.upper_px, 1.0))
    )
    _, tip_out = bones.place(arm.shoulder_tip)
    high = tip_out + (outer_half - tip_out) * grown
    low = armpit_out + (-inner_half - armpit_out) * grown
    lateral = low + (high - low) * s
    end = 0.5 * (ends.outer_to + ends.inner_to)
    past = (end - bones.upper_px) / bones.fore_px
    reach = end / bones.upper_px if past < 0.0 else 1.0 + past
    return _bend(bones, at, lateral, body.half_chest_px), float(max(reach, 0.0))


def _half_widths(
    sleeve: SleeveMap,
    kind: Sleeves,
    arm: Arm,
    bones: _Bones,
    half_chest_px: float,
    scale: float,
    at: Vector,
    lifted: float,
) -> tuple[Vector, Vector]:
    """Half width of the cloth on the outer and the inner side at positions ``at``."""
    beyond = np.clip((at - bones.upper_px) / bones.fore_px, 0.0, 1.1)
    on_upper = np.clip(at / bones.upper_px, 0.0, 1.0)
    station = ELBOW_STATION * on_upper + (1.0 - ELBOW_STATION) * beyond
    bare = half_chest_px * arm_radius(station)
    own = np.interp(sleeve.along, PROFILE_STATIONS, sleeve.profile) * scale
    outer = np.clip(own, NARROWEST * bare, SNUG * bare)
    # an arm that hangs beside the torso leaves no room for ease between them
    widest = NARROWEST + (WIDEST.get(kind, NARROWEST) - NARROWEST) * lifted
    inner = np.clip(2.0 * own - outer, NARROWEST * bare, widest * bare)
    if arm.outer_radius_px is None:
        return outer, inner
    measured = 1.04 * np.interp(on_upper, OUTER_STATIONS, arm.outer_radius_px)
    outer = np.where(on_upper < 0.9, np.maximum(outer, measured), outer)
    return outer, inner


def _bend(bones: _Bones, at: Vector, lateral: Vector, half_chest_px: float) -> Vector:
    """Lay positions along and across a straight arm onto the bent one."""
    cosine = float(np.clip(bones.upper @ bones.fore, -1.0, 1.0))
    angle = float(np.arccos(cosine))
    turn = float(bones.upper[0] * bones.fore[1] - bones.upper[1] * bones.fore[0])
    shorter = min(bones.upper_px, bones.fore_px)
    past = at - bones.upper_px
    inside = lateral * np.sign(bones.normal @ bones.fore) > 0.0
    # on the inner side of a bend keep clear of the bisector, or the cloth folds over
    clear = np.minimum(np.abs(lateral) * np.tan(min(angle, 2.3) / 2.0) * 0.9, 0.7 * shorter)
    pushed = np.sign(past + 1e-6) * np.sqrt(past * past + clear * clear)
    room = np.where(past < 0.0, bones.upper_px, bones.fore_px)
    push = inside & (np.abs(past) < 3.0 * clear) & (np.abs(pushed) < room)
    past = np.where(push, pushed, past)
    radius = (0.10 + 0.16 * angle / np.pi) * shorter + 1e-6
    share = smoothstep((past + radius) / (2.0 * radius))
    centre = np.where(
        (past < 0.0)[:, None],
        bones.bend + bones.upper * past[:, None],
        bones.bend + bones.fore * past[:, None],
    )
    turned = np.arctan2(turn, cosine) * share
    cos, sin = np.cos(turned), np.sin(turned)
    normal = np.column_stack(
        [
            bones.normal[0] * cos - bones.normal[1] * sin,
            bones.normal[0] * sin + bones.normal[1] * cos,
        ]
    )
    bulge = 0.13 * np.sin(angle / 2.0) * np.exp(-((past / (0.35 * shorter)) ** 2))
    lateral = np.where(inside, lateral, lateral * (1.0 + bulge))
    laid: Vector = centre + normal * lateral[:, None]
    return laid
