"""How thick an arm is seen: rays from its bones to the edge of the person, on both sides.

An arm is two straight bones in the picture. A place along it is a *station*: 0 at the shoulder,
1 at the elbow, 2 at the wrist. The *outer* side is away from the body when the arm hangs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Floats, unit
from pipeline.silhouette import RayHits, cast, sample_rays
from pipeline.steady import Estimate
from pipeline.structures import Alpha

Vector = NDArray[np.float64]

STATIONS = np.array([0.05, 0.22, 0.40, 0.60, 0.82, 1.0, 1.16, 1.34, 1.55, 1.75, 1.95])
"""Where the thickness is measured; at the elbow halfway between the normals of both bones."""

_ELBOW = int(np.flatnonzero(STATIONS == 1.0)[0])
_TAPER_FROM = int(np.flatnonzero(STATIONS > 1.5)[0])
TAPER = 1.02  # from one station to the next

_USUAL_AT = np.array([0.0, 0.47, 0.94, 1.15, 2.0])
_USUAL_HALF = np.array([0.345, 0.30, 0.255, 0.24, 0.165])  # hw, of a bare arm

ELBOW_RISE = 0.055  # hw: the middle of the flesh lies outside of the joint when an arm bends
LONGEST_UPPER, LONGEST_FORE = 1.7, 3.2  # usual half thicknesses; more is hair, or not one arm
THINNEST = 0.45  # usual half thicknesses: joints are placed that badly at most
THICKEST = 2.2  # usual thicknesses, both sides together: a baggy sleeve, an arm near the lens
THIN_LIMB = 0.24  # hw; these limits do not shrink with the wrist
NEIGHBOUR = 0.35  # stations: as far as a seen edge speaks for a hidden one
SURE, CUT, IMPLIED, FADING = 1.0, 0.5, 0.3, 0.08
"""Confidence: edge seen, cut by the picture, told by a neighbour or the other side, hidden."""
SETTLE_S = 0.12


def usual_half(stations: Vector) -> Vector:
    """Half thickness of a bare arm at ``stations``, half chests."""
    return np.interp(stations, _USUAL_AT, _USUAL_HALF)


@dataclass(frozen=True, slots=True)
class Bones:
    """An arm as two straight bones in the picture.

    Attributes:
        start, bend, end: (2,) px; ``bend`` is where the bones meet, close to the elbow.
        upper, fore: (2,) unit vectors from start to bend and from bend to end.
        upper_px, fore_px: lengths as seen, above 0.
        outward: +1 or -1, which perpendicular is the outer side.
    """

    start: Vector
    bend: Vector
    end: Vector
    upper: Vector
    fore: Vector
    upper_px: float
    fore_px: float
    outward: float

    @classmethod
    def of(
        cls, shoulder: Floats, elbow: Floats, wrist: Floats, half_chest_px: float, outward: float
    ) -> Bones:
        """Bones between three joints; ``outward`` is the arm's own of ``body.OUTWARD``."""
        start, bend, end = (np.asarray(p, np.float64) for p in (shoulder, elbow, wrist))
        bend = bend + ELBOW_RISE * half_chest_px * (unit(bend - start) - unit(end - bend))
        return cls(
            start=start,
            bend=bend,
            end=end,
            upper=unit(bend - start).astype(np.float64),
            fore=unit(end - bend).astype(np.float64),
            upper_px=float(np.hypot(*(bend - start))) + 1e-6,
            fore_px=float(np.hypot(*(end - bend))) + 1e-6,
            outward=outward,
        )

    @property
    def normal(self) -> Vector:
        """(2,) unit vector to the outer side of the upper arm."""
        return np.array([self.upper[1], -self.upper[0]]) * self.outward

    @property
    def fore_normal(self) -> Vector:
        """(2,) unit vector to the outer side of the forearm."""
        return np.array([self.fore[1], -self.fore[0]]) * self.outward

    @property
    def outer_is_inside(self) -> bool:
        """The outer side of the arm lies in the crook of the bend."""
        return bool(self.normal @ self.fore > 0.0)


class LimbMeasure:
    """Remembers the thickness of one arm. Belongs to one tracked person."""

    def __init__(self) -> None:
        """Start from a bare arm's proportions."""
        self._usual = usual_half(STATIONS)
        self._thickness = Estimate(np.stack([self._usual] * 2), SETTLE_S)

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
        step_px = max(1.0, half_chest_px / 60.0)
        origins, outer = _origins(bones)
        rays = sample_rays(
            np.concatenate([origins, origins]),
            np.concatenate([outer, -outer]),
            LONGEST_FORE * THIN_LIMB * half_chest_px,
            step_px,
        )
        hits = cast(alpha, rays, step_px)
        own, trust = _judge(hits, rays, bones, half_chest_px, step_px)
        trust[_ELBOW + (0 if bones.outer_is_inside else len(STATIONS))] = 0.0
        share, sure = _complete(own / half_chest_px, trust, self._usual)
        thickness = self._thickness.update(share, dt_s, sure)
        return (_smooth(thickness, bones) * half_chest_px).astype(np.float32)


def _origins(bones: Bones) -> tuple[Vector, Vector]:
    """Where the rays start, (k, 2), and the outer direction of each."""
    on_upper = (STATIONS < 1.0)[:, None]
    along = np.where(STATIONS < 1.0, STATIONS, STATIONS - 1.0)[:, None]
    origins = np.where(
        on_upper,
        bones.start + along * (bones.bend - bones.start),
        bones.bend + along * (bones.end - bones.bend),
    )
    outer = np.where(on_upper, bones.normal, bones.fore_normal)
    outer[_ELBOW] = unit(bones.normal + bones.fore_normal)
    return origins, outer


def _judge(
    hits: RayHits, rays: Vector, bones: Bones, half_chest_px: float, step_px: float
) -> tuple[Vector, Vector]:
    """What each ray says, (2 k,) px, and how far to believe it."""
    reach = hits.reach_px
    usual_px = np.tile(usual_half(STATIONS) * half_chest_px, 2)
    ended = reach < step_px * (rays.shape[1] - 2)
    exits = rays[np.arange(len(rays)), np.minimum((reach / step_px).astype(int), rays.shape[1] - 1)]
    on_upper = np.tile(STATIONS < 1.0, 2)
    from_other = np.where(
        on_upper,
        _distance(exits, bones.bend, bones.end),
        _distance(exits, bones.start, bones.bend),
    )
    # in the crook of an elbow the edge that is met belongs to the other half of the arm
    alone = (from_other > 0.99 * reach) | (np.tile(STATIONS, 2) == 1.0)
    fore_px = LONGEST_FORE * np.maximum(usual_px, THIN_LIMB * half_chest_px)
    longest_px = np.where(on_upper, LONGEST_UPPER * usual_px, fore_px)
    arm = hits.started_inside & ended & (reach < longest_px) & alone
    trust = np.where(arm, np.where(hits.left, SURE, CUT), 0.0)
    # an arm cut by the picture goes on behind its border
    cut = arm & ~hits.left
    return np.where(cut, np.maximum(reach, usual_px), reach), trust


def _distance(points: Vector, start: Vector, end: Vector) -> Vector:
    along = end - start
    share = np.clip(((points - start) @ along) / (along @ along + 1e-6), 0.0, 1.0)
    offset = points - (start + share[:, None] * along)
    distance: Vector = np.hypot(offset[:, 0], offset[:, 1])
    return distance


def _complete(measured: Vector, trust: Vector, usual: Vector) -> tuple[Vector, Vector]:
    """Both sides, (2, k) hw: what is hidden is told by its neighbours, else by the other side."""
    share, sure = measured.reshape(2, -1), trust.reshape(2, -1)
    both = (sure > 0.0).all(axis=0)
    too_thick = share.sum(axis=0) > 2.0 * THICKEST * np.maximum(usual, THIN_LIMB)
    sure = np.where(both & too_thick, 0.0, sure)
    seen, other_seen = sure > 0.0, sure[::-1] > 0.0
    implied = np.clip(0.5 * (usual + share[::-1]), 0.75 * usual, 1.15 * usual)
    told = np.where(other_seen, implied, usual)
    confidence = np.where(other_seen, IMPLIED, FADING)
    for side in range(2):
        if seen[side].any():
            at = STATIONS[seen[side]]
            near = np.abs(STATIONS[:, None] - at).min(axis=1) < NEIGHBOUR
            ratio = np.interp(STATIONS, at, share[side, seen[side]] / usual[seen[side]])
            told[side] = np.where(near, ratio * usual, told[side])
            confidence[side] = np.where(near, IMPLIED, confidence[side])
    share = np.maximum(np.where(seen, share, told), THINNEST * usual)
    return share, np.where(seen, sure, confidence)


def _smooth(thickness: Vector, bones: Bones) -> Vector:
    """Neighbours agree, forearms do not widen to the wrist: that would be the hand.

    The tip of the elbow keeps its own thickness, its crook has none.
    """
    padded = np.concatenate([thickness[:, :1], thickness, thickness[:, -1:]], axis=1)
    smooth: Vector = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    tip, crook = (1, 0) if bones.outer_is_inside else (0, 1)
    smooth[tip, _ELBOW] = thickness[tip, _ELBOW]
    smooth[crook, _ELBOW] = 0.5 * (smooth[crook, _ELBOW - 1] + smooth[crook, _ELBOW + 1])
    for k in range(_TAPER_FROM, len(STATIONS)):
        smooth[:, k] = np.minimum(smooth[:, k], TAPER * smooth[:, k - 1])
    return smooth
